"""lint on a real repository: files, suites, cases, and the law of the version."""

from __future__ import annotations

import pytest

from tests.functional.cli_project import Project


def messages(project: Project, *names: str) -> list[tuple[str, str]]:
    value = project.run("lint", *names, "--format", "json").value
    return [(each["severity"], each["message"]) for each in value["findings"]]


def test_a_clean_project_is_all_right(project: Project) -> None:
    done = project.run("lint")
    assert (done.code, done.err) == (0, "")
    assert done.out == "1 prompt, 1 suite: all right\n"


def test_a_changed_meaning_needs_a_new_number(project: Project) -> None:
    project.prompt(2, "Be loud.")
    done = project.run("lint")
    assert done.code == 2
    assert (
        "prompts/greet.yaml:1:1: error: the meaning changed, and the version is still 2" in done.out
    )
    assert "write `version: 3`" in done.out


def test_a_number_cannot_go_back(project: Project) -> None:
    project.prompt(1, "Be loud.")
    assert ("error", "the meaning changed, and the version went back from 2 to 1") in messages(
        project
    )


def test_a_new_number_needs_a_changed_meaning(project: Project) -> None:
    project.prompt(3, "Be brief.", "Only the number.")
    done = project.run("lint")
    assert done.code == 2
    assert "the version grew from 2 to 3, and the meaning is the same" in done.out


def test_a_changed_include_changes_the_meaning(project: Project) -> None:
    project.write("prompts/tone.txt", "Be kind.")
    project.prompt(3, "{% include 'tone.txt' %}", "Share the tone.")
    project.commit("Share the tone")
    assert messages(project) == []
    project.write("prompts/tone.txt", "Be cross.")
    assert ("error", "the meaning changed, and the version is still 3") in messages(project)


def test_what_was_committed_under_an_old_number_is_found_and_can_be_mended(
    project: Project,
) -> None:
    project.prompt(2, "Be loud.", "Louder.")
    project.commit("Forget the number")
    assert ("error", "the meaning changed, and the version is still 2") in messages(project)
    project.prompt(3, "Be loud.", "Louder.")
    assert messages(project) == []


def test_comments_and_descriptions_need_no_number(project: Project) -> None:
    place = project.root / "prompts" / "greet.yaml"
    place.write_text("# a note\n" + place.read_text().replace("Greet somebody", "Say hello"))
    assert messages(project) == []


def test_an_old_change_under_a_new_number_is_a_warning(project: Project) -> None:
    project.prompt(3, "Be loud.", "Fewer words.")
    done = project.run("lint")
    assert done.code == 0
    assert "warning: `change` still says what it said of version 2" in done.out


def test_a_pull_request_is_measured_from_where_it_left(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.git("checkout", "--quiet", "-b", "topic")
    project.prompt(3, "Be loud.", "Louder.")
    project.commit("Louder")
    project.prompt(3, "Be very loud.", "Louder still.")
    project.commit("Louder still")
    monkeypatch.setenv("GITHUB_BASE_REF", "main")
    assert messages(project) == []
    project.prompt(2, "Be very loud.", "Louder still.")
    project.commit("Take the number back")
    assert ("error", "the meaning changed, and the version is still 2") in messages(project)


def test_a_shallow_clone_is_a_warning_that_says_how_to_mend_it(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = project.root.parent / "clone"
    project.git("clone", "--quiet", "--depth", "1", project.root.as_uri(), str(clone))
    monkeypatch.chdir(clone)
    done = project.run("lint")
    assert done.code == 0
    assert "shallow" in done.out
    assert "fetch" in done.out


def test_without_git_the_files_are_still_checked(project: Project) -> None:
    (project.root / ".git").rename(project.root.parent / "gone")
    assert project.run("lint").code == 0
    project.write("prompts/greet.yaml", "version: one\n")
    assert project.run("lint").code == 2


@pytest.mark.parametrize(
    ("text", "message", "place"),
    [
        ("version: [\n", "not valid YAML", "prompts/greet.yaml:2:1"),
        ("version: 3\nmodle: x/y\nmessages: []\n", "unknown key 'modle'", "prompts/greet.yaml:2:1"),
        (
            "version: 3\nmodel: x/y\ninputs: {name: {}}\n"  # noqa: ISC004
            "messages: [{role: user, content: '{{ nam }}'}]\n",
            "nam",
            "prompts/greet.yaml:4:",
        ),
    ],
)
def test_faults_of_a_prompt_have_their_place(
    project: Project, text: str, message: str, place: str
) -> None:
    project.write("prompts/greet.yaml", text)
    done = project.run("lint", "greet")
    assert done.code == 2
    assert message in done.out
    assert place in done.out


@pytest.mark.parametrize(
    ("suite", "message", "place"),
    [
        ("prompt: gret\ndataset: greet.jsonl\nscorers: {a: {type: equals, expected: x}}\n",
         "there is no prompt 'gret'", "evals/greet.yaml:1:1"),
        ("prompt: greet\ndataset: gret.jsonl\nscorers: {a: {type: equals, expected: x}}\n",
         "there is no dataset 'evals/gret.jsonl'", "evals/greet.yaml:2:1"),
        ("prompt: greet\ndataset: greet.jsonl\nscorers: {}\n",
         "a suite with no scorer can say nothing", "evals/greet.yaml:3:1"),
        ("prompt: greet\ndataset: greet.jsonl\nscorers: {a: {type: equal, expected: x}}\n",
         "there is no scorer of type 'equal'", "evals/greet.yaml:3:"),
        ("prompt: greet\ndataset: greet.jsonl\nscorers: {a: {type: equals, expcted: x}}\n",
         "unknown key 'expcted'", "evals/greet.yaml:3:"),
        ("prompt: greet\ndataset: ../greet.jsonl\nscorers: {a: {type: equals, expected: x}}\n",
         "is not inside the project", "evals/greet.yaml:2:1"),
        ("prompt: greet\ndataset: greet.jsonl\nscorers: {a: {type: judge, prompt: judges/no}}\n",
         "judges/no", "evals/greet.yaml:3:"),
        ("prompt: greet\ndataset: greet.jsonl\nscorers: {a: {type: equals, expected: '{{ e }}'}}\n",
         "case 'ana': scorer 'a'", "evals/greet.jsonl:1:1"),
    ],
)  # fmt: skip
def test_faults_of_a_suite_have_their_place(
    project: Project, suite: str, message: str, place: str
) -> None:
    project.write("evals/greet.yaml", suite)
    done = project.run("lint")
    assert done.code == 2
    said = " ".join(done.out.split())
    assert message in said
    assert place in said


def test_a_suite_that_only_observes_is_a_warning(project: Project) -> None:
    project.write(
        "evals/greet.yaml",
        "prompt: greet\ndataset: greet.jsonl\n"
        "scorers: {a: {type: equals, expected: x, role: observe}}\n",
    )
    assert ("warning", "no scorer gates: this suite can never fail") in messages(project)
    assert project.run("lint").code == 0


def test_cases_that_do_not_fit_are_found_and_counted(project: Project) -> None:
    rows = "".join(f'{{"id": "c{n}", "name": {n}}}\n' for n in range(30))
    project.write("evals/greet.jsonl", rows)
    done = project.run("lint")
    assert done.code == 2
    assert "evals/greet.jsonl:1:1" in done.out
    assert "20 more cases do not fit" in done.out


def test_broken_data_has_its_line(project: Project) -> None:
    project.write("evals/greet.jsonl", '{"id": "a", "name": "x"}\n{"id": \n')
    done = project.run("lint")
    assert done.code == 2
    assert "evals/greet.jsonl:2:" in done.out


def test_only_what_is_named_is_checked(project: Project) -> None:
    project.write("prompts/broken.yaml", "version: [\n")
    assert project.run("lint", "greet").code == 0
    assert project.run("lint").code == 2


def test_an_unknown_name_gets_a_suggestion(project: Project) -> None:
    done = project.run("lint", "gret")
    assert (done.code, done.out) == (2, "")
    assert "did you mean 'greet'?" in done.err


def test_no_code_of_the_project_runs(project: Project) -> None:
    project.write("own.py", "open('ran', 'w').close()\n\ndef score(text, case):\n    return 1\n")
    project.write(
        "evals/greet.yaml",
        "prompt: greet\ndataset: greet.jsonl\nscorers: {a: {type: python, file: own.py}}\n",
    )
    assert project.run("lint").code == 0
    assert not (project.root / "ran").exists()
