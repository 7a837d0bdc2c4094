import pytest

from promptops.comparison.critical import Critical, judge_critical
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


def judged(made, metrics, samples=None):
    return judge_critical(made, metrics, [(0, "c-7")], samples or made.samples)


@pytest.mark.parametrize(
    ("before", "after", "broken"),
    [
        ([1, 1, 1], [0, 0, 1], True),
        ([1, 1, 1], [0, 1, 1], False),
        ([1, 1, 1, 1], [0, 0, 1, 1], False),
        ([1, 1, 0], [0, 0, 0], False),
        ([0.5, 1], [0.49, 0.4], True),
        ([1, 1], [0.5, 0.5], False),
        ([1, 1, 1], [0, None, 0], True),
        ([1, None, 0], [0, None, 0], False),
    ],
)
def test_a_case_breaks_when_it_held_always_and_now_fails_mostly(before, after, broken):
    found = judged(ledger(before, after), [EXACT])
    assert found == Critical(["c-7"] if broken else [], [])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([1, None, 1], [0, 0, 0]),
        ([None, None], [0, 0]),
        ([1, 1], [None, None]),
        ([1, 1, 1], [0, None, None]),
        ([1, 1, 1, 1, 1], [0, 0, None, 1, 1]),
    ],
)
def test_where_the_lost_samples_decide_nobody_is_sure(before, after):
    assert judged(ledger(before, after), [EXACT]) == Critical([], ["c-7"])


def test_lost_samples_that_decide_nothing_change_nothing():
    assert judged(ledger([1] * 5, [0, None, 1, 1, 1]), [EXACT]) == Critical([], [])


def test_a_first_sample_that_fails_is_not_yet_most_of_the_plan():
    assert judged(ledger([1], [0]), [EXACT], samples=5).broken == []
    assert judged(ledger([1], [0]), [EXACT], samples=5).unsure == []


def test_one_gating_metric_that_breaks_is_enough():
    made = ledger([1, 1], [0, 0], "tone")
    assert judged(made, [EXACT, TONE]).broken == ["c-7"]
    assert judged(made, [EXACT]).broken == []


def test_only_the_cases_that_are_named_gate():
    made = Ledger(3, 1, ["exact"])
    for case in range(3):
        made.score("baseline", "exact", case, 0, 1)
        made.score("candidate", "exact", case, 0, 0)
    found = judge_critical(made, [EXACT], [(2, "last"), (0, "first")], 1)
    assert found.broken == ["last", "first"]
    assert judge_critical(made, [EXACT], [], 1) == Critical([], [])
