"""The decision engine on worlds whose truth is known, in few runs; `make bench` makes many.

Every limit leaves room for the luck of few runs: an engine that only just keeps to all of them
fails less than once in a hundred thousand times.  The last tests break the engine in ways that
people do, and see the same checks on as many runs catch it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import pytest
from scipy.stats import binom

from promptops.comparison.comparison import Comparison, Look
from promptops.engine.schedule import look_shares
from tests.simulation import (
    LARGE,
    LESS_POWER,
    MARGIN,
    MIDDLE,
    MORE_CALLS,
    MOST_WRONG,
    ROWS,
    SMALL,
    Design,
    Ended,
    Run,
    Scenario,
    Scores,
    Tally,
    as_planned,
    broken,
    least_hits,
    lopsided,
    most_hits,
    noise,
    one_coin,
    ratings,
    same,
    scenario,
    several,
    similarities,
    simulate,
    swapped,
    varied,
)

LUCK = 2e-7
"""That a check fails an engine which only just keeps to its limit; there are 40 checks."""
SPREADS = 5.07
"""Standard errors that a mean strays beyond so seldom."""
RUNS = {SMALL: 24, MIDDLE: 50, LARGE: 80}
FEW = 14

Way = Callable[[Run], Ended]

UNCHANGED = scenario("unchanged", same)
FIVE = scenario("five points down", same, delta=-MARGIN)
TEN = scenario("ten points down", same, delta=-2 * MARGIN)

BRIEF = Design(100, 1)
HARMLESS: list[tuple[Scenario, Design]] = [
    (scenario("unchanged on the whole", varied), BRIEF),
    (scenario("unchanged on the whole", varied), LARGE),
    (scenario("tosses", noise), BRIEF),
    (scenario("half broken, half mended", swapped), BRIEF),
    (scenario("the same toss", one_coin), BRIEF),
    (scenario("rated", varied, scorer=ratings), BRIEF),
    (scenario("measured", varied, scorer=similarities), BRIEF),
    (scenario("few gain much", lopsided, few=0.04, by=0.5, jitter=0.3), BRIEF),
    (scenario("few lose much", lopsided, few=0.04, by=-0.5, jitter=0.3), BRIEF),
    (scenario("three metrics", several, metrics=3), BRIEF),
]
"""The mean did not change, whatever the cases did."""
HARMFUL: list[tuple[Scenario, Design]] = [
    (scenario("down on the whole", varied, delta=-MARGIN), BRIEF),
    (scenario("down on the whole", varied, delta=-MARGIN), LARGE),
    (scenario("tosses", noise, delta=-MARGIN), BRIEF),
    (scenario("one in twenty broke", broken), Design(60, 2)),
    (scenario("one in twenty broke", broken), Design(200, 1)),
    (scenario("one broke, the others toss", broken, others=0.5), Design(20, 10)),
    (scenario("rated", varied, delta=-MARGIN, scorer=ratings), BRIEF),
    (scenario("measured", varied, delta=-MARGIN, scorer=similarities), BRIEF),
    (scenario("few lose all", lopsided, few=0.1, by=-0.8, delta=-MARGIN), BRIEF),
    (scenario("one of three", several, metrics=3, deltas=(0, -MARGIN, 0)), BRIEF),
]
"""The mean fell by the margin."""


def wrong(tallies: Collection[Tally], *verdicts: str) -> bool:
    """Whether a verdict that is false comes too often for it to be luck."""
    runs = sum(tally.runs for tally in tallies)
    return sum(tally.count(*verdicts) for tally in tallies) > most_hits(runs, MOST_WRONG, LUCK)


def weak(tally: Tally, power: float) -> bool:
    """Whether a drop is found too seldom for it to be luck."""
    return tally.count("regressed") < least_hits(tally.runs, power - LESS_POWER, LUCK)


def dear(tally: Tally, calls: float) -> bool:
    """Whether the calls are too many for it to be luck."""
    return tally.mean_calls > MORE_CALLS * calls + SPREADS * tally.error_of_calls


def faults(world: Scenario, way: Way) -> set[str]:
    """In what an engine is worse than was measured."""
    found = {row: simulate(world, row.design, RUNS[row.design], way=way) for row in ROWS}
    each, rows = found.values(), found.items()
    if world is FIVE:
        checks = {
            "false passes": wrong(each, "passed", "improved"),
            "power": any(weak(tally, row.power_at_five) for row, tally in rows),
        }
    elif world is TEN:
        checks = {
            "power": any(weak(tally, row.power_at_ten) for row, tally in rows),
            "calls": any(dear(tally, row.calls_at_ten) for row, tally in rows),
        }
    else:
        checks = {
            "false alarms": wrong(each, "regressed"),
            "false gains": wrong(each, "improved"),
            "calls": any(dear(tally, row.calls_unchanged) for row, tally in rows),
        }
    return {name for name, is_so in checks.items() if is_so}


@pytest.mark.parametrize("world", [UNCHANGED, FIVE, TEN], ids=lambda world: world.name)
def test_no_worse_than_measured(world):
    assert faults(world, as_planned) == set()


def test_nothing_that_only_shifts_the_cases_raises_an_alarm():
    tallies = []
    for world, design in HARMLESS:
        tallies.append(simulate(world, design, FEW))
        assert not wrong(tallies[-1:], "regressed"), world.name
    assert not wrong(tallies, "regressed")


def test_no_way_of_falling_by_the_margin_passes():
    tallies = []
    for world, design in HARMFUL:
        tallies.append(simulate(world, design, FEW))
        assert not wrong(tallies[-1:], "passed", "improved"), world.name
    assert not wrong(tallies, "passed", "improved")


@pytest.mark.parametrize(("runs", "rate"), [(60, 0.045), (240, 0.76), (600, 0.02)])
def test_limits_are_those_of_the_binomial_distribution(runs, rate):
    most, least = most_hits(runs, rate, LUCK), least_hits(runs, rate, LUCK)
    assert binom.sf(most, runs, rate) <= LUCK < binom.sf(most - 1, runs, rate)
    assert binom.cdf(least - 1, runs, rate) <= LUCK < binom.cdf(least, runs, rate)


# Engines that are broken, each in one way.


def afresh(run: Run) -> Ended:
    """Every look has the whole error, as if it were the only one."""
    seen = []
    for visits in run.rounds():
        seen += visits
        decision = Comparison(run.policy, run.groups, (1.0,)).look(run.ledger, seen, Look())
        if decision.settled:
            return Ended(decision.verdict, run.pairs)
    return Ended("inconclusive", run.pairs)


def naive(run: Run) -> Ended:
    """Any drop of the mean fails."""
    delta = sum(
        float(run.scores.candidate[0, index, case] - run.scores.baseline[0, index, case])
        for visits in run.rounds()
        for case, index in visits
    )
    return Ended("regressed" if delta < 0 else "passed", run.pairs)


def forgetful(run: Run) -> Ended:
    """Every round is judged by itself."""
    for visits in run.rounds():
        decision = Comparison(run.policy, run.groups, (1.0,)).look(run.ledger, visits, Look())
        if decision.settled:
            return Ended(decision.verdict, run.pairs)
    return Ended("inconclusive", run.pairs)


def miserly(run: Run) -> Ended:
    """The error is kept for a budget six times as large."""
    cases, samples = run.design
    run.comparison = Comparison(run.policy, run.groups, look_shares(cases, 6 * samples))
    return run.as_planned()


def stubborn(run: Run) -> Ended:
    """It looks once, at the end."""
    seen = [visit for visits in run.rounds() for visit in visits]
    decision = Comparison(run.policy, run.groups, (1.0,)).look(run.ledger, seen, Look(last=True))
    return Ended(decision.verdict, run.pairs)


def mirrored(run: Run) -> Ended:
    """The arms are mixed up."""
    run.scores = Scores(run.scores.candidate, run.scores.baseline)
    return run.as_planned()


@pytest.mark.parametrize(
    ("way", "world", "found"),
    [
        (afresh, FIVE, {"false passes"}),
        (naive, UNCHANGED, {"false alarms"}),
        (forgetful, TEN, {"power"}),
        (miserly, FIVE, {"power"}),
        (stubborn, TEN, {"calls"}),
        (mirrored, FIVE, {"false passes", "power"}),
    ],
)
def test_a_broken_engine_is_caught(way, world, found):
    assert found <= faults(world, way)
