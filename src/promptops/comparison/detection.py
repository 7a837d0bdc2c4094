"""What a comparison could see, told before it starts; so nothing here may import numpy."""

from __future__ import annotations

from math import ceil

from promptops.comparison.policy import Metric, Policy
from promptops.statistics.power import (
    fewest_pairs_to_pass,
    pairs_for_pass,
    pairs_for_pass_by_bets,
    smallest_effect,
    smallest_effect_by_bets,
    smallest_effect_over_units,
)
from promptops.values.report import VarianceReport

ASSUMED_VARIANCE = VarianceReport(total=0.176, between=0.016, within=0.16)
"""Of one difference where nothing was measured yet: scores of 0 and 1 on cases of which most are
easy or hopeless (Beta(0.8, 0.2)), the arms correlated by 0.9."""

_MOST_UNITS = 10**7
_ROUNDS = 30


def detectable(
    pairs: int, noise: VarianceReport, policy: Policy, metric: Metric, *, units: int
) -> float:
    """The smallest drop of a metric that so many pairs see with probability 0.8; at most 1.

    `noise` is the variance of one difference, `units` how many cases (or groups of them) the pairs
    are spread over, which matters where the verdict is about a population: there more samples do
    nothing against how cases differ.  The noise is never taken for nothing: like the tests, this
    counts a difference of +1 and one of −1 that nobody saw.
    """
    share = policy.share(metric)
    if policy.estimand == "population":
        variance = _of_a_unit(noise, pairs / units)
        return smallest_effect_over_units(units, variance, share)
    variance = (pairs * noise.total + 2) / (pairs + 2)
    if policy.guarantee == "strict":
        return smallest_effect_by_bets(pairs, variance, policy.unplanned(share))
    found = smallest_effect(pairs, variance, share)
    for _ in range(_ROUNDS):
        # A drop brings variance of its own: that of the scores that turn from 1 to 0, at least.
        found = smallest_effect(pairs, max(variance, found * (1 - found)), share)
    return found


def pairs_to_pass(noise: VarianceReport, policy: Policy, *, samples: float) -> int | None:
    """About how many pairs pass what did not change, with probability 0.8; None where none do.

    `samples` are the pairs of a unit: where the verdict is about a population, more units are
    needed and not more samples of each.
    """
    margin, alpha = policy.tightest, policy.alpha
    fewest = fewest_pairs_to_pass(alpha, margin)
    if policy.estimand == "population":
        units = _units_for(margin, _of_a_unit(noise, samples), alpha)
        return None if units is None else ceil(max(units, fewest) * samples)
    if policy.guarantee == "strict":
        needed = pairs_for_pass_by_bets(margin, noise.total, policy.unplanned(alpha))
        return None if needed is None else max(needed, fewest)
    return max(pairs_for_pass(margin, noise.total, alpha), fewest)


def _of_a_unit(noise: VarianceReport, samples: float) -> float:
    """The variance of the mean difference of a case; undivided where its parts are unknown."""
    if noise.between is None or noise.within is None:
        return noise.total
    return noise.between + noise.within / samples


def _units_for(effect: float, variance: float, alpha: float) -> int | None:
    """How many cases or groups show an effect over the population."""
    low, high = 1, 2
    while smallest_effect_over_units(high, variance, alpha) > effect:
        low, high = high, 2 * high
        if high > _MOST_UNITS:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        shown = smallest_effect_over_units(middle, variance, alpha) <= effect
        low, high = (low, middle) if shown else (middle, high)
    return high
