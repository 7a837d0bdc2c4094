"""init, in somebody's own repository."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema_rs
import pytest
import yaml

from tests.functional.cli_project import Project

FILES = {
    ".github/workflows/promptops.yml",
    ".gitignore",
    "evals/name-city.cases.yaml",
    "evals/name-city.yaml",
    "prompts/name-city.yaml",
    "schemas/dataset.json",
    "schemas/prompt.json",
    "schemas/suite.json",
}


def files(root: Path) -> set[str]:
    found = (path for path in root.rglob("*") if path.is_file())
    names = (path.relative_to(root).as_posix() for path in found)
    return {name for name in names if not name.startswith(".git/")}


def test_what_is_written_is_told_and_is_right(empty: Project) -> None:
    done = empty.run("init")
    assert (done.code, done.err) == (0, "")
    assert files(empty.root) == FILES
    for path in FILES:
        assert path in done.out
    assert "promptops eval" in done.out
    assert "promptops gate" in done.out
    assert empty.run("lint").out == "1 prompt, 1 suite: all right\n"
    assert "name-city" in empty.run("list").out
    assert ".promptops/" in (empty.root / ".gitignore").read_text().splitlines()


def test_the_sample_can_reach_a_verdict(empty: Project) -> None:
    empty.run("init")
    cases = yaml.safe_load((empty.root / "evals/name-city.cases.yaml").read_text())
    suite = yaml.safe_load((empty.root / "evals/name-city.yaml").read_text())
    assert len(cases) * suite["samples"] >= 59
    assert len({case["id"] for case in cases}) == len(cases)
    for case in cases:
        assert case["expected"] in case["message"]
    examples = (empty.root / "prompts/name-city.yaml").read_text()
    assert not [case["expected"] for case in cases if case["expected"] in examples]


def test_every_file_fits_the_schema_that_its_first_line_names(empty: Project) -> None:
    empty.run("init")
    for path in ("prompts/name-city.yaml", "evals/name-city.yaml", "evals/name-city.cases.yaml"):
        place = empty.root / path
        first = place.read_text().splitlines()[0]
        named = first.removeprefix("# yaml-language-server: $schema=")
        assert named != first
        schema = json.loads((place.parent / named).read_text())
        jsonschema_rs.validator_for(schema).validate(yaml.safe_load(place.read_text()))


def test_the_workflow_asks_for_little_and_is_pinned(empty: Project) -> None:
    empty.run("init")
    text = (empty.root / ".github/workflows/promptops.yml").read_text()
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {"contents": "read"}
    [job] = workflow["jobs"].values()
    used = [step["uses"] for step in job["steps"] if "uses" in step]
    assert used
    for action in used:
        assert len(action.partition("@")[2]) == 40
    assert any(step.get("with", {}).get("fetch-depth") == 0 for step in job["steps"])
    runs = [step["run"] for step in job["steps"] if "run" in step]
    assert runs[1:] == ["promptops lint", 'promptops gate --report-dir "$RUNNER_TEMP/promptops"']


def test_nothing_is_overwritten(empty: Project) -> None:
    empty.write("prompts/name-city.yaml", "mine\n")
    empty.write(".gitignore", "*.log")
    done = empty.run("init")
    assert done.code == 0
    assert (empty.root / "prompts/name-city.yaml").read_text() == "mine\n"
    assert (empty.root / ".gitignore").read_text() == "*.log\n.promptops/\n"
    before = {path: (empty.root / path).read_bytes() for path in FILES}
    again = empty.run("init")
    assert again.code == 0
    assert "wrote" not in again.out
    assert {path: (empty.root / path).read_bytes() for path in FILES} == before


@pytest.mark.parametrize("entry", [".promptops", "/.promptops/", ".promptops/"])
def test_an_ignore_file_that_says_so_already_stays(empty: Project, entry: str) -> None:
    empty.write(".gitignore", f"{entry}\n")
    empty.run("init")
    assert (empty.root / ".gitignore").read_text() == f"{entry}\n"


def test_a_folder_of_the_repository_gets_a_workflow_at_its_root(empty: Project) -> None:
    done = empty.run("init", "services/chat")
    assert done.code == 0
    text = (empty.root / ".github/workflows/promptops-services-chat.yml").read_text()
    workflow = yaml.safe_load(text)
    [job] = workflow["jobs"].values()
    assert job["defaults"]["run"]["working-directory"] == "services/chat"
    caches = [step["with"] for step in job["steps"] if "actions/cache" in step.get("uses", "")]
    assert [each["path"] for each in caches] == ["services/chat/.promptops"] * 2
    for each in caches:
        assert "hashFiles('services/chat/prompts/**', 'services/chat/evals/**')" in each["key"]
    assert "cd services/chat" in done.out


def test_inside_another_project_it_is_refused(project: Project) -> None:
    done = project.run("init", "prompts/more")
    assert (done.code, done.out) == (2, "")
    assert "lies inside the project" in done.err


def test_links_are_refused(empty: Project) -> None:
    outside = empty.root.parent / "outside"
    outside.mkdir()
    (empty.root / "prompts").symlink_to(outside)
    done = empty.run("init")
    assert done.code == 2
    assert "symbolic link" in done.err
    assert list(outside.iterdir()) == []


def test_a_file_in_the_way_is_told(empty: Project) -> None:
    empty.write("prompts", "a file")
    done = empty.run("init")
    assert done.code == 2
    assert "prompts" in done.err


def test_without_git_the_first_step_is_git_init(empty: Project) -> None:
    (empty.root / ".git").rename(empty.root.parent / "gone")
    assert "git init" in empty.run("init").out
