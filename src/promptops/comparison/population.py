"""A verdict about other cases like these: cases, or groups, are the unit, looked at once."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import replace

from promptops.comparison.decision import MetricComparison
from promptops.comparison.ledger import Pairs
from promptops.comparison.policy import Policy
from promptops.comparison.verdicts import too_much_missing
from promptops.statistics.population import population_interval
from promptops.statistics.power import fewest_pairs_to_pass
from promptops.values.report import Interval, Verdict

WHOLE = (-1.0, 1.0)


def of_population(
    compared: MetricComparison,
    pairs: Pairs,
    groups: Sequence[int],
    policy: Policy,
    *,
    fixed: bool,
) -> MetricComparison:
    """The comparison with its interval over other cases; at the `fixed` look, with a verdict.

    `groups` has the number of each case's group.
    """
    units = [groups[case] for case in pairs.cases]
    over = _over_cases(pairs.differences, units, policy.alpha)
    compared = replace(compared, units=len(set(units)), population_interval=over)
    if not fixed:
        return compared
    if too_much_missing(compared, policy):
        return replace(compared, verdict="invalid")
    units += [groups[case] for case in pairs.missing_cases]
    share = policy.share(compared.metric)
    as_low, as_high = pairs.differences + pairs.lowest, pairs.differences + pairs.highest
    low = _over_cases(as_low, units, policy.alpha)[0]
    drop = _over_cases(as_high, units, share)[1]
    rise = _over_cases(as_low, units, share)[0]
    margin = policy.margin_of(compared.metric)
    enough = compared.units >= fewest_pairs_to_pass(policy.alpha, margin)
    if enough and low > -margin:
        verdict: Verdict = "improved" if rise > 0 else "passed"
        return replace(compared, verdict=verdict, small_drop=drop < 0)
    if drop < 0:
        return replace(compared, verdict="regressed", material=drop < -policy.margin)
    return compared


def _over_cases(differences: array[float], units: Sequence[int], alpha: float) -> Interval:
    return population_interval(differences, array("q", units), alpha) or WHOLE
