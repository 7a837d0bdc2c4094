"""The decision engine held to what was measured of its rule, and to its errors in hostile worlds.

Rates are held as they come out, without room for luck: where one is near its limit it is given more
runs, until it is three standard errors away or there have been ten thousand.
"""

from __future__ import annotations

import math

import pytest

from promptops.comparison.policy import Guarantee
from tests.simulation import (
    ALPHA,
    DESIGNS,
    LARGE,
    LESS_POWER,
    MARGIN,
    MIDDLE,
    MORE_CALLS,
    MOST_WRONG,
    ROWS,
    SMALL,
    Design,
    Row,
    Scenario,
    Tally,
    at_the_end,
    broken,
    extended,
    interrupted,
    lopsided,
    noise,
    of_population,
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

pytestmark = pytest.mark.slow

RUNS = 2_000
MOST_RUNS = 10_000
OTHER_RUNS = 6_000
"""One look each: they cost little."""
FAR = 3
"""Standard errors between a rate and its limit that make it clear."""

ENDS = (SMALL, LARGE)
DOWN = -MARGIN
SIZES = (
    Design(20, 20),
    Design(40, 10),
    Design(60, 5),
    Design(100, 3),
    MIDDLE,
    LARGE,
    Design(1000, 1),
)
"""One case in twenty is a whole number of cases in each."""

HARMLESS = [
    (scenario("varied", varied), DESIGNS),
    (scenario("tosses", noise), DESIGNS),
    (scenario("half broken, half mended", swapped), ENDS),
    (scenario("the same toss", one_coin), ENDS),
    (scenario("rated", same, scorer=ratings), ENDS),
    (scenario("rated, varied", varied, scorer=ratings), ENDS),
    (scenario("rated, tosses", noise, scorer=ratings), ENDS),
    (scenario("measured", same, scorer=similarities), ENDS),
    (scenario("measured, varied", varied, scorer=similarities), ENDS),
    (scenario("1 in 50 gains all", lopsided, few=0.02, by=1.0), ENDS),
    (scenario("1 in 50 loses all", lopsided, few=0.02, by=-1.0), ENDS),
    (scenario("1 in 10 gains half", lopsided, few=0.1, by=0.5), ENDS),
    (scenario("1 in 10 loses half", lopsided, few=0.1, by=-0.5), ENDS),
    (scenario("1 in 25 gains, noisy", lopsided, few=0.04, by=0.5, jitter=0.3), ENDS),
    (scenario("1 in 25 loses, noisy", lopsided, few=0.04, by=-0.5, jitter=0.3), ENDS),
    (scenario("three metrics", several, metrics=3), DESIGNS),
]
"""The mean did not change, whatever the cases did; and where it may be looked for."""
HARMFUL = [
    (scenario("varied", varied, delta=DOWN), DESIGNS),
    (scenario("tosses", noise, delta=DOWN), DESIGNS),
    (scenario("rated", same, delta=DOWN, scorer=ratings), ENDS),
    (scenario("rated, varied", varied, delta=DOWN, scorer=ratings), ENDS),
    (scenario("measured, varied", varied, delta=DOWN, scorer=similarities), ENDS),
    (scenario("1 in 20 broke", broken), SIZES),
    (scenario("1 in 20 broke, others .9", broken, others=0.9), SIZES),
    (scenario("1 in 20 broke, others .5", broken, others=0.5), SIZES),
    (scenario("1 in 10 loses more", lopsided, few=0.1, by=-0.8, delta=DOWN), ENDS),
    (scenario("1 in 20 gains half", lopsided, few=0.05, by=0.5, delta=DOWN), ENDS),
    (scenario("1 in 50 loses all", lopsided, few=0.02, by=-1.0, delta=DOWN), ENDS),
    (scenario("three metrics, one fell", several, metrics=3, deltas=(0, DOWN, 0)), DESIGNS),
]
"""The mean fell by the margin: to pass is wrong."""
OTHERS = [
    (scenario("others", of_population), (Design(60, 2), *DESIGNS)),
    (scenario("others, few changed", of_population, changed=0.05), (Design(60, 2), MIDDLE)),
    (
        scenario("others, groups of 3", of_population, group=3, per_group=3),
        (Design(180, 2), Design(600, 1)),
    ),
]
"""Cases drawn afresh from a population in which nothing changed on the whole; its verdict is one
look, which has all of the error."""
OTHERS_DOWN = [
    (scenario("others", of_population, delta=DOWN), (Design(60, 2), MIDDLE, LARGE)),
    (scenario("others, few changed", of_population, delta=DOWN, changed=0.05), (MIDDLE,)),
    (scenario("others, all alike", of_population, delta=DOWN, changed=0.0), (MIDDLE,)),
    (
        scenario("others, groups of 3", of_population, delta=DOWN, group=3, per_group=3),
        (Design(180, 2), Design(600, 1)),
    ),
]


def flat(worlds: list[tuple[Scenario, tuple[Design, ...]]]) -> list:
    return [
        pytest.param(world, design, id=f"{world.name} {design}")
        for world, designs in worlds
        for design in designs
    ]


def far(tally: Tally, verdicts: tuple[str, ...], limit: float) -> bool:
    """Whether it is clear on which side of a limit a rate lies."""
    rate = tally.count(*verdicts) / tally.runs
    return abs(rate - limit) > FAR * math.sqrt(limit * (1 - limit) / tally.runs)


def told(what: str, design: Design, tally: Tally) -> None:
    rates = f"{tally.regressed:9.4f} {tally.passed:8.4f}"
    print(f"{what:42} {design!s:>7} {tally.runs:6,} {rates} {tally.mean_calls:7,.0f}")


@pytest.fixture(scope="module", autouse=True)
def _heading() -> None:
    columns = f"{'cases·K':>7} {'runs':>6} {'regressed':>9} {'passed':>8} {'calls':>7}"
    print(f"\n{'':42} {columns}")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row.design))
@pytest.mark.parametrize("points", [0, 5, 10])
def test_no_worse_than_measured(row: Row, points: int) -> None:
    power = {0: 0.0, 5: row.power_at_five, 10: row.power_at_ten}[points] - LESS_POWER

    def clear(tally: Tally) -> bool:
        errors = not points and far(tally, ("regressed",), MOST_WRONG)
        passes = points and far(tally, ("passed", "improved"), MOST_WRONG)
        return bool(errors or (passes and far(tally, ("regressed",), power)))

    world = scenario(f"{points} points down", same, delta=-points / 100)
    tally = simulate(world, row.design, RUNS, clear=clear, most=MOST_RUNS)
    told(world.name, row.design, tally)
    if points:
        assert tally.regressed >= power
        assert tally.passed <= MOST_WRONG
    else:
        assert tally.regressed <= MOST_WRONG
        assert tally.count("improved") <= MOST_WRONG * tally.runs
        assert tally.mean_calls <= MORE_CALLS * row.calls_unchanged
    if points == 10:
        assert tally.mean_calls <= MORE_CALLS * row.calls_at_ten


@pytest.mark.parametrize(("world", "design"), flat(HARMLESS))
def test_false_alarms(world: Scenario, design: Design) -> None:
    tally = simulate(
        world,
        design,
        RUNS,
        clear=lambda tally: far(tally, ("regressed",), MOST_WRONG),
        most=MOST_RUNS,
    )
    told(world.name, design, tally)
    assert tally.regressed <= MOST_WRONG


@pytest.mark.parametrize(("world", "design"), flat(HARMFUL))
def test_false_passes(world: Scenario, design: Design) -> None:
    tally = simulate(
        world,
        design,
        RUNS,
        clear=lambda tally: far(tally, ("passed", "improved"), MOST_WRONG),
        most=MOST_RUNS,
    )
    told(f"{world.name}, −5", design, tally)
    assert tally.passed <= MOST_WRONG


PEEKED = Design(50, 3)


@pytest.mark.parametrize("guarantee", ["standard", "strict"])
def test_who_looks_after_every_pair_gains_nothing(guarantee: Guarantee) -> None:
    unchanged, down = scenario("peeked at", same), scenario("peeked at", same, delta=DOWN)
    alarms = simulate(unchanged, PEEKED, RUNS, way=interrupted, guarantee=guarantee)
    passes = simulate(down, PEEKED, RUNS, way=interrupted, guarantee=guarantee)
    told(f"peeked at, {guarantee}", PEEKED, alarms)
    told(f"peeked at, {guarantee}, −5", PEEKED, passes)
    assert alarms.regressed <= MOST_WRONG
    assert passes.passed <= MOST_WRONG


def test_who_extends_what_ends_open_gains_nothing() -> None:
    unchanged, down = scenario("extended", same), scenario("extended", same, delta=DOWN)
    alarms = simulate(unchanged, SMALL, RUNS, way=extended, room=5)
    passes = simulate(down, SMALL, RUNS, way=extended, room=5)
    told("extended", SMALL, alarms)
    told("extended, −5", SMALL, passes)
    assert alarms.regressed <= MOST_WRONG
    assert passes.passed <= MOST_WRONG


@pytest.mark.parametrize(("world", "design"), flat(OTHERS))
def test_false_alarms_about_other_cases(world: Scenario, design: Design) -> None:
    tally = simulate(world, design, OTHER_RUNS, way=at_the_end, estimand="population")
    told(world.name, design, tally)
    assert tally.regressed <= ALPHA + FAR * math.sqrt(ALPHA * (1 - ALPHA) / tally.runs)


@pytest.mark.parametrize(("world", "design"), flat(OTHERS_DOWN))
def test_false_passes_about_other_cases(world: Scenario, design: Design) -> None:
    tally = simulate(world, design, OTHER_RUNS, way=at_the_end, estimand="population")
    told(f"{world.name}, −5", design, tally)
    assert tally.passed <= ALPHA + FAR * math.sqrt(ALPHA * (1 - ALPHA) / tally.runs)
