"""What a budget is said to see, held against what the tests themselves see."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import replace
from math import log

import numpy as np
import pytest

from promptops.comparison.detection import ASSUMED_VARIANCE, detectable, pairs_to_pass
from promptops.comparison.ledger import Pairs
from promptops.comparison.levels import Levels
from promptops.comparison.monitor import Monitor, Reading
from promptops.comparison.policy import PLANNED_SHARE, Metric, Policy
from promptops.statistics import power
from promptops.statistics.e_process import log_e_passed, log_e_regressed
from promptops.statistics.population import population_interval
from promptops.values.report import VarianceReport

METRIC = Metric("exact", "gate", 1.0)
DATASET = Policy((METRIC,), 0.05, 0.05, "warn")
POPULATION = replace(DATASET, estimand="population")
STRICT = replace(DATASET, guarantee="strict")
Found = Callable[[Reading], bool]
LOOKS = tuple((at + 1) / 10 for at in range(10))


def drops(rng: np.random.Generator, size: tuple[int, ...], drop: float, variance: float):
    """Differences of −1, 0 and 1 with a mean and a variance."""
    moved = variance + drop * drop
    return rng.choice([-1.0, 0.0, 1.0], size, p=[(moved + drop) / 2, 1 - moved, (moved - drop) / 2])


def share_seen(runs: np.ndarray, see) -> float:
    return sum(bool(see(run)) for run in runs) / len(runs)


def planned_looks(differences: np.ndarray, margin: float, found: Found) -> bool:
    monitor = Monitor(Levels(margin, 0.05, 0.05, 0.8), LOOKS)
    for part in np.array_split(differences, len(LOOKS)):
        cases = array("q", range(len(part)))
        new = Pairs(array("d", part), cases, baselines=array("d", [1.0] * len(part)))
        if found(monitor.look(new, planned=True)):
            return True
    return False


def planned_looks_see(differences: np.ndarray) -> bool:
    return planned_looks(differences, 0.05, lambda reading: reading.dropped)


def bets_see(differences: np.ndarray) -> bool:
    ends = range(len(differences) // 25, len(differences) + 1, len(differences) // 25)
    return any(log_e_regressed(differences[:end]) >= -log(0.05) for end in ends)


@pytest.mark.parametrize(("pairs", "variance"), [(250, 0.176), (600, 0.08)])
def test_the_planned_looks_see_what_they_are_said_to_see(pairs, variance):
    noise = VarianceReport(variance)
    drop = detectable(pairs, noise, DATASET, METRIC, units=50)
    runs = drops(np.random.default_rng(5), (300, pairs), drop, variance)
    assert share_seen(runs, planned_looks_see) == pytest.approx(0.8, abs=0.06)


@pytest.mark.parametrize(("pairs", "variance"), [(250, 0.176), (1000, 0.08)])
def test_the_bets_see_what_they_are_said_to_see(pairs, variance):
    noise = VarianceReport(variance)
    drop = detectable(pairs, noise, STRICT, METRIC, units=50)
    runs = drops(np.random.default_rng(6), (600, pairs), drop, variance)
    assert share_seen(runs, bets_see) == pytest.approx(0.8, abs=0.06)


@pytest.mark.parametrize(("cases", "samples"), [(50, 5), (200, 3)])
def test_cases_of_a_population_show_what_they_are_said_to_show(cases, samples):
    noise = VarianceReport(0.21, between=0.01, within=0.2)
    drop = detectable(cases * samples, noise, POPULATION, METRIC, units=cases)
    rng = np.random.default_rng(7)
    # Cases are drawn from a population: each has a mean of its own.
    means = rng.choice([-1, 1], (800, cases)) * 0.1 - drop
    moved = 0.2 + means**2
    assert np.all(moved >= np.abs(means))
    chance = rng.random((800, cases, samples))
    runs = np.where(
        chance < ((moved - means) / 2)[..., None],
        -1.0,
        np.where(chance < moved[..., None], 1.0, 0.0),
    )
    units = np.repeat(np.arange(cases), samples)

    def sees(run: np.ndarray) -> bool:
        found = population_interval(run.ravel(), units, 0.05)
        return found is not None and found[1] < 0

    assert share_seen(runs, sees) == pytest.approx(0.8, abs=0.06)


def test_more_samples_help_a_population_only_within_its_cases():
    noise = VarianceReport(0.2, between=0.1, within=0.1)
    few, many, endless = (
        detectable(100 * each, noise, POPULATION, METRIC, units=100) for each in (1, 10, 10**6)
    )
    assert few > many > endless
    floor = detectable(100, VarianceReport(0.1, 0.1, 0.0), POPULATION, METRIC, units=100)
    assert endless == pytest.approx(floor, rel=1e-3)
    dataset = detectable(100 * 10**6, noise, DATASET, METRIC, units=100)
    assert dataset < 0.001


def test_samples_do_not_help_where_nobody_knows_what_they_would_help_against():
    unknown = VarianceReport(0.2)
    one, ten = (detectable(100 * each, unknown, POPULATION, METRIC, units=100) for each in (1, 10))
    assert one == ten


def test_where_nothing_varies_a_drop_is_still_seen_as_often_as_said():
    """Every score that differs is a loss: the drop itself is all the variance there is."""
    drop = detectable(200, VarianceReport(0.0), DATASET, METRIC, units=50)
    runs = -(np.random.default_rng(8).random((300, 200)) < drop).astype(float)
    assert share_seen(runs, planned_looks_see) == pytest.approx(0.8, abs=0.06)


@pytest.mark.parametrize("policy", [DATASET, POPULATION, STRICT])
def test_agreement_alone_proves_little(policy):
    """Ten pairs without a single difference do not see everything."""
    assert detectable(10, VarianceReport(0.0), policy, METRIC, units=10) > 0.2


@pytest.mark.parametrize("policy", [DATASET, POPULATION, STRICT])
def test_a_metric_that_shares_the_error_sees_less(policy):
    both = replace(policy, metrics=(METRIC, Metric("short", "gate", 3.0)))
    alone = detectable(300, ASSUMED_VARIANCE, policy, METRIC, units=60)
    shared = detectable(300, ASSUMED_VARIANCE, both, METRIC, units=60)
    assert shared > alone


def test_a_guarantee_that_always_holds_costs_something():
    standard, strict = (
        detectable(400, ASSUMED_VARIANCE, policy, METRIC, units=80) for policy in (DATASET, STRICT)
    )
    assert standard < strict < 2 * standard


def test_pairs_to_pass_by_hand():
    """1.1·(1.750686·√.18451 + .841621·√.176)²/.0025 = 537.9; .1185 of restricted losses."""
    slope, other = 0.088 / 0.1185 + 0.088 / 0.0685, 2 * 0.824 / (1.05 - 0.237)
    assert slope == pytest.approx(other, rel=1e-3)
    assert pairs_to_pass(ASSUMED_VARIANCE, DATASET, samples=5) == 538


@pytest.mark.parametrize(("variance", "margin"), [(0.176, 0.05), (0.05, 0.05)])
def test_the_planned_looks_pass_as_often_as_said(variance, margin):
    policy = replace(DATASET, margin=margin)
    pairs = pairs_to_pass(VarianceReport(variance), policy, samples=5)
    assert pairs is not None
    runs = drops(np.random.default_rng(5), (200, pairs), 0.0, variance)
    seen = share_seen(runs, lambda run: planned_looks(run, margin, lambda reading: reading.passed))
    assert seen == pytest.approx(0.8, abs=0.06)


@pytest.mark.parametrize(("variance", "margin"), [(0.05, 0.05), (0.1, 0.1)])
def test_the_bets_pass_as_often_as_said(variance, margin):
    pairs = pairs_to_pass(VarianceReport(variance), replace(STRICT, margin=margin), samples=5)
    assert pairs is not None
    runs = drops(np.random.default_rng(6), (400, pairs), 0.0, variance)

    def passes(run: np.ndarray) -> bool:
        step = len(run) // 25
        ends = range(step, len(run) + 1, step)
        return any(log_e_passed(run[:end], margin) >= -log(0.05) for end in ends)

    assert share_seen(runs, passes) == pytest.approx(0.8, abs=0.06)


def test_no_pass_rests_on_fewer_than_can_pass():
    quiet = VarianceReport(0.0, 0.0, 0.0)
    standard = pairs_to_pass(quiet, DATASET, samples=5)
    bets = pairs_to_pass(quiet, STRICT, samples=5)
    needed = pairs_to_pass(quiet, POPULATION, samples=5)
    assert standard is not None
    assert bets is not None
    assert needed is not None
    assert min(standard, bets) >= 59
    assert needed % 5 == 0
    assert needed >= 59 * 5


def test_a_population_passes_with_that_many_cases_and_not_with_fewer():
    needed = pairs_to_pass(ASSUMED_VARIANCE, POPULATION, samples=5)
    assert needed is not None
    units = needed // 5
    seen = [
        detectable(5 * each, ASSUMED_VARIANCE, POPULATION, METRIC, units=each)
        for each in (units - 1, units)
    ]
    assert seen[0] > POPULATION.margin >= seen[1]


def test_where_no_stake_grows_no_number_of_pairs_is_enough():
    narrow = replace(STRICT, margin=0.01)
    assert pairs_to_pass(VarianceReport(0.5), narrow, samples=5) is None


def test_what_is_told_before_a_run_is_what_decides_it():
    assert np.allclose(power.STAKES, np.geomspace(0.1, 0.9, 12))
    assert power.GROUP_SEQUENTIAL_SHARE == PLANNED_SHARE


@pytest.mark.parametrize("variance", [0.0, 1e-9, 0.5, 1.0])
def test_a_pass_needs_pairs_whatever_the_noise(variance):
    wide = power.pairs_for_pass(0.1, variance, 0.05)
    assert 1 <= wide < power.pairs_for_pass(0.05, variance, 0.05)
    assert wide >= 0.99 * power.pairs_for(0.1, variance, 0.05)


def test_numbers_out_of_range_are_errors():
    for ask in (
        lambda: power.pairs_for_pass(0.0, 0.1, 0.05),
        lambda: power.pairs_for_pass(0.05, -1.0, 0.05),
        lambda: power.pairs_for_pass_by_bets(1.0, 0.1, 0.05),
        lambda: power.smallest_effect_by_bets(0, 0.1, 0.05),
        lambda: power.smallest_effect_by_bets(10, 0.1, 0.9),
        lambda: power.smallest_effect_over_units(10, -0.1, 0.05),
    ):
        with pytest.raises(ValueError, match=r"margin|variance|pair|alpha"):
            ask()
    assert power.smallest_effect_over_units(1, 0.1, 0.05) == 1.0
