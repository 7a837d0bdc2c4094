"""Judges that err in known ways, end to end: what a run says, and what people's labels make of it.

The newer version is worse by a known amount.  Each judge answers over HTTP behind the real litellm;
people, who know, labelled both answers of some pairs that were drawn at random.
"""

from __future__ import annotations

import json
import random
import re
from typing import Any

import pytest

from promptops.values.label import output_digest
from promptops.values.response import Response
from tests.functional import judged_desk
from tests.functional.judged_desk import CASES, FRESH, SUITE, Desk
from tests.functional.judged_project import ANSWER, endpoint, judge_of, lines
from tests.loopback import Asked, Script

LET = SUITE + "gate: {trust: warn}\n"
LABELLED = 80


desk = judged_desk.desk


def with_labels(desk: Desk) -> None:
    """Everything is drawn and judged; people label both answers of 80 of 120 pairs."""
    desk.begin()
    desk.newer()
    desk.evaluate()  # nothing gates yet, so that everything is drawn
    drawn = random.Random(7).sample(range(CASES), LABELLED)
    both = [
        desk.labelled(newer=newer, cases=range(at, at + 1))[0]
        for at in drawn
        for newer in (False, True)
    ]
    desk.project.write("evals/write.labels.jsonl", lines(both))
    desk.project.write("evals/write.yaml", LET)


def checked(desk: Desk, *options: str, name: str = "right") -> dict[str, Any]:
    done = desk.project.run("judge", "check", f"judges/{name}", "--format", "json", *options)
    assert done.code == 0, done.err
    report: dict[str, Any] = done.value[0]
    return report


def measure_of(report: dict[str, Any], name: str) -> dict[str, Any]:
    return next(each for each in report["agreement"] if each["name"] == name)


def covers(interval: list[float], truth: float) -> bool:
    return interval[0] <= truth <= interval[1]


def lenient(text: str, right: bool, chance: random.Random) -> bool:
    """It lets everything pass that the newer version wrote."""
    del chance
    return right or FRESH in text


def loves_length(text: str, right: bool, chance: random.Random) -> bool:
    """The longer, the likelier it lets a wrong answer pass."""
    return right or chance.random() < (len(text) - 40) / 100


@pytest.mark.parametrize("judging", [lenient, loves_length])
def test_the_judge_reports_a_gain_and_labels_the_drop(desk: Desk, judging: Any) -> None:
    desk.judging, desk.wordy = judging, True
    desk.share = (0.8, 0.55) if judging is lenient else (0.7, 0.55)
    with_labels(desk)
    done, report = desk.evaluate()
    (metric,) = report["metrics"]
    assert desk.truth() < -0.1
    assert metric["delta"] > 0  # so says the judge alone
    assert metric["labels"] == LABELLED
    assert covers(metric["corrected_interval"], desk.truth())
    assert metric["corrected_interval"][1] < 0
    assert (done.code, metric["verdict"], report["verdict"]) == (1, "regressed", "regressed")
    assert "by people's labels" in report["reasons"][0]


def test_what_makes_a_judge_err_is_reported(desk: Desk) -> None:
    """Length is found, beside people's word; what was judged in the run is not asked again."""
    desk.judging, desk.wordy, desk.share = loves_length, True, (0.7, 0.55)
    with_labels(desk)
    report = checked(desk)
    assert (report["answers"], report["calls"]) == (2 * LABELLED, 3)  # canaries alone
    assert report["standing"] == "observes"
    assert report["length"]["interval"][0] > 0
    assert measure_of(report, "sensitivity")["value"] == 1
    assert measure_of(report, "specificity")["interval"][1] < 0.9


def moody(flips: float) -> Script:
    """A judge that knows, and says the opposite so often, anew at every call."""
    return endpoint(judge_of(1, 1), flaky=flips)


def test_a_flaky_judge_sees_less_of_a_drop_and_labels_see_it_whole(desk: Desk) -> None:
    desk.answered_by = moody(0.2)
    with_labels(desk)
    done, report = desk.evaluate()
    (metric,) = report["metrics"]
    assert desk.truth() < metric["delta"] < 0  # it only shrinks, by .6
    assert covers(metric["corrected_interval"], desk.truth())
    assert metric["corrected_delta"] < metric["delta"]
    assert (done.code, metric["verdict"]) == (1, "regressed")
    told = checked(desk, "--repeat", "3")["consistency"]
    assert told["size"] == 2 * LABELLED
    assert covers(told["interval"], 2 * 0.2 * 0.8)


def test_a_broken_judge_is_no_verdict_and_never_a_zero(desk: Desk) -> None:
    desk.answered_by = lambda _: "I would rather talk of the weather."
    with_labels(desk)
    done, report = desk.evaluate()
    (metric,) = report["metrics"]
    assert (done.code, report["verdict"], metric["verdict"]) == (3, "invalid", "invalid")
    given = ("baseline", "candidate", "delta", "interval", "corrected_delta")
    assert [metric[name] for name in given] == [None] * 5
    assert all(case["baseline"] is None for case in report["cases"])
    told = checked(desk)
    assert (told["standing"], told["answers"], told["unscored"]) == ("observes", 0, 2 * LABELLED)
    assert all(each["value"] is None for each in told["agreement"])


def test_a_judge_that_breaks_on_one_version_alone_is_no_verdict_either(desk: Desk) -> None:
    honest = endpoint(judge_of(1, 1))

    def script(asked: Asked) -> Any:
        return "Well." if FRESH in asked.last_user else honest(asked)

    desk.answered_by = script
    with_labels(desk)
    done, report = desk.evaluate()
    (metric,) = report["metrics"]
    assert (done.code, report["verdict"]) == (3, "invalid")
    assert (metric["candidate"], metric["delta"]) == (None, None)


PAIR_JUDGE = """\
version: 1
change: A rubric.
model: openai/judge
params: {temperature: 0, max_tokens: 50}
inputs: {first: {type: string}, second: {type: string}, fence: {type: string}}
messages:
  - {role: user, content: "{{ fence }}\\nA: {{ first }}\\nB: {{ second }}\\n{{ fence }}"}
output:
  schema:
    type: object
    properties:
      explanation: {type: string}
      verdict: {type: string, enum: [first, second, tie]}
    required: [explanation, verdict]
    additionalProperties: false
"""
PAIR_SUITE = SUITE.replace("judge, prompt: judges/right", "pairwise, prompt: judges/better")
FIRST_WINS = 0.4


def loves_the_first(asked: Asked) -> str:
    """By the case, so often it names whichever stands first; else the right one, or a tie."""
    found = re.findall(r"(good|poor) (\d+)", asked.last_user)
    if len(found) != 2:  # a canary and a fine answer: it knows neither
        return json.dumps({"explanation": "It was looked at.", "verdict": "tie"})
    (one, number), (other, _) = found
    honest = "tie" if one == other else "first" if one == "good" else "second"
    biased = random.Random(f"place {number}").random() < FIRST_WINS
    verdict = "first" if biased else honest
    return json.dumps({"explanation": "It was looked at.", "verdict": verdict})


def test_a_judge_that_loves_the_first_place_is_seen_to_and_labels_put_it_right(desk: Desk) -> None:
    desk.answered_by = loves_the_first
    desk.project.write("prompts/judges/better.yaml", PAIR_JUDGE)
    desk.begin(PAIR_SUITE)
    desk.newer()
    desk.evaluate()
    labels = []
    for at in random.Random(7).sample(range(CASES), LABELLED):
        texts = [desk.text(at, newer=newer) for newer in (False, True)]
        one, other = (ANSWER.match(text) for text in texts)
        assert one
        assert other
        better = "tie" if one[1] == other[1] else "first" if one[1] == "good" else "second"
        first, second = (output_digest(Response(text)) for text in texts)
        labels.append(
            {"kind": "pair", "metric": "right", "case": f"c{at}", "first": first}
            | {"second": second, "better": better, "reviewer": "Ana Ficta"}
            | {"at": "2026-05-01T10:00:00+00:00", "chosen": "uniform"}
        )
    desk.project.write("evals/write.labels.jsonl", lines(labels))
    desk.project.write("evals/write.yaml", PAIR_SUITE + "gate: {trust: warn}\n")
    done, report = desk.evaluate()
    (metric,) = report["metrics"]
    assert desk.truth() < metric["delta"] < 0  # both orders are asked: the place only blurs
    assert metric["labels"] == LABELLED
    assert covers(metric["corrected_interval"], desk.truth())
    assert metric["corrected_delta"] < metric["delta"]
    assert (done.code, metric["verdict"]) == (1, "regressed")
    told = checked(desk, name="better")
    wins, flips = told["position"]
    assert (wins["size"], flips["size"]) == (CASES, CASES)
    assert covers(wins["interval"], FIRST_WINS / 2)
    assert covers(flips["interval"], FIRST_WINS)
