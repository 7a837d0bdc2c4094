"""What is measured of a judge and what a run asks it again are the same questions, counted once."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter

import pytest

from tests.functional import judged_desk
from tests.functional.judged_desk import CASES, SUITE, Desk
from tests.functional.judged_project import JUDGE, answer, judge_of, label, lines
from tests.functional.test_judge_check import PAIR_JUDGE, PAIR_SUITE
from tests.functional.test_judge_drift import TRUST, redraw, today
from tests.loopback import Answer, Asked, completion, error

CHANGED = "its judge changed"
LEFT = "whose answers changed since"
ASKING = (
    JUDGE.replace("fence: {type: string}}", "fence: {type: string}, question: {type: string}}")
    .replace("{{ fence }}\\n{{ answer", "{{ question }}\\n{{ fence }}\\n{{ answer")
    .replace("{right: 1, wrong: 0}", "{right: 1, poor: 0.25, wrong: 0}")
    .replace("[right, wrong]", "[right, poor, wrong]")
)


desk = judged_desk.desk


@pytest.mark.parametrize("moved", ["w0", "anew"], ids=["another case", "another question"])
def test_a_judge_that_did_not_change_is_not_said_to(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, moved: str
) -> None:
    """Its word on what is no answer depends on the question; first labelled is another case."""

    def judging(asked: Asked) -> Answer:
        found = re.search(r"\b(good|poor) \d+", asked.last_user)
        question = asked.last_user.split("\n", 1)[0]
        told = {"good": "right", "poor": "wrong"}.get(found[1] if found else "", "wrong")
        poor = re.search(rf"\b{moved}\b", question) and told == "wrong"
        return json.dumps({"explanation": "Seen.", "verdict": "poor" if poor else told})

    desk.answered_by = judging
    desk.begin()
    desk.project.write("prompts/judges/right.yaml", ASKING)
    marked = desk.labelled(newer=False, cases=range(7, CASES))
    desk.project.write("evals/write.labels.jsonl", lines(marked))
    desk.measure()
    redraw(desk)
    today(monkeypatch, 1)
    _, report = desk.evaluate()
    assert not any(CHANGED in each for each in report["warnings"]), report["warnings"]


def test_a_judge_that_could_not_be_asked_in_a_run_is_asked_again(desk: Desk) -> None:
    desk.begin()

    def refusing(asked: Asked) -> Answer:
        return error(400, "no such request") if "poor" in asked.last_user else good

    good = json.dumps({"explanation": "Seen.", "verdict": "right"})
    desk.answered_by = refusing
    _, ran = desk.evaluate("--alone")
    assert ran["metrics"][0]["unscorable"] > 0
    desk.answered_by = None
    done = desk.project.run("judge", "check", "judges/right", "--format", "json")
    (report,) = done.value
    assert (report["failed"], report["answers"]) == (0, CASES), done.err


def test_a_zero_for_an_answer_that_failed_by_itself_is_no_word_of_the_judge(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run gives a cut answer nothing, and asks nobody; this judge would let every one pass."""
    own = desk.answer
    monkeypatch.setattr(
        desk.server,
        "script",
        lambda asked: (
            own(asked)
            if asked.model == "judge"
            else completion(str(own(asked)), finish_reason="length")
        ),
    )
    desk.judging = judge_of(1, 0)
    desk.begin(SUITE + "truncated: fail\n")
    desk.project.run("eval", "write", "--alone", "--quiet")
    done = desk.project.run("judge", "check", "judges/right", "--format", "json")
    (report,) = done.value
    assert report["confusion"]["judge_no"] == 0, done.err
    assert report["confusion"]["judge_yes"] > 0


def test_a_pair_that_two_runs_have_counts_once(desk: Desk) -> None:
    project, cases = desk.project, 30
    desk.begin(PAIR_SUITE)
    project.write("prompts/judges/better.yaml", PAIR_JUDGE)
    rows = [{"id": f"c{at}", "word": f"w{at}"} for at in range(cases)]
    project.write("evals/write.jsonl", lines(rows))
    (project.root / "evals/write.labels.jsonl").unlink()
    project.commit("Pairs")
    desk.newer()
    desk.answered_by = lambda asked: json.dumps({"explanation": "Seen.", "verdict": "first"})
    desk.evaluate()
    project.write("evals/write.yaml", PAIR_SUITE + "gate: {alpha: 0.04}\n")
    desk.evaluate()
    assert len(project.run("runs", "-f", "json").value["runs"]) == 2
    gone = {"kind": "pair", "metric": "better", "case": "c0", "first": "a" * 64}
    said = {"second": "b" * 64, "better": "first", "reviewer": "Ana Ficta"}
    when = {"at": "2026-05-01T10:00:00+00:00", "chosen": "uniform"}
    project.write("evals/write.labels.jsonl", lines([gone | said | when]))
    (report,) = project.run("judge", "check", "judges/better", "--format", "json").value
    assert report["missing"] == 1
    assert {each["size"] for each in report["position"]} == {cases}


def test_labels_that_all_were_left_behind_are_told(desk: Desk) -> None:
    """No pair is known any more: that is no smaller loss than a part of them."""
    desk.begin()
    desk.newer()
    desk.evaluate()
    both = [
        *desk.labelled(newer=False, cases=range(60)),
        *desk.labelled(newer=True, cases=range(60)),
    ]
    desk.project.write("evals/write.labels.jsonl", lines(both))
    _, report = desk.evaluate()
    assert not any(LEFT in each for each in report["warnings"])
    desk.changed = range(CASES)
    redraw(desk, "Tell")
    _, report = desk.evaluate()
    assert any(f"people labelled 60 cases {LEFT}" in each for each in report["warnings"])


def test_labels_of_samples_that_a_shorter_run_does_not_have_are_not_left_behind(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked_of: Counter[str] = Counter()
    texts: dict[tuple[bool, int, int], str] = {}

    def write(asked: Asked) -> Answer:
        number, newer = (
            int(asked.last_user.rsplit("w", 1)[1].rstrip(".")),
            "anew" in asked.last_user,
        )
        index = asked_of[asked.last_user]
        asked_of[asked.last_user] += 1
        texts[newer, number, index] = answer(number, right=index == 0, words=3 + 9 * newer)
        return texts[newer, number, index]

    own = desk.answer
    monkeypatch.setattr(
        desk.server, "script", lambda asked: own(asked) if asked.model == "judge" else write(asked)
    )
    desk.begin(SUITE.replace("samples: 1", "samples: 2") + "gate: {alpha: 0.000001}\n")
    (desk.project.root / "evals/write.labels.jsonl").unlink()
    desk.newer()
    desk.evaluate()
    marked = [
        label(f"c{at}", texts[newer, at, at % 2], right=at % 2 == 0)
        for at in range(CASES)
        for newer in (False, True)
    ]
    desk.project.write("evals/write.labels.jsonl", lines(marked))
    desk.project.write("evals/write.yaml", SUITE)
    _, report = desk.evaluate()
    assert not any(LEFT in each for each in report["warnings"]), report["warnings"]
    assert report["metrics"][0]["labels"] == CASES // 2


def test_what_was_recorded_while_a_judge_had_changed_is_found_when_it_is_replayed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.begin()
    desk.measure()
    redraw(desk)
    today(monkeypatch, 1)
    desk.judging, desk.seed = judge_of(1, 0.2), 5
    _, before = desk.evaluate("--record")
    shutil.rmtree(desk.project.root / ".promptops")
    _, after = desk.evaluate("--replay")
    told = [(each["metrics"][0]["delta"], each["verdict"]) for each in (before, after)]
    assert told[0] == told[1] == (told[0][0], "regressed")
    assert not any("the recording lacks" in each for each in after["warnings"])


def test_what_a_judge_said_while_it_was_another_measures_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once it is again as it was; those answers are in that one run alone."""
    desk.begin()
    desk.measure()
    redraw(desk)
    today(monkeypatch, 1)
    desk.judging = judge_of(1, 0)
    _, report = desk.evaluate()
    assert any(CHANGED in each for each in report["warnings"])
    marked = desk.labelled(newer=True, cases=range(CASES))
    short = [each | {"text": each["text"][:4]} for each in marked]
    today(monkeypatch, 2)
    desk.judging, desk.changed = judge_of(1, 1), range(CASES)
    redraw(desk, "Tell")
    desk.evaluate()
    desk.project.write("evals/write.labels.jsonl", lines(short))
    (report,) = desk.project.run("judge", "check", "judges/right", "--format", "json").value
    assert (report["answers"] > 50, report["confusion"]["judge_yes"]) == (True, 0)


def test_a_judge_that_changed_stays_so_while_nobody_can_tell(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second edit puts another question to it: what it said to the old one cannot be asked."""
    desk.share = (0.7, 0.7)
    desk.begin()
    desk.project.write("prompts/judges/right.yaml", ASKING)
    desk.measure()
    path = desk.project.root / "prompts/write.yaml"
    path.write_text(path.read_text().replace("inputs:", "params: {temperature: 0.5}\ninputs:"))
    today(monkeypatch, 1)
    desk.judging = judge_of(1, 0)
    _, report = desk.evaluate()
    assert any(CHANGED in each for each in report["warnings"])
    today(monkeypatch, 2)
    redraw(desk)
    _, report = desk.evaluate()
    assert report["metrics"][0]["baseline"] == report["metrics"][0]["candidate"] == 1


def test_canaries_that_an_older_measure_lacks_are_planned_for(desk: Desk) -> None:
    desk.begin()
    desk.measure()
    redraw(desk)
    (whole,) = desk.project.run("plan", "write", "--format", "json").value["plans"]
    kept = json.loads((desk.project.root / TRUST).read_text())
    desk.project.write(TRUST, json.dumps([each | {"canaries": []} for each in kept]))
    (less,) = desk.project.run("plan", "write", "--format", "json").value["plans"]
    assert less["judge_calls"] == whole["judge_calls"]


def test_a_canary_is_compared_in_a_run_of_other_cases_too(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Canaries are answers to the first case of the suite, and not of what is run of it."""
    mild = False

    def judging(asked: Asked) -> Answer:
        found = re.search(r"\b(good|poor) \d+", asked.last_user)
        told = {"good": "right", "poor": "wrong"}.get(found[1]) if found else None
        verdict = told or ("poor" if mild else "wrong")
        return json.dumps({"explanation": "Seen.", "verdict": verdict})

    desk.answered_by = judging
    desk.begin()
    desk.project.write("prompts/judges/right.yaml", ASKING)
    desk.measure()
    path = desk.project.root / "prompts/write.yaml"
    path.write_text(path.read_text().replace("inputs:", "params: {temperature: 0.5}\ninputs:"))
    today(monkeypatch, 1)
    mild = True
    _, report = desk.evaluate("--tag", "t1")
    (told,) = (each for each in report["warnings"] if CHANGED in each)
    assert "canary 'an order' 0 → 0.25" in told
