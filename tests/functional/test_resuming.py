"""Runs that were broken off go on: real processes, killed and interrupted."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.benchmarks.shouting import RIGHT_OF_TEN, said, shouting
from tests.git_sandbox import Sandbox
from tests.loopback import Answer, Asked, Loopback, error
from tests.zygote import Child, Stage, Zygote, timeless

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks and kills are POSIX")

CASES, SAMPLES = 20, 2
WHOLE = 2 * CASES * SAMPLES
PROMPT, SUITE, ROWS = "prompts/shout.yaml", "evals/shout.yaml", "evals/shout.jsonl"


def answer(asked: Asked) -> str:
    """Right for half the words; a system message that nobody foresaw counts as the new one."""
    system = str(asked.messages[0]["content"])
    return said(system if system in RIGHT_OF_TEN else "new", asked.last_user)


@pytest.fixture(scope="module")
def zygote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zygote]:
    with Zygote(tmp_path_factory.mktemp("children")) as made:
        yield made


@pytest.fixture
def stage(tmp_path: Path, zygote: Zygote) -> Iterator[Stage]:
    """A project in git with two versions of a prompt, of which no look finds anything."""
    root = shouting(tmp_path / "project", cases=CASES, samples=SAMPLES)
    with Loopback(answer, delay_seconds=0.02) as server:
        yield Stage(zygote, root, server)


def goes_on(child: Child, run: str, suite: str = "shout") -> bool:
    """Whether it says, once, that it goes on with a run."""
    return child.err.count(f"{suite}: goes on with run {run}\n") == 1


def broken_off(stage: Stage, after: int = 20, *more: str, by: int = signal.SIGKILL) -> str:
    """The id of a run that was broken off just now."""
    before = stage.kept().unfinished
    stage.broken_off(after, *more, by=by)
    (run,) = stage.kept().unfinished - before
    return run


def refused(child: Child, *told: str) -> None:
    """It is wrong input, and says so on one line and a hint."""
    assert (child.wait(), child.out) == (2, ""), child.err
    for words in told:
        assert words in child.err
    assert len(child.err.splitlines()) <= 2, child.err


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGINT])
def test_the_same_command_goes_on_under_the_same_id(stage: Stage, by: int) -> None:
    run = broken_off(stage, by=by)
    asked, had = len(stage.server.requests), len(stage.kept().responses)
    assert 0 < had <= asked < WHOLE
    child = stage.evaluate()
    assert child.wait() == 0
    assert goes_on(child, run)
    (report,) = child.value
    assert report["run"] == run
    # It is one run, whose report has the calls of both processes.
    assert report["calls"]["made"] == len(stage.kept().responses) == WHOLE
    assert report["calls"]["cached"] == 0
    assert len(stage.server.requests) == WHOLE + asked - had
    assert report["tokens"]["input"] == 2 * WHOLE
    assert stage.runs() == [run]
    assert stage.kept().unfinished == frozenset()


def test_it_ends_as_if_nothing_had_happened(stage: Stage, tmp_path: Path) -> None:
    broken_off(stage, 10)
    broken_off_again = stage.broken_off(30)
    assert "goes on" in broken_off_again.err
    report = stage.report()
    (stage.root / ".promptops").rename(tmp_path / "kept")
    undisturbed = stage.report()
    for name in ("verdict", "reasons", "metrics", "baseline", "candidate", "cases", "calls"):
        assert timeless(report[name]) == timeless(undisturbed[name]), name


@pytest.mark.parametrize("meant", ["nothing", "id", "start", "suite"])
def test_resume_means_a_run(stage: Stage, meant: str) -> None:
    run = broken_off(stage)
    words = {"nothing": [], "id": [run], "start": [run[:11]], "suite": ["shout"]}[meant]
    child = stage.evaluate("--resume", *words)
    assert child.wait() == 0, child.err
    assert goes_on(child, run)
    assert child.value[0]["run"] == run
    assert child.value[0]["calls"]["made"] == WHOLE


def test_what_it_had_chosen_is_chosen_again(stage: Stage) -> None:
    run = broken_off(stage, 10, "--tag", "even", "--seed", "5", "--model", "openai/other")
    report = stage.report("--resume")
    assert (report["run"], report["model"]) == (run, "openai/other")
    assert report["meta"]["tags"] == ["even"]
    assert report["calls"]["made"] == WHOLE // 2


def test_other_choices_make_another_run(stage: Stage) -> None:
    run = broken_off(stage)
    child = stage.evaluate("--tag", "even")
    assert child.wait() == 0
    assert "goes on" not in child.err
    assert child.value[0]["run"] != run
    assert child.value[0]["calls"]["cached"] > 0  # though what was paid for is for everybody
    assert stage.kept().unfinished == {run}


def test_how_fast_and_how_dear_may_be_another(stage: Stage) -> None:
    run = broken_off(stage, 20, "--concurrency", "2", "--timeout", "9")
    child = stage.evaluate("--concurrency", "8", "--patience", "5", "-q")
    assert child.wait() == 0
    assert child.err == ""
    assert child.value[0]["run"] == run


CHANGES = {
    "prompt": (PROMPT, '"new"', '"newer"', ["the candidate was v2", "the baseline was v1"]),
    "model": (PROMPT, "openai/loop", "openai/other", ["openai/loop", "and is v2", "openai/other"]),
    "parameter": (PROMPT, "max_tokens: 20", "max_tokens: 21", ["the candidate was v2"]),
    "a case": (ROWS, '"word7"', '"word17"', ["the dataset changed"]),
    "what is expected": (ROWS, "WORD7", "Word7", ["the dataset changed"]),
    "scorer": (SUITE, "equals", "contains", ["scorer exact changed"]),
    "name": (SUITE, "exact:", "same:", ["scorer exact changed", "scorer same changed"]),
    "gate": (SUITE, "0.0001", "0.05", ["the gate changed"]),
    "inconclusive": (SUITE, "margin:", "inconclusive: fail, margin:", ["the gate changed"]),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_run_whose_inputs_changed_cannot_go_on(stage: Stage, name: str) -> None:
    run = broken_off(stage)
    asked = len(stage.server.requests)
    place, old, new, told = CHANGES[name]
    before = stage.read(place)
    stage.write(place, before.replace(old, new))
    refused(stage.evaluate("--resume"), f"run {run} cannot go on", "promptops eval shout", *told)
    assert len(stage.server.requests) == asked
    # The same without `--resume` is another run, and the first one is left as it is.
    child = stage.evaluate("--samples", "1")
    child.wait()
    assert "goes on" not in child.err
    assert run in stage.kept().unfinished
    stage.write(place, before)
    assert stage.report("--resume")["run"] == run


def test_everything_that_changed_is_named(stage: Stage) -> None:
    broken_off(stage)
    for place, old, new, _ in (CHANGES[name] for name in ("prompt", "a case", "scorer", "gate")):
        stage.write(place, stage.read(place).replace(old, new))
    every = ("the candidate was", "the baseline was", "the dataset", "scorer exact", "the gate")
    refused(stage.evaluate("--resume"), *every)


@pytest.mark.parametrize("name", ["a case", "prompt"])
def test_nothing_is_named_that_did_not_change(stage: Stage, name: str) -> None:
    broken_off(stage)
    place, old, new, _ = CHANGES[name]
    stage.write(place, stage.read(place).replace(old, new))
    assert "number of samples" not in stage.run("eval", "--resume").err


def test_another_baseline(stage: Stage) -> None:
    new = stage.read(PROMPT)
    Sandbox(stage.root, init=False).git("reset", "--hard", "--quiet", "HEAD~1")
    stage.write(PROMPT, new)  # a working tree that is dirty, against the last commit
    broken_off(stage)
    older = new.replace("version: 2", "version: 1").replace("{{ word }}", "{{ word }}{{ '' }}")
    Sandbox(stage.root, init=False).commit("Other first words", {PROMPT: older})
    stage.write(PROMPT, new)
    child = stage.evaluate("--resume")
    refused(child, "the baseline was v1")
    assert "the candidate was" not in child.err


def test_another_endpoint(stage: Stage) -> None:
    run = broken_off(stage)
    with Loopback(answer) as elsewhere:
        moved = Stage(stage.zygote, stage.root, elsewhere)
        refused(moved.evaluate("--resume"), f"run {run} cannot go on", "at another address")
        assert elsewhere.requests == []
        child = moved.evaluate()
        assert child.wait() == 0
        assert "goes on" not in child.err
        assert len(elsewhere.requests) == WHOLE  # its answers are answers of another
    assert stage.report("--resume")["run"] == run


def test_a_run_that_came_to_its_end(stage: Stage) -> None:
    run = stage.report()["run"]
    for words in ([], [run], [run[:11]], ["shout"]):
        refused(stage.evaluate("--resume", *words))
    refused(stage.evaluate("--resume", run), f"run {run} of shout came to its end")
    refused(stage.evaluate("--resume"), "no run that was broken off", "promptops eval begins one")
    again = stage.report()
    assert again["run"] != run
    assert again["calls"]["made"] == 0


@pytest.mark.parametrize("meant", ["start", "suite"])
def test_what_is_meant_by_less_than_an_id_came_to_its_end(stage: Stage, meant: str) -> None:
    run = stage.report()["run"]
    words = run[:11] if meant == "start" else "shout"
    assert words in stage.run("eval", "--resume", words).err


def test_a_run_that_is_under_way_elsewhere(stage: Stage) -> None:
    asked = len(stage.server.requests)
    child = stage.evaluate()
    assert child.until(lambda: len(stage.server.requests) >= asked + 8)
    (run,) = stage.kept().unfinished
    for words in ([], [run], ["shout"]):
        refused(stage.evaluate("--resume", *words), f"run {run} is under way in another process")
    assert child.wait() == 0
    assert len(stage.server.requests) == WHOLE


def test_resume_passes_over_a_run_that_is_under_way(stage: Stage) -> None:
    run = broken_off(stage)
    time.sleep(1.1)  # what is newer is told by the second
    asked = len(stage.server.requests)
    other = stage.evaluate("--tag", "even", "--model", "openai/other")
    assert other.until(lambda: len(stage.server.requests) >= asked + 4)
    child = stage.evaluate("--resume")
    assert other.wait() == 0
    assert child.wait() == 0, child.err
    assert child.value[0]["run"] == run


@pytest.mark.parametrize(
    ("words", "told"),
    [("shoud", "did you mean 'shout'?"), ("20991231", "known: ")],
)
def test_no_such_run(stage: Stage, words: str, told: str) -> None:
    run = broken_off(stage)
    child = stage.evaluate("--resume", words)
    refused(child, f"there is no run {words!r} that was broken off", told)
    near = run[:-1] + ("0" if run[-1] != "0" else "1")
    refused(stage.evaluate("--resume", near), f"did you mean {run!r}?")


def test_the_start_of_several_runs_is_too_little(stage: Stage) -> None:
    runs = {broken_off(stage), broken_off(stage, 10, "--tag", "even", "--model", "openai/other")}
    shared = min(runs)[:8]
    refused(stage.evaluate("--resume", shared), "is the start of 2 runs")


@pytest.mark.parametrize(
    "more",
    [
        ["--seed", "3"], ["--samples", "1"], ["--tag", "even"], ["--against", "v1"], ["--alone"],
        ["--aa"], ["--extend"], ["--model", "openai/other"],
    ],
)  # fmt: skip
def test_resume_with_other_choices(stage: Stage, more: list[str]) -> None:
    refused(stage.evaluate("--resume", *more), f"leave out {more[0]}", "--max-cost")


def test_several_runs_are_named(stage: Stage) -> None:
    first = broken_off(stage)
    second = broken_off(stage, 10, "--tag", "even", "--model", "openai/other")
    child = stage.evaluate("--resume", second, first)
    assert child.wait() == 0, child.err
    assert [report["run"] for report in child.value] == [second, first]
    assert goes_on(child, first)
    assert goes_on(child, second)


def test_of_two_suites_the_one_goes_on_and_the_other_begins(stage: Stage) -> None:
    other = stage.read(SUITE).replace("samples: 2", "samples: 1").replace("0.0001", "0.0002")
    stage.write("evals/cry.yaml", other)
    run = broken_off(stage, WHOLE // 2 + 8)  # cry had ended, shout had not
    child = stage.evaluate()
    assert child.wait() == 0
    assert goes_on(child, run)
    cry, shout = child.value
    assert (cry["calls"]["made"], cry["calls"]["cached"]) == (0, WHOLE // 2)
    assert shout["run"] == run
    assert shout["calls"]["made"] + shout["calls"]["cached"] == WHOLE


def test_a_run_whose_plan_another_suite_has_laid_out_goes_on(stage: Stage) -> None:
    """The same comparison under two names: the second one has the first one's looks."""
    stage.write("evals/cry.yaml", stage.read(SUITE).replace("samples: 2", "samples: 1"))
    run = broken_off(stage, WHOLE // 2 + 8)
    child = stage.run("eval", "shout")
    assert goes_on(child, run), child.err


def test_a_budget_counts_what_the_run_spent_before(stage: Stage) -> None:
    stage.write(SUITE, stage.read(SUITE) + "budget: {calls: 40}\n")
    run = broken_off(stage, 30, by=signal.SIGINT)
    before = stage.kept().paid.total()
    assert 30 <= before < 40
    report = stage.report()
    assert (report["run"], report["verdict"]) == (run, "invalid")
    assert "the budget of 40 calls is spent" in report["reasons"][0]
    assert stage.kept().paid.total() == len(stage.server.requests) == 40


def test_after_a_spent_budget_the_same_command_begins_anew(stage: Stage) -> None:
    stage.write(SUITE, stage.read(SUITE) + "budget: {calls: 40}\n")
    spent = stage.report()
    assert spent["exit_code"] == 3
    refused(stage.evaluate("--resume"), "there is no run that was broken off")
    report = stage.report()
    assert report["run"] != spent["run"]
    assert (report["calls"]["made"], report["calls"]["cached"]) == (40, 40)
    assert report["verdict"] == "inconclusive"
    assert stage.runs() == [report["run"], spent["run"]]


def test_after_an_outage_the_same_command_goes_on(stage: Stage) -> None:
    def down_later(asked: Asked) -> Answer:
        return answer(asked) if asked.index < 30 else error(503, "overloaded")

    stage.server.script = down_later
    report = stage.report("--patience", "1")
    assert (report["exit_code"], report["verdict"]) == (3, "invalid")
    assert any("the same command goes on from here" in each for each in report["reasons"])
    run = report["run"]
    assert stage.kept().unfinished == {run}
    stage.server.script = answer
    child = stage.evaluate()
    assert child.wait() == 0
    assert goes_on(child, run)
    (report,) = child.value
    assert report["run"] == run
    assert (
        report["calls"]["made"] == len(stage.server.requests) == WHOLE + report["calls"]["retried"]
    )
    assert report["calls"]["cached"] == 0
    assert report["candidate"]["failures"] == report["baseline"]["failures"] == 0
    assert stage.runs() == [run]


def test_the_kept_report_of_a_run_that_was_killed_is_none(stage: Stage) -> None:
    run = broken_off(stage)
    assert stage.runs() == [run]
    child = stage.run("report", run, "-f", "json")
    assert (child.code, child.out) == (3, "")
    assert f"promptops eval --resume {run}" in child.err
    stage.report()
    assert json.loads(stage.run("report", run, "-f", "json").out)[0]["run"] == run
