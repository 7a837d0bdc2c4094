import pytest

from promptops.comparison.ledger import ARMS, LOST, UNSCORABLE, Ledger, Pairs


def filled() -> Ledger:
    ledger = Ledger(cases=3, samples=2, metrics=["exact", "short"])
    for case, index, old, new in [(0, 0, 1, 0), (0, 1, 1, 1), (1, 0, 0, 0.5), (2, 0, 0.25, 1)]:
        ledger.score("baseline", "exact", case, index, old)
        ledger.score("candidate", "exact", case, index, new)
    return ledger


def test_pairs_meet_by_case_and_sample():
    pairs = filled().pairs("exact")
    assert list(pairs.differences) == [-1, 0, 0.5, 0.75]
    assert list(pairs.cases) == [0, 0, 1, 2]
    assert pairs.missing == 0
    assert (pairs.baseline, pairs.candidate) == (0.5625, 0.625)


def test_a_pair_with_one_side_is_no_pair_and_not_missing_until_both_were_tried():
    ledger = filled()
    ledger.score("baseline", "exact", 1, 1, 1)
    assert len(ledger.pairs("exact").differences) == 4
    assert ledger.pairs("exact").missing == 0
    ledger.lost("candidate", 1, 1)
    assert ledger.pairs("exact").missing == 1
    assert ledger.count("candidate", "exact", LOST) == 1
    assert ledger.count("candidate", "short", LOST) == 1


def test_what_could_not_be_scored_is_missing_and_not_zero():
    ledger = filled()
    ledger.score("baseline", "exact", 2, 1, 1)
    ledger.unscorable("candidate", "exact", 2, 1)
    assert ledger.pairs("exact").missing == 1
    assert ledger.count("candidate", "exact", UNSCORABLE) == 1
    assert ledger.case_mean("candidate", "exact", 2) == 1


@pytest.mark.parametrize(
    ("old", "new", "ends"),
    [(0.75, None, (-0.75, 0.25)), (None, 0.75, (-0.25, 0.75)), (None, None, (-1.0, 1.0))],
)
def test_a_missing_pair_has_the_least_and_the_most_that_it_may_have_been(old, new, ends):
    ledger = Ledger(1, 1, ["exact"])
    for arm, score in zip(ARMS, (old, new), strict=True):
        if score is None:
            ledger.lost(arm, 0, 0)
        else:
            ledger.score(arm, "exact", 0, 0, score)
    pairs = ledger.pairs("exact")
    assert (pairs.count, pairs.missing) == (0, 1)
    assert (pairs.lowest[0], pairs.highest[0]) == ends
    assert list(pairs.missing_cases) == [0]
    assert pairs.baseline is None
    assert pairs.candidate is None


def test_the_pairs_of_some_visits_alone():
    pairs = filled().pairs("exact", [(2, 0), (0, 0), (1, 1)])
    assert list(pairs.differences) == [0.75, -1]
    assert list(pairs.cases) == [2, 0]


def test_pairs_are_taken_in_one_after_the_other():
    ledger, grown = filled(), Pairs()
    ledger.lost("baseline", 2, 1)
    ledger.lost("candidate", 2, 1)
    for visits in ([(0, 0), (0, 1)], [(2, 1)], [(1, 0), (2, 0)]):
        grown.extend(ledger.pairs("exact", visits))
    assert list(grown.differences) == [-1, 0, 0.5, 0.75]
    assert (grown.missing, grown.baseline) == (1, 0.5625)


def test_room_for_more_samples_keeps_what_is_there():
    ledger = filled()
    before = list(ledger.pairs("exact").differences)
    ledger.grow(5)
    assert ledger.samples == 5
    assert sorted(ledger.pairs("exact").differences) == sorted(before)
    ledger.score("baseline", "exact", 1, 4, 0.5)
    ledger.score("candidate", "exact", 1, 4, 0.25)
    assert list(ledger.pairs("exact", [(1, 4)]).differences) == [-0.25]


def test_means_weigh_cases_alike_whatever_their_samples():
    ledger = filled()
    assert ledger.case_mean("candidate", "exact", 0) == 0.5
    assert ledger.mean("candidate", "exact") == (0.5 + 0.5 + 1) / 3
    assert ledger.mean("candidate", "exact", [2]) == 1
    assert ledger.mean("candidate", "short") is None
    assert ledger.case_scores("candidate", "exact", 1) == [0.5, None]
