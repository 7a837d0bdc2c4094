import random

import pytest

from promptops.comparison.ledger import ARMS, Ledger
from promptops.comparison.policy import Metric
from promptops.comparison.slices import slices

EXACT = Metric("exact", "gate", 1.0)


def ledger(pairs):
    """One sample a case; None is a side that was lost."""
    made = Ledger(len(pairs), 1, ["exact"])
    for case, scores in enumerate(pairs):
        for arm, score in zip(ARMS, scores, strict=True):
            if score is None:
                made.lost(arm, case, 0)
            else:
                made.score(arm, "exact", case, 0, score)
    return made


def found(pairs, **tags):
    return {each.tag: each for each in slices(ledger(pairs), [EXACT], tags)}


def test_a_slice_that_fell_is_told_and_one_that_held_is_not():
    pairs = [(1, 0)] * 12 + [(1, 1)] * 40
    told = found(pairs, hard=range(12), easy=range(12, 52), all=range(52))
    assert [tag for tag, each in told.items() if each.fell] == ["hard", "all"]
    assert told["hard"].delta == -1
    assert (told["hard"].cases, told["hard"].baseline, told["hard"].candidate) == (12, 1, 0)
    assert told["easy"].e_value == pytest.approx(1)
    assert told["all"].delta == pytest.approx(-12 / 52)


def test_the_evidence_is_that_of_the_bets():
    """2 wins and 12 losses in 40 pairs: a factor of 18, enough alone and not among ten."""
    pairs = [(0, 1)] * 2 + [(1, 0)] * 12 + [(1, 1)] * 26 + [(0, 0)] * 9
    alone = found(pairs, seen=range(40))["seen"]
    assert alone.e_value == pytest.approx(18.0739191)
    assert alone.fell
    others = {f"tag-{n}": [40 + n] for n in range(9)}
    assert not found(pairs, seen=range(40), **others)["seen"].fell


def test_what_is_lost_speaks_against_a_fall():
    pairs = [(1, 0)] * 12 + [(0, None)] + [(None, 1)] * 2
    whole, some = found(pairs, few=range(12), more=range(15)).values()
    assert some.e_value < whole.e_value
    assert some.delta == whole.delta == -1


def test_cases_that_were_never_reached_are_not_counted():
    made = Ledger(20, 2, ["exact"])
    for case in range(8):
        for arm in ARMS:
            made.score(arm, "exact", case, 0, 1)
    made.score("baseline", "exact", 8, 0, 1)  # one side alone
    made.lost("baseline", 9, 0)
    made.lost("candidate", 9, 0)
    (told,) = slices(made, [EXACT], {"all": range(20)})
    assert told.cases == 9


def test_a_slice_of_nothing_is_told_as_nothing():
    told = found([(None, 1), (1, 1)], gone=[0], none=[])
    for each in told.values():
        assert (each.delta, each.baseline, each.candidate, each.fell) == (None, None, None, False)
        assert each.e_value <= 1


def test_endless_losses_stay_a_number():
    told = found([(1, 0)] * 5000, all=range(5000))["all"]
    assert told.fell
    assert 1e300 < told.e_value < float("inf")


def test_where_nothing_fell_few_slices_are_called_worse():
    """Ten slices of noise: any of them called worse in at most a tenth of the runs."""
    chance = random.Random(2)
    wrong = 0
    for _ in range(150):
        pairs = [(chance.random() < 0.7, chance.random() < 0.7) for _ in range(200)]
        tags = {str(n): range(20 * n, 20 * n + 20) for n in range(10)}
        wrong += any(each.fell for each in found(pairs, **tags).values())
    assert wrong <= 15
