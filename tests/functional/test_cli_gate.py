"""`promptops gate` from end to end: real git, a real server behind the real litellm."""

from __future__ import annotations

import csv
import json
import os
import signal
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.functional.cli_project import Done, Project
from tests.github_events import pull_request_event
from tests.loopback import Answer, Asked, Loopback

PROMPT = """\
version: {version}
change: {change}
model: {model}
params: {{temperature: 1, max_tokens: 20}}
inputs: {{word: {{type: string}}}}
messages:
  - {{role: system, content: "{system}"}}
  - {{role: user, content: "{{{{ word }}}}"}}
"""
SUITE = """\
prompt: {prompt}
dataset: words.jsonl
samples: 2
scorers:
  exact: {{type: equals, expected: "{{{{ expected }}}}"}}
"""
JUDGED = """\
prompt: shout
dataset: words.jsonl
samples: 2
scorers:
  exact: {type: equals, expected: "{{ expected }}"}
  loud: {type: judge, prompt: judges/loud, role: observe, labels: {"yes": 1, "no": 0}}
"""
JUDGE = """\
version: {version}
model: openai/judge
inputs: {{answer: {{type: string}}}}
messages:
  - {{role: system, content: "{system}"}}
  - {{role: user, content: "{{{{ answer }}}}"}}
output:
  schema:
    type: object
    properties: {{explanation: {{type: string}}, verdict: {{enum: ["yes", "no"]}}}}
    required: [explanation, verdict]
"""
CASES = 30
FOREIGN = (
    *("GITHUB_ACTIONS", "GITHUB_EVENT_PATH", "GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"),
    *("GITHUB_RUN_ID", "GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "CI_JOB_URL", "BUILD_URL"),
    *("CI_DEFAULT_BRANCH", "CI_COMMIT_BEFORE_SHA", "GIT_PREVIOUS_SUCCESSFUL_COMMIT"),
)
RIGHT = {"old": 28, "new": 8, "better": 30, "best": 30}
"""System message to how many words it makes right."""


def answer(asked: Asked) -> Answer:
    """In capitals, or not; a judge says whether they are, and the strict one never says yes."""
    system, said = asked.messages[0]["content"], asked.last_user
    if asked.model == "judge":
        verdict = "yes" if said.isupper() and system != "strict" else "no"
        return json.dumps({"explanation": "seen", "verdict": verdict})
    right = asked.model == "loop" and int(said.removeprefix("word")) < RIGHT.get(system, 0)
    return said.upper() if right else said


class Desk:
    """A branch `topic` that left `main`, and whoever answers."""

    def __init__(self, project: Project, server: Loopback) -> None:
        self.project, self.server = project, server

    def prompt(self, version: int, system: str, *, name: str = "shout", **more: str) -> None:
        fields = {"change": "Said otherwise.", "model": "openai/loop", **more}
        text = PROMPT.format(version=version, system=system, **fields)
        self.project.write(f"prompts/{name}.yaml", text)

    def gate(self, *arguments: str) -> tuple[Done, Any]:
        done = self.project.run("gate", "--format", "json", *arguments)
        assert done.out, done.err
        value = done.value
        assert value["schema"] == "promptops.gate/1"
        assert value["gate"]["exit_code"] == done.code
        assert value["gate"]["may_merge"] is (done.code == 0)
        return done, value

    @property
    def calls(self) -> int:
        return len(self.server.requests)


@pytest.fixture
def desk(empty: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    for name in FOREIGN:
        monkeypatch.delenv(name, raising=False)
    with Loopback(answer) as server:
        for name, value in server.environ.items():
            monkeypatch.setenv(name, value)
        made = Desk(empty, server)
        rows = [
            {"id": f"w{at}", "word": f"word{at}", "expected": f"WORD{at}"} for at in range(CASES)
        ]
        empty.write("evals/words.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        for name in ("shout", "idle"):
            made.prompt(1, "old", name=name)
            empty.write(f"evals/{name}.yaml", SUITE.format(prompt=name))
        empty.commit("Shout")
        empty.git("checkout", "--quiet", "-b", "topic")
        yield made


def of(value: Any, suite: str = "shout") -> Any:
    return next(each for each in value["gate"]["suites"] if each["suite"] == suite)


# -- what a change touches, and what that costs


def test_nothing_changed_costs_nothing_and_opens_no_store(desk: Desk) -> None:
    desk.project.write("README.md", "words")
    desk.prompt(2, "old", change="Only a number.")
    done, value = desk.gate()
    assert (done.code, desk.calls) == (0, 0)
    assert not (desk.project.root / ".promptops").exists()
    assert [each["status"] for each in value["gate"]["suites"]] == ["untouched", "untouched"]
    assert value["gate"]["reasons"] == [
        "no suite rests on anything that changed: nothing was asked"
    ]
    assert value["gate"]["dirty"] is True
    shown = desk.project.run("gate")
    assert "MAY MERGE" in shown.out
    assert "untouched: idle, shout  nothing was asked, nothing spent" in shown.out


def test_a_regression_stops_the_merge_and_asks_for_no_other_suite(desk: Desk) -> None:
    base = desk.project.git("rev-parse", "main").strip()
    desk.prompt(2, "new")
    head = desk.project.commit("New words")
    done, value = desk.gate()
    assert done.code == 1
    gate, suite = value["gate"], of(value)
    assert (gate["base"], gate["base_how"]) == (base, "the merge base with main")
    assert (gate["head"], gate["dirty"], gate["supplied"]) == (head, False, "")
    assert (suite["status"], suite["verdict"], suite["exit_code"]) == ("compared", "regressed", 1)
    assert suite["changes"] == [
        {
            "part": "wording",
            "what": "1 of 2 messages changed: 1 line added, 1 removed",
            "path": "prompts/shout.yaml",
        }
    ]
    assert of(value, "idle")["status"] == "untouched"
    assert gate["reasons"][0].startswith("shout regressed: exact fell by ")
    (report,) = value["reports"]
    assert (report["run"], report["baseline"]["commit"]) == (suite["run"], base)
    assert report["meta"]["baseline_chosen"] == base[:12]
    assert {asked.messages[0]["content"] for asked in desk.server.requests} == {"old", "new"}
    texts = value["prompts"][suite["run"]]
    assert 'content: "old"' in texts["baseline"]["source"]
    before = desk.calls
    assert desk.gate()[0].code == 1
    assert desk.calls == before  # it was all paid for


def test_commits_of_a_branch_are_one_change(desk: Desk) -> None:
    """`eval` would compare the last commit with the one before; the gate sees them as one."""
    desk.prompt(2, "new")
    desk.project.commit("Worse")
    desk.prompt(3, "old")
    desk.project.commit("As before")
    done, value = desk.gate()
    assert (done.code, desk.calls, of(value)["status"]) == (0, 0, "untouched")


def test_what_others_did_on_the_target_is_not_of_the_change(desk: Desk) -> None:
    desk.project.git("checkout", "--quiet", "main")
    desk.prompt(2, "new", name="idle")
    desk.project.commit("Others' work")
    desk.project.git("checkout", "--quiet", "topic")
    desk.prompt(2, "better")
    desk.project.commit("Better words")
    done, value = desk.gate()
    assert (done.code, of(value)["verdict"]) == (0, "passed")
    assert of(value, "idle")["status"] == "untouched"


def test_a_changed_include_is_a_change_of_the_prompt(desk: Desk) -> None:
    desk.project.git("checkout", "--quiet", "main")
    desk.prompt(2, "{% include 'shared/tone.txt' %}")
    desk.project.write("prompts/shared/tone.txt", "old")
    desk.project.commit("Share the tone")
    desk.project.git("checkout", "--quiet", "-B", "topic")
    desk.project.write("prompts/shared/tone.txt", "new")
    done, value = desk.gate()
    suite = of(value)
    assert (done.code, suite["verdict"]) == (1, "regressed")
    assert [(each["part"], each["path"]) for each in suite["changes"]] == [
        ("includes", "prompts/shared/tone.txt")
    ]


def test_a_changed_model_is_told_as_that(desk: Desk) -> None:
    desk.prompt(2, "old", model="openai/other")
    done, value = desk.gate()
    suite = of(value)
    assert (done.code, suite["status"], suite["verdict"]) == (1, "compared", "regressed")
    assert [each["part"] for each in suite["changes"]] == ["model"]
    assert {asked.model for asked in desk.server.requests} == {"loop", "other"}
    assert "the model changed, its words did not" in desk.project.run("gate").out


def test_a_renamed_prompt_is_compared_with_what_it_was(desk: Desk) -> None:
    desk.project.git("mv", "prompts/shout.yaml", "prompts/loud.yaml")
    desk.project.write("evals/shout.yaml", SUITE.format(prompt="loud"))
    desk.project.commit("Another name")
    done, value = desk.gate()
    assert (done.code, desk.calls, of(value)["status"]) == (0, 0, "untouched")
    desk.prompt(2, "new", name="loud")
    done, value = desk.gate()
    suite = of(value)
    assert (done.code, suite["prompt"], suite["verdict"]) == (1, "loud", "regressed")
    assert "the prompt was called shout before" in suite["notes"]


def test_a_new_prompt_is_scored_alone(desk: Desk) -> None:
    desk.prompt(1, "better", name="fresh")
    desk.project.write("evals/fresh.yaml", SUITE.format(prompt="fresh"))
    done, value = desk.gate()
    suite = of(value, "fresh")
    assert (done.code, suite["status"]) == (0, "described")
    assert value["reports"][0]["baseline"] is None
    assert desk.calls == 2 * CASES
    assert "first version: nothing to compare with yet" in suite["notes"]


def test_a_changed_dataset_is_never_a_change_of_the_prompt(desk: Desk) -> None:
    assert desk.project.run("eval", "shout", "--alone", "--quiet").code == 0
    before = desk.calls
    place = desk.project.root / "evals" / "words.jsonl"
    rows = place.read_text().splitlines()
    more = json.dumps({"id": "w30", "word": "word30", "expected": "WORD30"})
    desk.project.write("evals/words.jsonl", "\n".join([*rows, more]) + "\n")
    done, value = desk.gate("--suite", "shout")
    suite = of(value)
    assert (done.code, suite["status"]) == (0, "described")
    assert [(each["part"], each["what"]) for each in suite["changes"]] == [
        ("dataset", "1 case added")
    ]
    assert value["reports"][0]["baseline"] is None
    assert desk.calls - before == 2  # the new case alone: the others' answers are kept
    shown = desk.project.run("gate", "--suite", "shout").out
    assert "the prompt is as it was; what changed is the dataset" in shown
    assert "regressed" not in shown.lower()


def judged(desk: Desk) -> None:
    """`main` has a judge that has judged the prompt once."""
    desk.project.git("checkout", "--quiet", "main")
    desk.project.write("prompts/judges/loud.yaml", JUDGE.format(version=1, system="kind"))
    desk.project.write("evals/shout.yaml", JUDGED)
    desk.project.commit("Judge it")
    desk.project.git("checkout", "--quiet", "-B", "topic")


def test_a_changed_judge_judges_the_kept_answers_anew(desk: Desk) -> None:
    judged(desk)
    assert desk.project.run("eval", "shout", "--alone", "--quiet").code == 0
    desk.server.requests.clear()
    desk.project.write("prompts/judges/loud.yaml", JUDGE.format(version=2, system="strict"))
    done, value = desk.gate()
    suite = of(value)
    assert (done.code, suite["status"]) == (0, "described")
    assert [(each["part"], each["path"]) for each in suite["changes"]] == [
        ("judge", "prompts/judges/loud.yaml")
    ]
    assert suite["notes"] == [
        f"judged anew: loud 0.93 by v1, 0.00 by v2, on the same {2 * CASES} answers"
    ]
    assert {asked.model for asked in desk.server.requests} == {"judge"}
    assert value["gate"]["uncovered"] == []


def test_without_an_earlier_run_what_the_judge_said_is_not_known(desk: Desk) -> None:
    judged(desk)
    desk.project.write("prompts/judges/loud.yaml", JUDGE.format(version=2, system="strict"))
    _, value = desk.gate()
    (note,) = of(value)["notes"]
    assert note == "judged anew: loud; what v1 said of the same answers is not known here"


def test_what_another_state_of_the_scorer_said_is_not_taken_for_the_one_before(desk: Desk) -> None:
    """An experiment at the desk lies between what the base has and what is asked about."""
    judged(desk)
    labels = '{"yes": 1, "no": 0}'
    desk.project.write("evals/shout.yaml", JUDGED.replace(labels, '{"yes": 0, "no": 1}'))
    assert desk.project.run("eval", "shout", "--alone", "--quiet").code == 0
    desk.project.write("evals/shout.yaml", JUDGED.replace(labels, '{"yes": 0.5, "no": 0}'))
    _, value = desk.gate()
    assert of(value)["notes"] == [
        "judged anew: loud; what the judge before said of the same answers is not known here"
    ]
    desk.project.git("stash", "--quiet")
    assert desk.project.run("eval", "shout", "--alone", "--quiet").code == 0
    desk.project.git("stash", "pop", "--quiet")
    _, value = desk.gate()
    assert of(value)["notes"] == [
        "judged anew: loud 0.93 by the judge before, 0.47 by the judge now, on the same 60 answers"
    ]


def test_changed_code_scores_the_kept_answers_anew(desk: Desk) -> None:
    desk.project.git("checkout", "--quiet", "main")
    own = "  own: {type: python, file: evals/own.py, role: observe}\n"
    desk.project.write("evals/shout.yaml", SUITE.format(prompt="shout") + own)
    desk.project.write("evals/own.py", "def score(answer, case):\n    return 1\n")
    desk.project.commit("Score it")
    desk.project.git("checkout", "--quiet", "-B", "topic")
    assert desk.project.run("eval", "shout", "--alone", "--quiet", "--allow-code").code == 0
    desk.project.write("evals/own.py", "def score(answer, case):\n    return 0.25\n")
    _, value = desk.gate("--allow-code")
    assert of(value)["notes"] == [
        "scored anew: own 1.00 by the one before, 0.25 by the one now, on the same 60 answers"
    ]


def test_prompt_and_judge_at_once_judge_both_versions_by_the_new_one(desk: Desk) -> None:
    judged(desk)
    assert desk.project.run("eval", "shout", "--alone", "--quiet").code == 0
    desk.prompt(2, "better")
    desk.project.write("prompts/judges/loud.yaml", JUDGE.format(version=2, system="strict"))
    done, value = desk.gate()
    suite = of(value)
    assert (done.code, suite["status"], suite["verdict"]) == (0, "compared", "passed")
    assert [each["part"] for each in suite["changes"]] == ["wording", "judge"]
    assert suite["notes"][0].startswith("judged anew: loud 0.93 by v1, 0.00 by v2, on the same ")
    loud = next(each for each in value["reports"][0]["metrics"] if each["name"] == "loud")
    assert (loud["baseline"], loud["candidate"]) == (0, 0)


def test_a_suite_that_is_gone_and_a_prompt_without_one_are_said(desk: Desk) -> None:
    (desk.project.root / "evals" / "idle.yaml").unlink()
    desk.prompt(2, "new", name="idle")
    done, value = desk.gate()
    gate = value["gate"]
    assert (done.code, desk.calls) == (0, 0)
    assert (of(value, "idle")["status"], gate["uncovered"]) == ("removed", ["idle"])
    assert gate["reasons"] == [
        "the suite idle is gone: it holds idle no more",
        "idle changed, and no suite evaluates it",
        "no suite rests on anything that changed: nothing was asked",
    ]


def test_another_prompt_in_the_place_of_one_is_said(desk: Desk) -> None:
    desk.prompt(1, "new", name="other")
    desk.project.write("evals/shout.yaml", SUITE.format(prompt="other"))
    done, value = desk.gate()
    assert (done.code, of(value)["status"]) == (0, "described")
    assert value["gate"]["reasons"] == [
        "shout evaluates other in place of shout, which it is not compared with"
    ]


def test_a_prompt_that_took_another_s_name_is_held_against_that_one(desk: Desk) -> None:
    desk.project.git("checkout", "--quiet", "main")
    desk.prompt(1, "new", name="idle")
    desk.project.commit("A worse one beside it")
    desk.project.git("checkout", "--quiet", "-B", "topic")
    desk.project.git("rm", "--quiet", "prompts/shout.yaml", "evals/idle.yaml")
    desk.project.git("commit", "--quiet", "--message", "Gone")
    desk.project.git("mv", "prompts/idle.yaml", "prompts/shout.yaml")
    desk.project.git("commit", "--quiet", "--message", "In its place")
    done, value = desk.gate()
    assert (done.code, of(value)["status"], of(value)["verdict"]) == (1, "compared", "regressed")


# -- where it runs


def test_without_a_commit_everything_is_new(empty: Project, desk: Desk) -> None:
    desk.project.git("checkout", "--quiet", "--orphan", "first")
    done, value = desk.gate("--suite", "shout")
    assert (done.code, value["gate"]["base"], value["gate"]["head"]) == (0, "", None)
    assert of(value)["status"] == "described"
    assert "there is no commit yet: everything is new" in desk.project.run("gate").out


def test_without_a_suite_there_is_nothing_to_gate(empty: Project, desk: Desk) -> None:
    for name in ("shout", "idle"):
        (desk.project.root / "evals" / f"{name}.yaml").unlink()
    desk.project.git("commit", "--quiet", "--all", "--message", "No suite")
    done, value = desk.gate("--base", "HEAD")
    assert (done.code, desk.calls) == (0, 0)
    assert value["gate"]["reasons"] == ["there is no suite in evals/: nothing is held to anything"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--suite", "shuot"], "did you mean 'shout'?"),
        (["--base", "absent"], "there is no revision 'absent'"),
        (["--max-cost", "0"], "--max-cost must be more than 0"),
        (["--report-dir", "prompts/shout.yaml"], "--report-dir"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_asked(
    desk: Desk, arguments: list[str], said: str
) -> None:
    desk.prompt(2, "new")
    done = desk.project.run("gate", *arguments)
    assert (done.code, done.out, desk.calls) == (2, "", 0)
    assert said in done.err


def test_outside_of_git_it_says_what_to_do(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bare" / "prompts").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "bare")
    done = desk.project.run("gate")
    assert (done.code, done.out) == (2, "")
    assert "git init" in done.err


def test_a_hook_before_a_push_needs_no_service(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a hook git leaves variables behind that name its own repository."""
    desk.project.git("clone", "--quiet", "--bare", ".", str(tmp_path / "remote.git"))
    desk.project.git("remote", "add", "origin", str(tmp_path / "remote.git"))
    desk.project.git("checkout", "--quiet", "main")
    desk.project.git("fetch", "--quiet", "origin", "+refs/heads/*:refs/remotes/origin/*")
    desk.prompt(2, "new")
    head = desk.project.commit("New words")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "remote.git"))
    monkeypatch.setenv("GIT_PREFIX", "prompts/")
    done, value = desk.gate()
    assert (done.code, value["gate"]["head"]) == (1, head)
    assert value["gate"]["base_how"] == "the merge base with origin/main"


def test_a_budget_that_is_too_small_is_no_verdict(desk: Desk) -> None:
    desk.project.write(
        "evals/shout.yaml",
        SUITE.format(prompt="shout") + "prices: {openai/loop: {input: 1000, output: 1000}}\n",
    )
    desk.project.commit("Prices")
    desk.prompt(2, "better")
    done, value = desk.gate("--base", "HEAD", "--max-cost", "0.5")
    assert done.code == 3
    assert desk.calls > 4
    assert value["gate"]["reasons"][0].startswith("shout has no verdict")


@pytest.mark.parametrize(
    ("number", "code", "told"),
    [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "ended from outside")],
)
def test_what_was_broken_off_may_not_be_merged_and_says_how_far_it_came(
    desk: Desk, number: int, code: int, told: str
) -> None:
    desk.prompt(2, "best")
    desk.prompt(2, "better", name="idle")
    sent: list[int] = []

    def interrupted(asked: Asked) -> Answer:
        if asked.messages[0]["content"] == "best" and not sent:  # of the second suite
            sent.append(number)
            os.kill(os.getpid(), number)
        return answer(asked)

    desk.server.script = interrupted
    done, value = desk.gate("--report-dir", "out")
    gate = value["gate"]
    assert (done.code, gate["may_merge"]) == (code, False), (gate["reasons"], done.err)
    assert gate["reasons"][0] == f"broken off, 1 of 2 suites were evaluated: {told}"
    assert (of(value, "idle")["verdict"], of(value)["verdict"]) == ("passed", None)
    assert of(value)["exit_code"] == 3
    assert json.loads((desk.project.root / "out" / "gate.json").read_text())["gate"] == gate
    assert "not evaluated" in (desk.project.root / "out" / "report.txt").read_text()
    desk.server.script = answer
    assert desk.gate()[0].code == 0


# -- what it leaves behind


def test_the_report_folder_has_every_format_whatever_the_verdict(desk: Desk) -> None:
    desk.prompt(2, "new")
    done = desk.project.run("gate", "--report-dir", "out/reports", "--quiet")
    assert done.code == 1
    folder = desk.project.root / "out" / "reports"
    assert json.loads((folder / "gate.json").read_text())["gate"]["exit_code"] == 1
    assert "may not be merged" in (folder / "report.md").read_text().lower() or (
        "regressed" in (folder / "report.md").read_text()
    )
    assert (folder / "report.html").read_text().startswith("<!doctype html>")
    suites = ET.parse(folder / "junit.xml").getroot()
    assert suites.find(".//failure") is not None
    with (folder / "cases.csv").open(encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.DictReader(file))) == CASES
    assert not {each.name for each in folder.iterdir()} - {
        *("gate.json", "report.md", "report.html", "junit.xml", "cases.csv", "report.txt")
    }


def github(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """A step of a workflow on the merge that GitHub made of a pull request; reads its files."""
    head = desk.project.git("rev-parse", "topic").strip()
    base = desk.project.git("rev-parse", "main").strip()
    desk.project.git("checkout", "--quiet", "--detach", "main")
    desk.project.git("merge", "--quiet", "--no-ff", "--message", "Merge topic", "topic")
    files = {
        "GITHUB_EVENT_PATH": "event.json",
        "GITHUB_STEP_SUMMARY": "summary.md",
        "GITHUB_OUTPUT": "output.txt",
    }
    for name, file in files.items():
        monkeypatch.setenv(name, str(tmp_path / file))
    event = pull_request_event(base=base, head=head, fork=True)
    (tmp_path / "event.json").write_text(json.dumps(event))
    for name, value in {
        "GITHUB_ACTIONS": "true",
        "GITHUB_BASE_REF": "main",
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_REPOSITORY": "ficta/prompts",
        "GITHUB_RUN_ID": "7",
    }.items():
        monkeypatch.setenv(name, value)
    return lambda file: (tmp_path / file).read_text(encoding="utf-8")


def test_a_step_of_a_workflow_says_it_in_github_s_ways(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.prompt(2, "new")
    head = desk.project.commit("New words")
    read = github(desk, tmp_path, monkeypatch)
    (tmp_path / "summary.md").write_text("what another tool said\n")
    done, value = desk.gate("--report-dir", "out")
    gate = value["gate"]
    assert done.code == 1
    assert (gate["head"], gate["base_how"]) == (head, "what it would be merged into: main")
    assert gate["url"] == "https://github.com/ficta/prompts/actions/runs/7"
    assert read("output.txt").splitlines() == [
        "verdict=regressed",
        "exit-code=1",
        "may-merge=false",
        "report-dir=out",
    ]
    summary = read("summary.md")
    assert summary.startswith("what another tool said\n\n")
    assert "shout" in summary
    (mark,) = [line for line in done.err.splitlines() if line.startswith("::")]
    assert mark.startswith("::error file=prompts/shout.yaml,line=7,")


def test_in_a_folder_of_the_repository_marks_name_the_file_from_its_root(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.project.git("checkout", "--quiet", "main")
    (desk.project.root / "team").mkdir()
    desk.project.git("mv", "prompts", "evals", "team")
    desk.project.git("commit", "--quiet", "--message", "Into a folder")
    desk.project.git("checkout", "--quiet", "-B", "topic")
    desk.prompt(2, "new", name="../team/prompts/shout")
    desk.project.commit("New words")
    github(desk, tmp_path, monkeypatch)
    done = desk.project.run("-C", "team", "gate", "--quiet")
    assert done.code == 1
    (mark,) = [line for line in done.err.splitlines() if line.startswith("::")]
    assert mark.startswith("::error file=team/prompts/shout.yaml,line=7,")


def test_wrong_input_is_told_wherever_the_verdict_would_be(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the comment on the pull request would go on saying what held of an earlier commit."""
    desk.prompt(2, "new")
    desk.project.commit("New words")
    read = github(desk, tmp_path, monkeypatch)
    desk.project.write("prompts/shout.yaml", "version: [")
    done = desk.project.run("gate", "--report-dir", "out")
    assert (done.code, done.out, desk.calls) == (2, "", 0)
    value = json.loads((desk.project.root / "out" / "gate.json").read_text())
    gate = value["gate"]
    assert (gate["exit_code"], gate["may_merge"], gate["suites"]) == (2, False, [])
    assert gate["reasons"][0].startswith("prompts/shout.yaml:2:1: not valid YAML")
    assert read("output.txt").splitlines() == [
        *("verdict=invalid", "exit-code=2", "may-merge=false", "report-dir=out")
    ]
    assert "not valid YAML" in read("summary.md")
    assert "::error file=prompts/shout.yaml,line=2,endLine=2,title=promptops" in done.err
    suites = ET.parse(desk.project.root / "out" / "junit.xml").getroot()
    assert suites.find(".//error") is not None


def test_a_summary_that_is_full_is_left_as_it_is(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = github(desk, tmp_path, monkeypatch)
    (tmp_path / "summary.md").write_text("x" * 1_040_000)
    done, _ = desk.gate()
    assert done.code == 0
    assert len(read("summary.md")) == 1_040_000
    assert "the summary of this step is full" in done.err
    assert "verdict=untouched" in read("output.txt")


def test_files_of_github_that_cannot_be_written_change_no_verdict(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    github(desk, tmp_path, monkeypatch)
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "none" / "output.txt"))
    done, _ = desk.gate()
    assert done.code == 0
    assert "not all could be told to GitHub" in done.err


# -- recorded answers


def recorded(desk: Desk) -> None:
    """The change with its answers, made by somebody with a key; then the server is gone."""
    desk.prompt(2, "new")
    done = desk.project.run("eval", "shout", "--record", "--quiet")
    assert done.code == 1, done.err
    desk.project.commit("New words, with evidence")
    for path in sorted((desk.project.root / ".promptops").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()


def test_without_a_key_recorded_answers_are_taken_by_themselves(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded(desk)
    monkeypatch.delenv("OPENAI_API_KEY")
    desk.server.requests.clear()
    done, value = desk.gate()
    assert (done.code, desk.calls) == (1, 0)
    assert "not drawn here" in value["gate"]["supplied"]
    assert "its recorded answers are replayed" in done.err
    assert (of(value)["status"], of(value)["verdict"]) == ("compared", "regressed")
    refused = desk.project.run("gate", "--no-replay")
    assert (refused.code, refused.out) == (2, "")
    assert "OPENAI_API_KEY" in refused.err


def test_what_is_kept_here_goes_before_what_was_supplied(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.prompt(2, "new")
    assert desk.project.run("eval", "shout", "--record", "--quiet").code == 1
    monkeypatch.delenv("OPENAI_API_KEY")
    desk.server.requests.clear()
    done, value = desk.gate()
    assert (done.code, desk.calls, value["gate"]["supplied"]) == (1, 0, "")


def test_recorded_answers_cost_nothing_whatever_may_be_spent(desk: Desk) -> None:
    recorded(desk)
    done, value = desk.gate("--replay", "--max-cost", "0.0001")
    assert (done.code, of(value)["verdict"]) == (1, "regressed")


def test_with_a_key_recorded_answers_are_taken_when_asked_for(desk: Desk) -> None:
    recorded(desk)
    desk.server.requests.clear()
    _, value = desk.gate("--replay")
    assert desk.calls == 0
    assert "not drawn here" in value["gate"]["supplied"]
    _, value = desk.gate()
    assert desk.calls > 0
    assert value["gate"]["supplied"] == ""


# -- what a change may bring


def test_a_link_that_the_change_brought_is_not_written_through(desk: Desk, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept.txt").write_text("as it was")
    reports = desk.project.root / "reports"
    reports.mkdir()
    (reports / "gate.json").symlink_to(outside / "kept.txt")
    done, _ = desk.gate("--report-dir", "reports")
    assert done.code == 0
    assert (outside / "kept.txt").read_text() == "as it was"
    assert not (reports / "gate.json").is_symlink()
    (desk.project.root / "elsewhere").symlink_to(outside)
    for folder in ("elsewhere", "elsewhere/below"):
        done = desk.project.run("gate", "--report-dir", folder)
        assert done.code == 2
        assert "passes through the symbolic link elsewhere" in done.err
    assert [each.name for each in outside.iterdir()] == ["kept.txt"]


def test_a_store_that_is_committed_is_refused(desk: Desk) -> None:
    (desk.project.root / ".gitignore").unlink(missing_ok=True)
    desk.project.write(".promptops/store.db", "answers of one's own")
    desk.project.git("add", "--force", ".promptops/store.db")
    desk.project.commit("With answers")
    done = desk.project.run("gate")
    assert (done.code, desk.calls) == (2, 0)
    assert ".promptops is committed" in done.err
    assert "eval --record" in done.err


def test_a_file_is_no_folder_for_reports(desk: Desk) -> None:
    desk.project.write("reports", "words")
    done = desk.project.run("gate", "--report-dir", "reports")
    assert done.code == 2
    assert "--report-dir reports is a file" in done.err
