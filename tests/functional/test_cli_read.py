"""list, show, log and diff on a real repository."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from tests.functional.cli_project import Project


def test_list_names_prompts_and_suites(project: Project) -> None:
    done = project.run("list")
    assert done.code == 0
    assert "greet" in done.out
    assert "v2" in done.out
    assert "greet.jsonl" in done.out
    assert "uncommitted" not in done.out


def test_list_marks_what_is_not_committed(project: Project) -> None:
    project.prompt(3, "Be loud.")
    assert "v3 (uncommitted)" in project.run("list").out
    [prompt] = project.run("list", "--format", "json").value["prompts"]
    assert (prompt["version"], prompt["dirty"]) == (3, True)


def test_list_shows_broken_files_beside_the_others(project: Project) -> None:
    project.write("prompts/broken.yaml", "version: [\n")
    project.write("evals/broken.yaml", "prompt: greet\n")
    done = project.run("list", "--format", "json")
    assert done.code == 0
    by_name = {each["name"]: each for each in done.value["prompts"]}
    assert "prompts/broken.yaml:2:1" in by_name["broken"]["broken"]
    assert by_name["greet"]["version"] == 2
    assert {each["name"] for each in done.value["suites"]} == {"broken", "greet"}


def test_list_without_git(project: Project) -> None:
    project.git("rev-parse", "HEAD")
    (project.root / ".git").rename(project.root.parent / "gone")
    done = project.run("list")
    assert (done.code, done.err) == (0, "")
    assert "greet" in done.out


def test_show_says_what_a_prompt_means(project: Project) -> None:
    done = project.run("show", "greet")
    assert done.code == 0
    for words in ("v2", "embedded/smollm2-135m", "temperature 0.2", "Be brief.", "{{ name }}"):
        assert words in done.out


def test_show_at_a_version_and_at_a_revision(project: Project) -> None:
    first = project.run("show", "greet", "--at", "v1", "--format", "json").value
    again = project.run("show", "greet", "--at", "HEAD~1", "--format", "json").value
    now = project.run("show", "greet", "--format", "json").value
    assert first == again
    assert first["messages"][0]["content"] == "Be polite."
    assert first["digest"] != now["digest"]
    assert first["commit"] == project.git("rev-parse", "HEAD~1").strip()
    assert now["commit"] is None


def test_one_word_for_what_is_not_committed(project: Project) -> None:
    told = [["list"], ["show", "greet"], ["diff", "greet"], ["log", "greet"],
            ["render", "greet", "--var", "name=Ana", "--no-tokens"]]  # fmt: skip
    for arguments in told:
        assert "uncommitted" not in project.run(*arguments).out
    project.prompt(3, "Be loud.")
    for arguments in told:
        done = project.run(*arguments)
        assert (done.code, done.out.count("uncommitted")) == (0, 1)
        assert arguments == ["log", "greet"] or "v3 (uncommitted)" in done.out


def test_a_judge_is_not_unwatched(project: Project) -> None:
    project.prompt(1, "Judge.", name="judges/kind")
    project.prompt(1, "Idle.", name="idle")
    project.write(
        "evals/judged.yaml",
        "prompt: greet\ndataset: greet.jsonl\n"
        "scorers: {kind: {type: judge, prompt: judges/kind, role: observe}}\n",
    )
    done = project.run("list")
    assert "judges in judged" in done.out
    assert "no suite evaluates idle\n" in done.out
    value = project.run("list", "--format", "json").value
    assert {each["name"]: each["judges_in"] for each in value["prompts"]} == {
        "greet": [], "idle": [], "judges/kind": ["judged"],
    }  # fmt: skip


def test_diff_of_one_version_with_itself_says_that_there_is_no_difference(
    project: Project,
) -> None:
    for arguments in (["v1", "v1"], ["HEAD"]):
        done = project.run("diff", "greet", *arguments)
        assert done.code == 0
        assert "No difference in meaning" in done.out
        assert "quality" not in done.out
        assert "renamed" not in done.out


def test_diff_names_a_rename(project: Project) -> None:
    project.git("mv", "prompts/greet.yaml", "prompts/welcome.yaml")
    done = project.run("diff", "welcome", "HEAD")
    assert "renamed from greet, same meaning" in done.out
    assert "uncommitted" not in done.out
    done = project.run("diff", "welcome", "v1", "--format", "json")
    assert (done.value["renamed_from"], done.value["same_meaning"]) == ("greet", False)
    assert "renamed from greet\n" in project.run("diff", "welcome", "v1").out


def test_show_reads_includes_of_the_same_revision(project: Project) -> None:
    project.prompt(3, "{% include 'tone.txt' %}")
    project.write("prompts/tone.txt", "Be kind.")
    project.commit("Share the tone")
    project.write("prompts/tone.txt", "Be cross.")
    then = project.run("show", "greet", "--at", "HEAD", "--format", "json").value
    now = project.run("show", "greet", "--format", "json").value
    assert then["includes"] == {"tone.txt": "Be kind."}
    assert now["includes"] == {"tone.txt": "Be cross."}


@pytest.mark.parametrize("command", ["show", "log", "diff", "render"])
def test_an_unknown_prompt_gets_a_suggestion(project: Project, command: str) -> None:
    done = project.run(command, "gret")
    assert (done.code, done.out) == (2, "")
    assert "'gret'" in done.err
    assert "did you mean 'greet'?" in done.err


def test_an_unknown_version_names_those_there_are(project: Project) -> None:
    done = project.run("show", "greet", "--at", "v7")
    assert done.code == 2
    assert "v7" in done.err
    assert "v1, v2" in done.err


def test_no_project_says_how_to_make_one(empty: Project) -> None:
    for command in (["list"], ["show", "x"], ["lint"], ["log", "x"], ["diff", "x"]):
        done = empty.run(*command)
        assert (done.code, done.out) == (2, "")
        assert "promptops init" in done.err


def test_commands_work_from_a_folder_inside(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.root / "evals")
    assert "greet" in project.run("list").out


def test_another_folder_can_be_named(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project.root.parent)
    assert "greet" in project.run("-C", "project", "list").out


def test_log_lists_versions_newest_first(project: Project) -> None:
    project.prompt(3, "Be loud.", "Louder.")
    done = project.run("log", "greet")
    assert done.code == 0
    places = [done.out.index(words) for words in ("Louder.", "Fewer words.", "First words.")]
    assert places == sorted(places)
    assert project.run("log", "greet", "--format", "json").value["versions"][0]["dirty"]


def test_log_as_json(project: Project) -> None:
    value = project.run("log", "greet", "--format", "json").value
    assert [each["number"] for each in value["versions"]] == [2, 1]
    assert {each["author"] for each in value["versions"]} == {"Ana Ficta"}
    assert value["versions"][0]["commit"] == project.git("rev-parse", "HEAD").strip()


def test_log_takes_the_newest_only(project: Project) -> None:
    value = project.run("log", "greet", "-n", "1", "--format", "json").value
    assert [each["number"] for each in value["versions"]] == [2]


def test_log_without_git_says_how_to_mend_it(project: Project) -> None:
    (project.root / ".git").rename(project.root.parent / "gone")
    done = project.run("log", "greet")
    assert done.code == 2
    assert "git init" in done.err


def test_log_in_a_shallow_clone_says_so(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    clone = project.root.parent / "clone"
    project.git("clone", "--quiet", "--depth", "1", project.root.as_uri(), str(clone))
    monkeypatch.chdir(clone)
    done = project.run("log", "greet")
    assert done.code == 0
    assert "shallow" in done.err
    assert "Fewer words." in done.out
    assert "git fetch --unshallow" in project.run("diff", "greet").err


def test_diff_compares_with_the_version_before(project: Project) -> None:
    done = project.run("diff", "greet")
    assert done.code == 0
    assert "v1" in done.out
    assert "polite" in done.out
    assert "brief" in done.out


def test_diff_of_an_uncommitted_change_is_against_the_last_commit(project: Project) -> None:
    project.prompt(3, "Be loud.")
    value = project.run("diff", "greet", "--format", "json").value
    assert value["before"]["label"].startswith("v2 (")
    assert value["after"]["label"] == "v3 (uncommitted)"


def test_diff_between_named_versions(project: Project) -> None:
    project.prompt(3, "Be loud.")
    value = project.run("diff", "greet", "v1", "v2", "--format", "json").value
    assert (value["before"]["label"][:2], value["after"]["label"][:2]) == ("v1", "v2")
    value = project.run("diff", "greet", "v1", "--format", "json").value
    assert value["after"]["label"] == "v3 (uncommitted)"


def test_diff_of_a_case_as_sent(project: Project) -> None:
    done = project.run("diff", "greet", "--case", "bo", "--no-tokens", "--format", "json")
    assert done.code == 0, done.err
    rendered = done.value["rendered"]
    assert [each["change"] for each in rendered] == ["changed", "same"]
    assert rendered[1]["after"] == "Greet Bo Example."


def test_diff_of_a_first_version_has_nothing_to_show(empty: Project) -> None:
    empty.prompt(1, "Be polite.")
    empty.commit("Greet people")
    done = empty.run("diff", "greet")
    assert done.code == 2
    assert "one version only" in done.err


def test_output_goes_to_a_file(project: Project) -> None:
    done = project.run("log", "greet", "--format", "json", "--output", "log.json")
    assert (done.code, done.out) == (0, "")
    assert '"promptops.log/1"' in (project.root / "log.json").read_text(encoding="utf-8")


def test_a_folder_is_no_output(project: Project) -> None:
    done = project.run("list", "--output", "prompts")
    assert done.code == 2
    assert "is a folder" in done.err


def test_broken_yaml_is_shown_with_its_place(project: Project) -> None:
    project.write("prompts/greet.yaml", "version: 1\nmodel: [x\n")
    done = project.run("show", "greet")
    assert done.code == 2
    assert done.err.startswith("prompts/greet.yaml:3:1: error: not valid YAML")


def test_hostile_words_of_a_prompt_are_inert(project: Project) -> None:
    project.prompt(3, "\\e[2Jgone ::add-mask::x", "\\e]0;owned\\a [red]x[/red]")
    project.commit("\x1b[31mred\n\n::error::x")
    for arguments in (["list"], ["show", "greet"], ["log", "greet"], ["diff", "greet"]):
        done = project.run(*arguments)
        assert done.code == 0, done.err
        assert "\x1b" not in done.out
        assert not any(line.strip().startswith("::") for line in done.out.splitlines())


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_long_errors_break_between_words_on_a_terminal(project: Project) -> None:
    leader, follower = os.openpty()
    done = subprocess.run(
        [sys.executable, "-c", "from promptops.cli.main import run; run()", "show", "x" * 30],
        stderr=follower,
        stdout=subprocess.PIPE,
        env={**os.environ, "COLUMNS": "40", "TERM": "xterm", "NO_COLOR": ""},
        check=False,
    )
    os.close(follower)
    shown = os.read(leader, 10_000).decode()
    os.close(leader)
    assert done.returncode == 2
    assert shown.startswith("\x1b[1;31merror: \x1b[0m")
    lines = [re.sub("\x1b\\[[0-9;]*m", "", line) for line in shown.splitlines()]
    assert lines[0] == "error: no prompt"
    assert all(line.startswith("  ") for line in lines[1:])
