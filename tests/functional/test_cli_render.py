"""render: exactly what would be sent."""

from __future__ import annotations

from typing import Any

import pytest

from tests.functional.cli_project import SUITE, Project


def request(project: Project, *arguments: str) -> dict[str, Any]:
    done = project.run("render", "greet", *arguments, "--no-tokens", "--format", "json")
    assert done.code == 0, done.err
    value: dict[str, Any] = done.value["request"]
    return value


def test_a_case_as_it_would_be_sent(project: Project) -> None:
    assert request(project, "--case", "ana") == {
        "model": "embedded/smollm2-135m",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Greet Ana Ficta."},
        ],
        "params": {"temperature": 0.2, "max_tokens": 12},
    }


def test_a_case_for_people(project: Project) -> None:
    done = project.run("render", "greet", "--case", "ana", "--no-tokens")
    assert done.code == 0
    for words in ("case ana", "system", "Be brief.", "user", "Greet Ana Ficta."):
        assert words in done.out


def test_an_older_version(project: Project) -> None:
    [system, _] = request(project, "--case", "ana", "--at", "v1")["messages"]
    assert system == {"role": "system", "content": "Be polite."}


def test_variables_by_hand_are_data_and_win_over_the_case(project: Project) -> None:
    for arguments in (
        ["--var", "name={{ 1 + 1 }}"],
        ["--case", "ana", "--var", "name={{ 1 + 1 }}"],
    ):
        [_, user] = request(project, *arguments)["messages"]
        assert user["content"] == "Greet {{ 1 + 1 }}."


def test_variables_that_are_no_text_are_json(project: Project) -> None:
    text = (project.root / "prompts" / "greet.yaml").read_text()
    text = text.replace("name: {type: string}", "name: {type: array, items: {type: integer}}")
    project.write("prompts/greet.yaml", text.replace("{{ name }}", "{{ name | length }}"))
    [_, user] = request(project, "--var", "name=[4, 5, 6]")["messages"]
    assert user["content"] == "Greet 3."
    done = project.run("render", "greet", "--var", "name=four", "--no-tokens")
    assert done.code == 2
    assert "not a JSON value" in done.err


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        ([], "name", "--case"),
        (["--case", "anna"], "no case 'anna'", "did you mean 'ana'?"),
        (["--var", "nme=x"], "no such input", "did you mean 'name'?"),
        (["--var", "name"], "has no value", "--var name="),
        (["--case", "ana", "--suite", "gret"], "no suite 'gret'", "did you mean 'greet'?"),
        (["--case", "ana", "--dataset", "no.jsonl"], "no such dataset", ""),
        (["--case", "ana", "--at", "nowhere"], "no revision 'nowhere'", ""),
    ],
)
def test_what_cannot_be_rendered(
    project: Project, arguments: list[str], message: str, hint: str
) -> None:
    done = project.run("render", "greet", *arguments, "--no-tokens")
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert hint in done.err


def test_several_suites_must_be_told_apart(project: Project) -> None:
    (project.root / "evals" / "greet.yaml").unlink()
    project.write("evals/one.yaml", SUITE)
    project.write("evals/two.yaml", SUITE)
    done = project.run("render", "greet", "--case", "ana", "--no-tokens")
    assert done.code == 2
    assert "one, two" in done.err
    assert request(project, "--case", "ana", "--suite", "two")


def test_a_dataset_can_be_named(project: Project) -> None:
    project.write("elsewhere.csv", "id,name\ncy,Cy Invented\n")
    [_, user] = request(project, "--case", "cy", "--dataset", "elsewhere.csv")["messages"]
    assert user["content"] == "Greet Cy Invented."


@pytest.mark.model
def test_tokens_are_counted(project: Project) -> None:
    done = project.run("render", "greet", "--case", "ana", "--format", "json")
    assert done.code == 0, done.err
    assert 10 < done.value["input_tokens"] < 60
