"""Judges that gate only where they are known to be right; labels that have the last word; drift."""

from __future__ import annotations

import json
import random
import shutil
from datetime import UTC, datetime
from typing import Any

import pytest

from promptops.engine.judging import drift
from tests.functional import judged_desk
from tests.functional.judged_desk import CASES, FRESH, PROMPT, SUITE, Desk
from tests.functional.judged_project import JUDGE, judge_of, lines

desk = judged_desk.desk


# -- whether a judge may gate


def test_a_judge_that_nobody_measured_observes_and_the_report_says_why(desk: Desk) -> None:
    desk.begin()
    desk.newer()
    done, report = desk.evaluate()
    (metric,) = report["metrics"]
    assert (done.code, report["verdict"]) == (0, "inconclusive")
    assert (metric["role"], metric["verdict"]) == ("observe", None)
    assert metric["delta"] < -0.1  # both versions are compared all the same
    why = (
        "observes, and does not gate: its agreement with people was not measured;"
        " promptops judge check judges/right --write  measures it"
    )
    assert metric["note"] == why
    assert report["reasons"] == [f"right {why}"]
    assert report["next_step"] is None
    changed = {case["change"] for case in report["cases"]}
    assert "broken" in changed
    desk.project.write("evals/write.yaml", SUITE + "gate: {inconclusive: fail}\n")
    done, report = desk.evaluate()
    assert done.code == report["exit_code"] == 3


@pytest.mark.parametrize("format_", ["terminal", "markdown", "html", "junit"])
def test_every_format_shows_a_suite_in_which_nothing_gates(desk: Desk, format_: str) -> None:
    desk.begin()
    desk.newer()
    done = desk.project.run("eval", "write", "--quiet", "--format", format_)
    assert done.code == 0, done.err
    assert "not measured" in " ".join(done.out.split())


def test_a_measured_judge_gates_until_its_rubric_changes(desk: Desk) -> None:
    desk.begin()
    desk.measure()
    desk.newer()
    done, report = desk.evaluate()
    (metric,) = report["metrics"]
    assert (done.code, report["verdict"], metric["role"]) == (1, "regressed", "gate")
    assert "a pass keeps a margin of 4 points" in metric["note"]
    assert "not measured" not in metric["note"]
    desk.project.write("prompts/judges/right.yaml", JUDGE.replace("is right.", "is right, really."))
    done, report = desk.evaluate()
    assert done.code == 0
    assert "since the judge, its options or its model changed" in report["reasons"][0]


def test_a_judge_below_the_bar_observes_and_another_scorer_decides(desk: Desk) -> None:
    desk.judging = judge_of(0.98, 0.3)
    more = '  begins: {type: regex, pattern: "^good"}\n'
    desk.begin(SUITE + more)
    desk.measure()
    desk.newer()
    done, report = desk.evaluate()
    right, begins = report["metrics"]
    assert (right["role"], begins["role"], begins["verdict"]) == ("observe", "gate", "regressed")
    assert done.code == 1
    assert "it agrees too little with people" in right["note"]


def test_trust_warn_lets_it_gate_and_says_so(desk: Desk) -> None:
    desk.begin(SUITE + "gate: {trust: warn}\n")
    desk.newer()
    done, report = desk.evaluate()
    (metric,) = report["metrics"]
    assert (done.code, metric["role"], metric["verdict"]) == (1, "gate", "regressed")
    assert metric["note"].startswith("gates, though it should only observe: its agreement")


def test_a_change_does_not_bring_its_own_trust(desk: Desk) -> None:
    desk.begin()
    desk.project.git("checkout", "--quiet", "-b", "topic")
    desk.measure()
    desk.newer()
    desk.project.commit("Worse, and whoever says so may gate")
    done = desk.project.run("gate", "--quiet", "--format", "json")
    (report,) = done.value["reports"]
    assert (done.code, report["metrics"][0]["role"]) == (0, "observe")
    assert "counts once it is merged" in report["metrics"][0]["note"]
    desk.project.git("checkout", "--quiet", "main")
    desk.project.git("checkout", "--quiet", "topic", "--", "evals/judges/right.trust.json")
    desk.project.commit("Measured")
    desk.project.git("checkout", "--quiet", "-b", "later")
    desk.newer()
    desk.project.commit("Worse")
    done = desk.project.run("gate", "--quiet", "--format", "json")
    (report,) = done.value["reports"]
    assert (done.code, report["metrics"][0]["role"]) == (1, "gate")


def test_a_file_of_trust_that_is_none_is_told_before_anything_is_spent(desk: Desk) -> None:
    desk.begin()
    desk.project.write("evals/judges/right.trust.json", "[{}]")
    desk.newer()
    done = desk.project.run("eval", "write", "--quiet")
    assert done.code == 2
    assert "not a file of measured trust" in done.err
    assert desk.server.chats == []


# -- labels have the last word


def lenient_to_the_newer(text: str, right: bool, chance: random.Random) -> bool:
    del chance
    return right or FRESH in text


def with_labels(desk: Desk, chosen: str = "uniform", pairs: int = 80) -> None:
    """People label both answers of some pairs; the judge was measured on older ones."""
    desk.judging = lenient_to_the_newer
    desk.begin()
    desk.newer()
    desk.evaluate()  # nothing gates yet, so that everything is drawn, and can be labelled
    desk.measure()
    drawn = random.Random(7).sample(range(CASES), pairs)
    more = [desk.labelled(newer=True, cases=range(at, at + 1), chosen=chosen)[0] for at in drawn]
    older = desk.labelled(newer=False, cases=range(CASES))
    desk.project.write("evals/write.labels.jsonl", lines([*older, *more]))


def test_labels_put_right_a_judge_that_is_lenient_to_one_version(desk: Desk) -> None:
    with_labels(desk)
    done, report = desk.evaluate()
    (metric,) = report["metrics"]
    assert metric["delta"] > 0.05
    low, high = metric["corrected_interval"]
    assert low <= desk.truth() <= high < 0
    assert metric["corrected_delta"] < -0.1
    assert metric["labels"] == 80
    assert (done.code, report["verdict"], metric["verdict"]) == (1, "regressed", "regressed")
    assert f"right, by people's labels of {metric['labels']} pairs, fell by" in report["reasons"][0]


def test_labels_have_their_say_where_no_answer_is_kept(desk: Desk) -> None:
    """As in a build: the judge is soon sure, and the labelled answers are drawn again first."""
    with_labels(desk, pairs=54)
    shutil.rmtree(desk.project.root / ".promptops")
    done, report = desk.evaluate()
    (metric,) = report["metrics"]
    assert 50 <= metric["labels"] <= 54, "by the judge alone it is clear sooner"
    assert metric["delta"] > 0.05
    assert metric["corrected_interval"][1] < 0
    assert (done.code, report["verdict"]) == (1, "regressed")


def test_few_labels_are_not_waited_for(desk: Desk) -> None:
    with_labels(desk, pairs=40)
    shutil.rmtree(desk.project.root / ".promptops")
    done, report = desk.evaluate()
    assert report["metrics"][0]["pairs"] < CASES
    assert (done.code, report["verdict"]) == (0, "improved")


def test_labels_that_were_not_drawn_at_random_correct_nothing(desk: Desk) -> None:
    with_labels(desk, chosen="informative")
    done, report = desk.evaluate()
    (metric,) = report["metrics"]
    assert (metric["corrected_delta"], metric["labels"]) == (None, 0)
    assert (done.code, report["verdict"]) == (0, "improved")
    (told,) = [each for each in report["warnings"] if "at random" in each]
    assert told.startswith("right: 80 labels of answers that were not drawn at random")


def test_labels_of_what_an_earlier_attempt_said_alike_correct_nothing(desk: Desk) -> None:
    """What came again in the same words is what did not change: it says nothing of the rest."""
    desk.share = (0.8, 0.8)
    with_labels(desk)
    desk.changed = range(0, CASES, 3)
    newest = PROMPT.format(version=2, verb="Write quite anew")
    desk.project.write("prompts/write.yaml", newest)
    desk.project.write("evals/write.yaml", SUITE.replace("right}", "right, model: openai/judge}"))
    desk.evaluate()  # as another judge it only observes, and everything is drawn
    desk.project.write("evals/write.yaml", SUITE)
    done, report = desk.evaluate()
    (metric,) = report["metrics"]
    assert 50 <= metric["labels"] < 80
    assert desk.truth() < -0.15
    assert (metric["corrected_delta"], metric["corrected_interval"]) == (None, None)
    (told,) = [each for each in report["warnings"] if "changed since" in each]
    assert told.startswith(f"right: people labelled {80 - metric['labels']} cases whose answers")
    assert done.code == report["exit_code"]
    # Asked again about the same cases, people make it whole.
    again = [desk.labelled(newer=True, cases=range(at, at + 1))[0] for at in desk.changed]
    labels = desk.project.root / "evals" / "write.labels.jsonl"
    labels.write_text(labels.read_text() + lines(again))
    _, report = desk.evaluate()
    (metric,) = report["metrics"]
    low, high = metric["corrected_interval"]
    assert low <= desk.truth() <= high < 0


def test_labels_against_a_judge_that_only_observes_are_told(desk: Desk) -> None:
    with_labels(desk)
    desk.project.write("evals/write.yaml", SUITE.replace("right}", "right, model: openai/judge}"))
    done, report = desk.evaluate()
    (metric,) = report["metrics"]
    assert (done.code, metric["role"]) == (0, "observe")
    assert metric["corrected_delta"] < -0.1
    (told,) = [each for each in report["warnings"] if "by people's labels" in each]
    assert told.startswith("right only observes, and fell by people's labels of")


def test_what_labels_leave_open_is_open(desk: Desk) -> None:
    desk.share = (0.8, 0.8)
    with_labels(desk)
    done, report = desk.evaluate()
    (metric,) = report["metrics"]
    assert metric["delta"] > 0
    assert (done.code, metric["verdict"], report["verdict"]) == (0, "inconclusive", "inconclusive")
    assert "more labels of this kind would settle it" in report["reasons"][0]
    assert report["next_step"] is None


# -- judges that change


def today(monkeypatch: pytest.MonkeyPatch, day: int) -> None:
    """Runs take place on this day of June 2031."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Clock:
            return cls(2031, 6, day, tzinfo=tz or UTC)

    monkeypatch.setattr(drift, "datetime", Clock)


def redrawn(desk: Desk, verb: str) -> Any:
    """A run that has to ask."""
    desk.project.write("prompts/write.yaml", PROMPT.format(version=2, verb=f"{verb} anew"))
    return desk.evaluate()


def test_a_judge_is_asked_what_is_known_of_it_once_a_day(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.begin()
    desk.measure()
    (kept,) = json.loads((desk.project.root / "evals/judges/right.trust.json").read_text())
    assert len(kept["examples"]) == 10
    assert {each["people"] for each in kept["examples"]} == {0.0, 1.0}
    known = 10 + 3  # three canaries have no content and ask nobody
    today(monkeypatch, 1)
    _, report = redrawn(desk, "Write")
    assert report["warnings"] == []
    first = desk.judged()
    asked = {str(each.body) for each in desk.server.chats if each.model == "judge"}
    assert first - len(asked) == known
    desk.evaluate()
    assert desk.judged() == first  # a run that is kept asks nobody
    redrawn(desk, "Tell")
    second = desk.judged()
    today(monkeypatch, 2)
    redrawn(desk, "Talk")
    assert desk.judged() - second >= known


def test_a_judge_that_changed_is_told_before_any_verdict(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.begin()
    desk.measure()
    today(monkeypatch, 1)
    desk.judging = judge_of(1, 0)
    done, report = redrawn(desk, "Write")
    told = report["warnings"][0]
    assert told.startswith("right: its judge changed since it was measured on 20")
    assert "5 of 16 known answers are judged otherwise" in told
    assert "0 → 1" in told
    assert report["verdict"] != "invalid"
    assert done.code == report["exit_code"]


def test_a_judge_that_lets_a_canary_pass_means_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.begin()
    desk.measure()
    today(monkeypatch, 1)
    desk.credulous = True
    done, report = redrawn(desk, "Write")
    (metric,) = report["metrics"]
    assert (done.code, report["verdict"], metric["verdict"]) == (3, "invalid", "invalid")
    assert report["reasons"][0].startswith("right: its judge lets pass what no judge may: canary")
    assert any("its scores mean nothing" in each for each in report["warnings"])
    done, report = desk.evaluate("--alone", "--tag", "t0")
    assert report["baseline"] is None


def test_a_budget_holds_for_what_is_asked_again_too(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.begin()
    desk.measure()
    today(monkeypatch, 1)
    desk.project.write("evals/write.yaml", SUITE + "budget: {calls: 5}\n")
    before = len(desk.server.chats)
    done, report = redrawn(desk, "Write")
    assert (done.code, report["verdict"]) == (3, "invalid")
    assert len(desk.server.chats) - before <= 5
