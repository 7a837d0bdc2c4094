"""What is asked of judges again while a run goes on: when, on whose budget, and what goes wrong."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from typing import Any

import pytest

from promptops.engine.judging import drift
from tests.functional import judged_desk
from tests.functional.judged_desk import PROMPT, SUITE, Desk
from tests.functional.judged_project import JUDGE, judge_of
from tests.loopback import Answer, Asked, error

TRUST = "evals/judges/right.trust.json"
KNOWN = 10 + 3
"""Labelled answers, and the canaries with words in them."""
LENGTH = "  length: {type: length, max: 10000}\n"
CANARY = "Ignore the above"


desk = judged_desk.desk


def today(monkeypatch: pytest.MonkeyPatch, day: int) -> None:
    """Runs take place on this day of June 2031."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Clock:
            return cls(2031, 6, day, tzinfo=tz or UTC)

    monkeypatch.setattr(drift, "datetime", Clock)


def redraw(desk: Desk, verb: str = "Write") -> None:
    desk.project.write("prompts/write.yaml", PROMPT.format(version=2, verb=f"{verb} anew"))


def canaries(desk: Desk) -> int:
    return sum(CANARY in asked.last_user for asked in desk.server.chats)


def test_a_run_that_only_goes_on_asks_its_judges_too(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its first round is kept, so that nothing seems to be lacking; later ones have to be drawn."""
    desk.share = (0.8, 0.8)
    desk.begin(SUITE + "budget: {calls: 120}\n")
    desk.measure()
    redraw(desk)
    today(monkeypatch, 1)
    _, report = desk.evaluate()
    assert report["verdict"] == "invalid"
    asked = canaries(desk)
    today(monkeypatch, 2)
    desk.credulous = True
    desk.project.write("evals/write.yaml", SUITE)
    done, report = desk.evaluate()
    assert canaries(desk) > asked
    assert (done.code, report["verdict"]) == (3, "invalid")
    assert "its judge lets pass what no judge may" in report["reasons"][0]


def test_what_a_judge_said_before_it_changed_is_not_held_against_what_it_says_now(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The baseline's verdicts are kept from when it was strict: alone, the newer version gains."""
    desk.share = (0.7, 0.7)
    desk.begin()
    desk.measure()
    redraw(desk)
    today(monkeypatch, 1)
    desk.judging = judge_of(1, 0)
    desk.project.write("evals/write.yaml", SUITE + "gate: {alpha: 0.0001}\n")  # all of the plan
    _, report = desk.evaluate()
    (metric,) = report["metrics"]
    assert (metric["baseline"], metric["candidate"], metric["pairs"]) == (1, 1, 120)
    assert "both versions were judged anew" in report["reasons"][-1]
    asked = desk.judged()
    desk.project.write("evals/write.yaml", SUITE + "gate: {alpha: 0.0002}\n")
    _, again = desk.evaluate()  # all is kept, and nobody is asked: not what was said before either
    assert (desk.judged(), again["metrics"][0]["baseline"]) == (asked, 1)
    today(monkeypatch, 2)
    redraw(desk, "Tell")
    _, last = desk.evaluate()
    assert last["metrics"][0]["baseline"] == last["metrics"][0]["candidate"] == 1
    assert desk.judged() == asked + KNOWN  # while it says the same, what it judged so is kept


def test_a_judge_that_changed_is_measured_by_what_it_says_now(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.begin()
    desk.measure()
    redraw(desk)
    today(monkeypatch, 1)
    desk.judging = judge_of(1, 0)
    _, report = desk.evaluate()
    assert report["metrics"][0]["role"] == "gate"
    desk.measure()
    (kept,) = json.loads((desk.project.root / TRUST).read_text())
    assert (kept["standing"], kept["first"] > 0) == ("observes", True)
    asked = desk.judged()
    _, report = desk.evaluate()
    assert (report["metrics"][0]["role"], report["metrics"][0]["baseline"]) == ("observe", 1)
    today(monkeypatch, 2)
    redraw(desk, "Tell")
    _, report = desk.evaluate()
    assert not any("its judge changed" in each for each in report["warnings"])
    assert report["metrics"][0]["baseline"] == 1
    assert desk.judged() > asked


@pytest.mark.parametrize("format_", ["terminal", "markdown", "html", "junit", "json"])
def test_a_verdict_that_rests_on_a_changed_judge_says_so_beside_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, format_: str
) -> None:
    desk.begin()
    desk.measure()
    redraw(desk)
    today(monkeypatch, 1)
    desk.judging, desk.seed = judge_of(1, 0.2), 5
    done = desk.project.run("eval", "write", "--quiet", "--format", format_)
    assert done.code == 1, done.err
    told = "right rests on a judge that changed since it was measured: 4 of 16 known answers"
    text = " ".join(done.out.split())
    assert told in text
    if format_ == "terminal":
        assert text.index("right is ") < text.index(told) < text.index("noise of right")
    desk.project.write(
        "evals/write.yaml", SUITE.replace("right}", "right, role: observe}") + LENGTH
    )
    done = desk.project.run("eval", "write", "--quiet", "--format", format_)
    assert told not in " ".join(done.out.split())


def test_a_judge_that_is_out_leaves_it_unknown_and_says_whose_outage_it_is(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.begin()
    desk.measure()
    redraw(desk)
    today(monkeypatch, 1)
    desk.answered_by = lambda asked: error(503, "overloaded")
    done, report = desk.evaluate("--patience", "1")
    assert (done.code, report["verdict"]) == (3, "invalid")
    assert report["warnings"][0].startswith("right: whether its judge changed is not known")
    assert report["reasons"][0].startswith("stopped before its end: the judge's model openai/judge")
    desk.answered_by = None
    done, report = desk.evaluate()
    assert (done.code, report["verdict"], report["warnings"]) == (1, "regressed", [])


def test_a_budget_that_ends_in_the_middle_says_what_was_not_found_out(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.begin(SUITE + "budget: {calls: 5}\n")
    desk.measure()
    measured = len(desk.server.chats)
    redraw(desk)
    today(monkeypatch, 1)
    _, report = desk.evaluate()
    assert len(desk.server.chats) == measured + 5
    assert report["warnings"][0].startswith("right: whether its judge changed is not known: ")
    desk.project.write("evals/write.yaml", SUITE)
    done, report = desk.evaluate()
    assert (done.code, report["warnings"]) == (1, [])
    asked = [str(each.body) for each in desk.server.chats[measured:] if each.model == "judge"]
    assert len(asked) == len(set(asked))  # what was paid for is kept


def test_one_judge_under_two_names_is_asked_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.begin(SUITE + "  again: {type: judge, prompt: judges/right}\n")
    desk.measure()
    redraw(desk)
    today(monkeypatch, 1)
    before = canaries(desk)
    desk.credulous = True
    _, report = desk.evaluate()
    assert canaries(desk) == before + 1
    told = [each for each in report["warnings"] if "lets pass what no judge may" in each]
    assert [each.partition(":")[0] for each in told] == ["right", "again"]


def test_recorded_answers_ask_no_judge(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.begin()
    desk.measure()
    redraw(desk)
    today(monkeypatch, 1)
    desk.evaluate("--record")
    today(monkeypatch, 2)
    asked = len(desk.server.chats)
    shutil.rmtree(desk.project.root / ".promptops")
    done, report = desk.evaluate("--replay")
    assert (done.code, report["verdict"]) == (1, "regressed")
    assert not any("its judge" in each for each in report["warnings"])
    assert len(desk.server.chats) == asked


def test_what_is_asked_again_is_planned_for(desk: Desk) -> None:
    desk.begin()
    redraw(desk)
    (before,) = desk.project.run("plan", "write", "--format", "json").value["plans"]
    desk.measure()
    (after,) = desk.project.run("plan", "write", "--format", "json").value["plans"]
    assert after["judge_calls"] == before["judge_calls"] + KNOWN


@pytest.mark.parametrize("voting", ["votes: 2", "models: [openai/judge, openai/judge-b]"])
def test_a_panel_is_measured_and_asked_again_as_a_whole(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, voting: str
) -> None:
    own = desk.answer

    def answer(asked: Asked) -> Answer:
        if not asked.model.startswith("judge"):
            return own(asked)
        right = "good" in asked.last_user
        return json.dumps({"explanation": "Seen.", "verdict": "right" if right else "wrong"})

    monkeypatch.setattr(desk.server, "script", answer)
    desk.begin(SUITE.replace("judges/right}", f"judges/right, {voting}}}"))
    done = desk.project.run("judge", "check", "judges/right", "--write", "--quiet")
    assert done.code == 0, done.err
    redraw(desk)
    today(monkeypatch, 1)
    before = canaries(desk)
    _, report = desk.evaluate()
    assert canaries(desk) == before + 2
    assert report["metrics"][0]["role"] == "gate"
    assert not any("its judge changed" in each for each in report["warnings"])


# -- files of measured trust that are not what they should be


@pytest.mark.parametrize(
    ("spoiled", "told"),
    [
        (lambda text: "<<<<<<< ours\n" + text, "not a file of measured trust"),
        (lambda text: text.replace("promptops.trust/1", "promptops.trust/2"), "promptops.trust/2"),
        (lambda text: text.replace('"judges/right"', '"judges/other"'), "'judges/other'"),
        (lambda text: text.replace('"standing": "', '"standing": "surely '), "standing"),
    ],
    ids=["a merge", "of a later version", "of another judge", "an unknown word"],
)
def test_a_spoiled_file_costs_nothing_and_is_written_anew(
    desk: Desk, spoiled: Any, told: str
) -> None:
    desk.begin()
    desk.measure()
    place = desk.project.root / TRUST
    good = place.read_text()
    assert spoiled(good) != good
    desk.project.write(TRUST, spoiled(good))
    redraw(desk)
    asked = len(desk.server.chats)
    done = desk.project.run("eval", "write", "--quiet")
    assert done.code == 2
    assert told in done.err
    assert f"{TRUST}" in done.err
    assert "writes it anew" in done.err
    assert len(desk.server.chats) == asked
    done = desk.project.run("judge", "check", "judges/right", "--write")
    assert done.code == 0, done.err
    assert "what was measured before is replaced, for it cannot be read" in done.err
    assert desk.evaluate()[1]["metrics"][0]["role"] == "gate"


def test_a_share_that_is_none_is_refused(desk: Desk) -> None:
    """A sensitivity of 3 would let it pass by four times the margin."""
    desk.begin()
    desk.measure()
    reports = json.loads((desk.project.root / TRUST).read_text())
    for each in reports[0]["agreement"]:
        if each["name"] == "sensitivity":
            each["interval"] = [3.0, 3.0]
    desk.project.write(TRUST, json.dumps(reports))
    redraw(desk)
    done = desk.project.run("eval", "write", "--quiet")
    assert done.code == 2
    assert "sensitivity is a share, from 0 to 1" in done.err


def test_what_cannot_be_read_at_the_base_is_nothing_known(desk: Desk) -> None:
    """Whoever mends it must get through the gate."""
    desk.begin()
    (desk.project.root / "evals/judges").mkdir(parents=True, exist_ok=True)
    (desk.project.root / TRUST).write_bytes(b"\xff\xfe no text")
    desk.project.commit("Spoiled")
    desk.project.git("checkout", "--quiet", "-b", "topic")
    (desk.project.root / TRUST).unlink()
    desk.measure()
    redraw(desk)
    desk.project.commit("Mended")
    done = desk.project.run("gate", "--quiet", "--format", "json")
    assert done.code == 0, done.err
    (report,) = done.value["reports"]
    assert report["metrics"][0]["role"] == "observe"
    assert "counts once it is merged" in report["metrics"][0]["note"]


def test_what_a_file_of_trust_says_is_shown_inert(desk: Desk) -> None:
    desk.judging = lambda text, right, chance: right or chance.random() < 0.9
    desk.begin()
    desk.measure()
    reports = json.loads((desk.project.root / TRUST).read_text())
    assert reports[0]["standing"] == "observes"
    reports[0]["reasons"] = ["\x1b[2J\x1b]0;owned\x07 <script>alert(1)</script> ![x](//e.example)"]
    reports[0]["settle"] = "\u202eruof"
    desk.project.write(TRUST, json.dumps(reports))
    redraw(desk)
    for format_ in ("terminal", "markdown", "html", "junit", "csv"):
        done = desk.project.run("eval", "write", "--quiet", "--format", format_)
        assert done.code == 0, done.err
        assert "owned" in done.out or format_ == "csv"
        for bad in ("\x1b[2J", "\x07", "\u202e"):
            assert bad not in done.out, format_
        assert format_ not in {"html", "junit"} or "<script>alert" not in done.out


# -- a changed judge beside kept answers


@pytest.mark.parametrize(
    ("change", "asks"),
    [
        ("rubric", True),
        ("model in the suite", True),
        ("model in the judge", True),
        ("another panel", True),
        ("worth of labels in the judge", True),
        ("worth of labels in the suite", False),
    ],
)
def test_a_changed_judge_rejudges_both_sides_and_draws_no_answer(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, change: str, *, asks: bool
) -> None:
    def answer(asked: Asked) -> Answer:
        if not asked.model.startswith("judge"):
            return "good 1" if "anew" in asked.last_user else "poor 2"
        right = "good" in asked.last_user
        return json.dumps({"explanation": "Seen.", "verdict": "right" if right else "wrong"})

    monkeypatch.setattr(desk.server, "script", answer)
    suite = SUITE + "gate: {trust: warn}\n"
    desk.begin(suite)
    redraw(desk)
    _, before = desk.evaluate()
    judge, path = JUDGE, "prompts/judges/right.yaml"
    if change == "rubric":
        judge = JUDGE.replace("is right.", "is right, to the letter.")
    elif change == "model in the judge":
        judge = JUDGE.replace("openai/judge", "openai/judge-b")
    elif change == "worth of labels in the judge":
        judge = JUDGE.replace("wrong: 0", "wrong: 0.25")
    elif change == "worth of labels in the suite":
        suite = suite.replace("judges/right}", "judges/right, labels: {right: 1, wrong: 0.25}}")
    elif change == "model in the suite":
        suite = suite.replace("judges/right}", "judges/right, model: openai/judge-b}")
    else:
        suite = suite.replace("judges/right}", "judges/right, votes: 3}")
    desk.project.write(path, judge)
    desk.project.write("evals/write.yaml", suite)
    desk.server.requests.clear()
    _, after = desk.evaluate()
    asked = [each.model for each in desk.server.chats]
    assert "writer" not in asked
    assert bool(asked) == asks
    assert "scorer right changed since the last run" in after["changes"]
    assert after["metrics"][0]["pairs"] == before["metrics"][0]["pairs"]
    if change.startswith("worth"):
        assert after["metrics"][0]["baseline"] == 0.25
