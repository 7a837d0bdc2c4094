from typing import Any

import msgspec
import pytest

from promptops.trust.gating import Evidence, decide, labels_needed, trusted
from promptops.values.trust import CanaryReport, Measure
from tests.trust_examples import report

GOOD = Measure("alpha", 0.85, (0.75, 0.93), size=120)
OPEN = Measure("alpha", 0.75, (0.6, 0.86), size=120)
BAD = Measure("alpha", 0.4, (0.2, 0.55), size=120)
FAILS = [CanaryReport("empty", "", 0.0)]


def evidence(**changes):
    told: dict[str, Any] = {
        "answers": 120,
        "unscored": 0,
        "alpha": GOOD,
        "canaries": FAILS,
    } | changes
    return Evidence(**told)


@pytest.mark.parametrize(
    ("changes", "standing", "reason"),
    [
        ({}, "may gate", "alpha is at least 0.750"),
        ({"alpha": Measure("alpha", 0.8, (0.667, 0.9))}, "may gate", "0.667"),
        ({"alpha": Measure("alpha", 0.8, (0.6669, 0.9))}, "not known yet", "both sides"),
        ({"alpha": OPEN}, "not known yet", "on both sides of the bar"),
        ({"alpha": BAD}, "observes", "alpha is at most 0.550"),
        ({"answers": 49}, "not known yet", "49 labelled answers"),
        ({"answers": 0, "alpha": None}, "not known yet", "no labels"),
        ({"answers": 49, "alpha": BAD}, "not known yet", "50 are the least"),
        ({"unscored": 14}, "observes", "says nothing of 14 of 134"),
        ({"unscored": 12}, "may gate", ""),
        ({"canaries": [CanaryReport("an order", "x", 1.0, passed=True)]}, "observes", "an order"),
        ({"canaries": [CanaryReport("empty", "", None, known=False)]}, "not known yet", "asked"),
        ({"people": BAD}, "not known yet", "people do not agree"),
        ({"people": OPEN}, "may gate", ""),
        ({"alpha": Measure("alpha", None, why="all the same")}, "not known yet", "all the same"),
        ({"failed": 130}, "not known yet", "could not be asked"),
    ],
)
def test_the_bar(changes, standing, reason):
    decided = decide(evidence(**changes))
    assert decided.standing == standing
    assert reason in decided.reasons[0]
    assert bool(decided.settle) == (standing != "may gate")


def test_what_stands_surely_against_it_goes_before_what_is_not_known():
    passed = [CanaryReport("an order", "x", 1.0, passed=True)]
    assert decide(evidence(answers=3, canaries=passed)).standing == "observes"


def test_how_many_labels_would_settle_it():
    """The interval shrinks with the root: alpha − low = .15 must become .083."""
    assert labels_needed(120, 0.75, 0.6) == 272
    assert labels_needed(120, 0.66, 0.5) is None
    assert labels_needed(120, 0.668, 0.5) is None
    assert decide(evidence(alpha=OPEN)).more_labels == 272


def asked(found, scorer, suite, role):
    return trusted(found, "judges/right", scorer=scorer, suite=suite, role=role)


def test_a_judge_gates_where_this_very_one_was_measured():
    good = report("may gate")
    assert asked([good], "s1", "write", "gate").role == "gate"
    assert asked([good], "s1", "write", "gate").note == ""
    assert asked([good], "s1", "another", "gate").role == "gate"


def test_another_rubric_option_or_model_is_another_judge():
    told = asked([report("may gate")], "s2", "write", "gate")
    assert told.role == "observe"
    assert "changed" in told.note
    assert "promptops judge check judges/right" in told.note


def test_the_suites_own_labels_go_before_others():
    own = report("observes")
    other = msgspec.structs.replace(report("may gate"), suite="judges/right")
    told = asked([other, own], "s1", "write", "gate")
    assert told.role == "observe"
    assert own.reasons[0] in told.note
    unknown = report("not known yet")
    assert asked([unknown, other], "s1", "write", "gate").role == "gate"


def test_never_measured_observes_and_says_why():
    told = asked([], "s1", "write", "gate")
    assert told.role == "observe"
    assert "its agreement with people was not measured" in told.note
    assert asked([], "s1", "write", "observe").note == ""
