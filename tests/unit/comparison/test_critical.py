import pytest

from promptops.comparison.critical import broken_critical
from promptops.comparison.ledger import ARMS, Ledger
from promptops.comparison.policy import Metric

EXACT, TONE = Metric("exact", "gate", 1.0), Metric("tone", "gate", 1.0)


def ledger(before, after, name="exact"):
    """One case; None is a sample that was lost."""
    made = Ledger(1, len(before), ["exact", "tone"])
    for arm, scores in zip(ARMS, (before, after), strict=True):
        for index, score in enumerate(scores):
            if score is None:
                made.lost(arm, 0, index)
            else:
                made.score(arm, name, 0, index, score)
    return made


@pytest.mark.parametrize(
    ("before", "after", "broken"),
    [
        ([1, 1, 1], [0, 0, 1], True),
        ([1, 1, 1], [0, 1, 1], False),
        ([1, 1, 1, 1], [0, 0, 1, 1], False),
        ([1, 1, 0], [0, 0, 0], False),
        ([0.5, 1], [0.49, 0.4], True),
        ([1, 1], [0.5, 0.5], False),
        ([1, None, 1], [0, None, 0], True),
        ([None, None], [0, 0], False),
        ([1, 1], [None, None], False),
        ([1, 1, 1], [0, None, None], True),
    ],
)
def test_a_case_breaks_when_it_held_always_and_now_fails_mostly(before, after, broken):
    found = broken_critical(ledger(before, after), [EXACT], [(0, "c-7")])
    assert found == (["c-7"] if broken else [])


def test_one_gating_metric_that_breaks_is_enough():
    made = ledger([1, 1], [0, 0], "tone")
    assert broken_critical(made, [EXACT, TONE], [(0, "c-7")]) == ["c-7"]
    assert broken_critical(made, [EXACT], [(0, "c-7")]) == []


def test_only_the_cases_that_are_named_gate():
    made = Ledger(3, 1, ["exact"])
    for case in range(3):
        made.score("baseline", "exact", case, 0, 1)
        made.score("candidate", "exact", case, 0, 0)
    assert broken_critical(made, [EXACT], [(2, "last"), (0, "first")]) == ["last", "first"]
    assert broken_critical(made, [EXACT], []) == []
