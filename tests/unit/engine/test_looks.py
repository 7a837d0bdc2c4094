"""Which rounds are drawn, given what was found in those before."""

from __future__ import annotations

import pytest

from promptops.comparison.comparison import Comparison, Look
from promptops.comparison.ledger import Ledger
from promptops.engine.looks import MOST_FURTHER, Looks
from promptops.engine.schedule import look_shares, rounds
from promptops.store.store import Store
from tests.functional.decided import planned, two_versions


@pytest.fixture
def begin(tmp_path):
    """The looks of a run over a project of so many cases and samples."""
    opened = []
    with Store(tmp_path) as store:

        def made(choices=None, **project):
            two_versions(tmp_path, **project)
            plan, _ = planned(tmp_path, store, seed=7, **(choices or {}))
            opened.append(plan.opened)
            return Looks(plan, Ledger(len(plan.dataset), plan.limit, ["exact"]))

        yield made
        for dataset in opened:
            dataset.close()


def same(_case, _index):
    return 1, 1


def worse(_case, _index):
    return 1, 0


def torn(case, _index):
    """As many wins as losses."""
    return (1, 0) if case == 0 else (0, 1) if case == 1 else (1, 1)


def enter(looks, visits, scores):
    for case, index, _ in visits:
        for arm, score in zip(("baseline", "candidate"), scores(case, index), strict=True):
            if score is None:
                looks.ledger.lost(arm, case, index)
            else:
                looks.ledger.score(arm, "exact", case, index, score)


def drive(looks, scores):
    """Draw what is to be drawn; answers the rounds."""
    drawn = []
    for visits in looks.rounds():
        drawn.append(visits)
        enter(looks, visits, scores)
        looks.look()
    return drawn


def test_what_stays_open_is_drawn_as_planned_and_not_beyond(begin):
    looks = begin(cases=20, samples=2)
    assert drive(looks, torn) == list(rounds(20, 2, 7))
    assert looks.decision.verdict == "inconclusive"
    assert not looks.settled
    assert looks.comparison.looks == 9


def test_the_first_look_that_is_clear_is_the_last(begin):
    looks = begin(cases=60, samples=3)
    drawn = drive(looks, worse)
    assert drawn == list(rounds(60, 3, 7))[: len(drawn)]
    assert len(drawn) < 5
    assert looks.decision.verdict == "regressed"
    assert looks.settled


def test_a_first_impression_ends_within_the_plan(begin):
    looks = begin({"samples": 1}, cases=13, samples=2)
    drawn = drive(looks, torn)
    assert [visit for visits in drawn for visit in visits] == [
        visit for visits in rounds(13, 2, 7) for visit in visits if visit[1] == 0
    ]
    assert looks.decision.comparisons[0].pairs == 13


def test_a_round_that_is_cut_short_is_held_to_the_bets_alone(begin):
    # Of 11 cases the second round of three ends in the next pass.
    looks = begin({"samples": 1}, cases=11, samples=9)
    first, second = drive(looks, torn)
    assert (len(first), len(second)) == (10, 1)

    def found(*, planned):
        reference = Comparison(looks.plan.policy, range(11), look_shares(11, 9))
        reference.look(looks.ledger, [visit[:2] for visit in first], Look())
        last = Look(planned=planned, last=True)
        return reference.look(looks.ledger, [visit[:2] for visit in second], last).comparisons

    assert looks.decision.comparisons == found(planned=False) != found(planned=True)


def test_more_samples_than_planned_come_after_the_plan(begin):
    looks = begin(cases=20, samples=2)
    looks.samples = 4
    looks.ledger.grow(4)
    drawn = drive(looks, torn)
    assert drawn == [*rounds(20, 2, 7), *rounds(20, 2, 7, beyond=2)]


def test_an_extension_goes_as_far_as_may_settle_it(begin):
    looks = begin({"extend": True}, cases=20, samples=3)
    drawn = drive(looks, same)
    assert looks.decision.verdict == "passed"
    assert drawn[: len(list(rounds(20, 3, 7)))] == list(rounds(20, 3, 7))
    taken = sum(len(visits) for visits in drawn)
    assert 60 < taken <= 20 * looks.samples == looks.ledger.samples * 20
    assert looks.samples <= 3 * (1 + MOST_FURTHER)


def test_an_extension_of_what_seems_hopeless_has_an_end(begin):
    looks = begin({"extend": True}, cases=10, samples=2)
    drawn = drive(looks, torn)
    assert looks.samples == 2 * (1 + MOST_FURTHER)
    assert sum(len(visits) for visits in drawn) == 10 * looks.samples
    assert looks.decision.verdict == "inconclusive"


def test_what_is_settled_is_not_extended(begin):
    looks = begin({"extend": True}, cases=60, samples=2)
    drive(looks, worse)
    assert looks.samples == looks.ledger.samples == 2


def test_a_run_that_lost_too_much_ends_where_no_end_could_be_a_verdict(begin):
    looks = begin(cases=50, samples=2)
    drawn = drive(looks, lambda case, _: (1, None) if case < 10 else (1, 1))
    missing = looks.comparison.monitors["exact"].pairs.missing
    before = sum(case < 10 for visits in drawn[:-1] for case, _, _ in visits)
    assert before <= 2 < missing  # of 100 pairs, two may be lost
    assert looks.decision.verdict == "invalid"
    assert looks.settled


def test_a_run_that_stops_is_looked_at_with_what_it_has(begin):
    looks = begin(cases=60, samples=2)
    visits = next(iter(looks.rounds()))
    enter(looks, visits[:7], worse)
    decision = looks.look_unplanned()
    assert decision.comparisons[0].pairs == 7
    assert looks.look_unplanned().comparisons[0].pairs == 7  # nothing is counted twice


def critical(case):
    return {"critical": case in {4, 9}}


def test_the_critical_cases_are_drawn_whole_before_a_pass(begin):
    looks = begin(cases=60, samples=5, rows=critical)
    drawn = drive(looks, same)
    assert looks.decision.verdict == "passed"
    had = {(case, index) for visits in drawn for case, index, _ in visits}
    left = looks.critical_left()
    asked = {(case, index) for case, index, _ in left}
    assert asked == {(case, index) for case in (4, 9) for index in range(5)} - had
    assert asked
    enter(looks, left, lambda case, _: (1, 0 if case == 9 else 1))
    assert looks.critical_left() == []
    samples = looks.ledger.case_scores("candidate", "exact", 9)
    broke = 2 * samples.count(0) > 5
    decision = looks.conclude()
    assert decision.verdict == ("regressed" if broke else "passed")
    assert any("word000009 broke" in told for told in decision.reasons) is broke


def test_a_regression_needs_no_critical_case(begin):
    looks = begin(cases=60, samples=5, rows=critical)
    drive(looks, worse)
    assert looks.critical_left() == []
    before = looks.decision
    assert looks.conclude() == before


def test_an_open_comparison_regresses_by_a_critical_case(begin):
    looks = begin(cases=20, samples=2, rows=critical)
    drive(looks, lambda case, _: (1, 0) if case == 9 else (0, 1) if case == 10 else (1, 1))
    assert looks.decision.verdict == "inconclusive"
    assert looks.conclude().reasons == ["critical case word000009 broke"]
    assert looks.settled
