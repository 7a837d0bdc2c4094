from promptops.comparison.ledger import LOST, UNSCORABLE, Ledger


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


def test_means_weigh_cases_alike_whatever_their_samples():
    ledger = filled()
    assert ledger.case_mean("candidate", "exact", 0) == 0.5
    assert ledger.mean("candidate", "exact") == (0.5 + 0.5 + 1) / 3
    assert ledger.mean("candidate", "exact", [2]) == 1
    assert ledger.mean("candidate", "short") is None
    assert ledger.case_scores("candidate", "exact", 1) == [0.5, None]
