"""lint on a real repository: files, suites, cases, and the law of the version."""

from __future__ import annotations

import pytest

from tests.functional.cli_project import SUITE, Project
from tests.unit.judges.judge_files import written


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


def test_a_number_that_grew_over_the_same_meaning_is_wrong_when_it_is_committed_too(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    grown = ("error", "the version grew from 2 to 3, and the meaning is the same")
    project.prompt(3, "Be brief.", "Only the number.")
    project.commit("Only the number")
    assert messages(project) == [grown]
    project.git("checkout", "--quiet", "-b", "topic")
    monkeypatch.setenv("GITHUB_BASE_REF", "main")
    assert messages(project) == [grown]
    monkeypatch.delenv("GITHUB_BASE_REF")
    # One number everywhere, and the next one is above all that were committed.
    log = project.run("log", "greet", "--format", "json").value
    assert [each["number"] for each in log["versions"]] == [3, 1]
    for at in ("v2", "v3"):
        assert project.run("show", "greet", "--at", at, "--format", "json").value["version"] == 3
    for number in (2, 3):
        project.prompt(number, "Be loud.", "Louder.")
        done = project.run("lint")
        assert (done.code, "write `version: 4`" in done.out) == (2, True)
    project.prompt(4, "Be loud.", "Louder.")
    assert messages(project) == []
    project.prompt(2, "Be brief.", "Fewer words.")
    assert messages(project) == []


def test_a_number_that_grew_within_a_pull_request_is_found(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.git("checkout", "--quiet", "-b", "topic")
    project.prompt(3, "Be loud.", "Louder.")
    project.commit("Louder")
    project.prompt(4, "Be loud.", "Louder.")
    project.commit("Once more")
    monkeypatch.setenv("GITHUB_BASE_REF", "main")
    assert messages(project) == [
        ("error", "the version grew from 3 to 4, and the meaning is the same")
    ]
    # Each commit by itself, or the pull request as one: either way of counting is right.
    for number in (3, 5):
        project.prompt(number, "Be very loud.", "Louder still.")
        assert messages(project) == []


def test_a_mended_number_is_the_one_that_log_and_show_know(project: Project) -> None:
    project.prompt(2, "Be loud.", "Louder.")
    project.commit("Forget the number")
    project.prompt(3, "Be loud.", "Louder.")
    project.commit("Mend the number")
    assert messages(project) == []
    log = project.run("log", "greet", "--format", "json").value
    assert [each["number"] for each in log["versions"]] == [3, 2, 1]
    shown = project.run("show", "greet", "--at", "v2", "--format", "json").value
    assert shown["messages"][0]["content"] == "Be brief."
    shown = project.run("show", "greet", "--at", "v3", "--format", "json").value
    assert shown["messages"][0]["content"] == "Be loud."


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
         "case 'ana' and 1 more: scorer 'a'", "evals/greet.jsonl:1:1"),
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


def test_a_limit_in_percent_is_taken_for_a_slip(project: Project) -> None:
    project.write("evals/greet.yaml", SUITE + "gate: {cost_increase: 25, token_increase: 2}\n")
    told = "gate.cost_increase of 25 lets it become 26 times as much"
    assert [each for each in messages(project) if "increase" in each[1]] == [("warning", told)]
    assert project.run("lint").code == 0


@pytest.mark.parametrize("fenced", [False, True])
def test_a_judge_that_fences_nothing_off_is_warned_of(project: Project, *, fenced: bool) -> None:
    text = written("answer: {type: string}")
    project.write("prompts/judges/fair.yaml", text if fenced else text.replace("{{ fence }}", "--"))
    project.write(
        "evals/greet.yaml",
        "prompt: greet\ndataset: greet.jsonl\nscorers:\n"
        "  a: {type: judge, prompt: judges/fair, labels: {good: 1, bad: 0, cannot_tell: null}}\n",
    )
    told = ("warning", "judges/fair cannot tell where the answer ends: nothing fences it off")
    assert (told in messages(project)) is not fenced
    done = project.run("lint")
    assert done.code == 0
    assert fenced is ("evals/greet.yaml:4:3" not in done.out)


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


PYTHON = """\
prompt: greet
dataset: greet.jsonl
scorers:
  a: {type: python, file: own.py, function: mark}
"""


@pytest.mark.parametrize(
    ("source", "said", "place"),
    [
        (None, "there is no file 'own.py'", "evals/greet.yaml:4:"),
        ("", "own.py has no function 'mark'", "evals/greet.yaml:4:"),
        ("def marc(answer, case):\n    return 1\n", "did you mean 'marc'?", "evals/greet.yaml:4:"),
        ("class A:\n    def mark(self): ...\n", "no function 'mark'", "evals/greet.yaml:4:"),
        ("def f():\n    mark = 1\n", "no function 'mark'", "evals/greet.yaml:4:"),
        ("def mark(:\n", "not valid Python", "own.py:1:"),
        ("x = '\0'", "not valid Python", "own.py"),
        ("def mark(answer, case):\n    raise SystemExit\n", None, None),
        ("async def mark(answer, case): ...\nraise SystemExit\n", None, None),
        ("from elsewhere import mark\n", None, None),
        ("from elsewhere import *\n", None, None),
        ("try:\n    import x as mark\nexcept ImportError:\n    pass\n", None, None),
        ("mark = lambda answer, case: 1\n", None, None),
    ],
)
def test_the_file_and_function_of_a_python_scorer_are_looked_for(
    project: Project, source: str | None, said: str | None, place: str | None
) -> None:
    project.write("evals/greet.yaml", PYTHON)
    if source is not None:
        project.write("own.py", source)
    done = project.run("lint")
    if said is None or place is None:
        assert (done.code, done.err) == (0, "")
    else:
        assert done.code == 2
        shown = " ".join(done.out.split())
        assert said in shown
        assert place in shown


def test_what_a_scorer_cannot_use_is_told_once(project: Project) -> None:
    rows = [f'{{"id": "c{n}", "name": "Ana", "city": {n % 2}}}\n' for n in range(30)]
    rows.append('{"id": "d", "name": "Ana"}\n')
    project.write("evals/greet.jsonl", "".join(rows))
    project.write("evals/greet.yaml", PYTHON.replace(
        "{type: python, file: own.py, function: mark}",
        '{type: numeric, expected: "{{ town }}"}\n  b: {type: equals, expected: "{{ city }}"}',
    ))  # fmt: skip
    assert [message.partition(": the case")[0] for _, message in messages(project)] == [
        "case 'c0' and 29 more: scorer 'a'",
        "case 'd': scorer 'a'",
        "case 'd': scorer 'b'",
    ]


def test_findings_stand_in_the_order_of_files_and_lines(project: Project) -> None:
    project.prompt(2, "Be {{ loud }}.", "Fewer words.")
    project.write("evals/greet.yaml", PYTHON.replace("python", "pyton"))
    project.write("evals/greet.jsonl", '{"id": "ana", "name": 1}\n{"id": "bo", "name": 2}\n')
    found = project.run("lint", "--format", "json").value["findings"]
    places = [(each["path"], each["line"], each["column"]) for each in found]
    assert places == sorted(places)
    assert len({path for path, _, _ in places}) == 3


PRICED = """\
prompt: greet
dataset: greet.jsonl
scorers:
  near: {type: embedding, model: openai/near-1, expected: "{{ name }}"}
prices:
  openai/near-1: {input: 1, output: 0}
  embedded/smollm2-135m: {input: 0, output: 0}
"""


def test_a_price_that_is_asked_for_is_none_to_warn_of(project: Project) -> None:
    project.write("evals/greet.yaml", PRICED)
    assert "a price for" not in project.run("lint").out


def test_a_price_of_a_model_that_nothing_asks_is_told_of(project: Project) -> None:
    project.write("evals/greet.yaml", PRICED + "  openai/naer-1: {input: 1, output: 0}\n")
    done = project.run("lint")
    assert done.code == 0
    said = " ".join(done.out.split())
    where = "evals/greet.yaml:8:3: warning: a price for 'openai/naer-1', which neither the prompt"
    assert where in said
