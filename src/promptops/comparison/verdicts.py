"""From paired scores to a verdict: one look, at the end of the budget.

The rule per gating metric, at its level: *regressed* when the drop is surely a drop, *passed* when
it is surely smaller than the margin, *improved* when it passed and is surely a rise.  Surely a drop
(or a rise) needs two tests to agree: the standardised mean, and the exact sign-flip test, which
keeps its level however few pairs differ.  A regression of any gating metric is one of the suite
(the level is shared among them); a pass needs all of them (each at the full level, an
intersection-union test).
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from promptops.comparison.ledger import LOST, SCORED, Ledger, Pairs
from promptops.comparison.policy import Metric, Policy
from promptops.errors import ExitCode
from promptops.statistics.paired import (
    fewest_pairs_to_pass,
    normal_critical,
    paired_estimate,
)
from promptops.statistics.population import population_interval
from promptops.statistics.sign_flip import sign_flip_p
from promptops.values.report import Interval, Verdict


@dataclass(frozen=True, slots=True)
class MetricComparison:
    """Candidate minus baseline on one metric."""

    metric: Metric
    baseline: float | None
    candidate: float | None
    delta: float | None
    interval: Interval | None
    population_interval: Interval | None
    pairs: int
    missing: int
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict of a suite and why."""

    verdict: Verdict
    reasons: list[str]
    comparisons: list[MetricComparison]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a decision rests on."""

    ledger: Ledger
    groups: Sequence[int]
    """Number of the group of each case; its own where it shares none."""
    broken_critical: Sequence[str] = ()
    """Ids of critical cases that held before and do not now."""
    identical: bool = False
    """Every request is the same on both arms."""


def decide(evidence: Evidence, policy: Policy) -> Decision:
    """The verdict on all the evidence there is."""
    comparisons = [_compare(evidence, metric, policy) for metric in policy.metrics]
    gating = [each for each in comparisons if each.metric.role == "gate"]
    verdict, reasons = _combine(gating, evidence, policy)
    return Decision(verdict, reasons, comparisons)


def describe_first(ledger: Ledger, policy: Policy, *, alone: bool = False) -> Decision:
    """What can be said of a version that nothing comes before: its scores, without a verdict."""
    described = [
        MetricComparison(
            metric=metric,
            baseline=None,
            candidate=ledger.mean("candidate", metric.name),
            delta=None,
            interval=None,
            population_interval=None,
            pairs=0,
            missing=ledger.cases * ledger.samples - ledger.count("candidate", metric.name, SCORED),
            verdict="inconclusive",
        )
        for metric in policy.metrics
    ]
    blind = [each for each in described if each.metric.role == "gate" and each.candidate is None]
    if blind:
        reasons = [f"{each.metric.name}: nothing was scored" for each in blind]
        return Decision("invalid", reasons, described)
    why = "scored alone: compared with nothing"
    if not alone:
        why = "first version: nothing to compare with yet"
    return Decision("inconclusive", [why], described)


def exit_code(verdict: Verdict, policy: Policy) -> ExitCode:
    """What the gate makes of a verdict."""
    if verdict == "regressed":
        return ExitCode.REGRESSED
    if verdict == "invalid" or (verdict == "inconclusive" and policy.inconclusive == "fail"):
        return ExitCode.NO_VERDICT
    return ExitCode.OK


def _compare(evidence: Evidence, metric: Metric, policy: Policy) -> MetricComparison:
    ledger = evidence.ledger
    pairs = ledger.pairs(metric.name)
    baseline, candidate = (
        ledger.mean("baseline", metric.name),
        ledger.mean("candidate", metric.name),
    )
    if not pairs.differences:
        return MetricComparison(
            metric, baseline, candidate, None, None, None, 0, pairs.missing, "invalid"
        )
    estimate = paired_estimate(pairs.differences)
    units = array("q", (evidence.groups[case] for case in pairs.cases))
    return MetricComparison(
        metric=metric,
        baseline=baseline,
        candidate=candidate,
        delta=estimate.mean,
        interval=estimate.interval(normal_critical(policy.alpha)),
        population_interval=population_interval(pairs.differences, units, policy.alpha),
        pairs=estimate.pairs,
        missing=pairs.missing,
        verdict=_rule(pairs, metric, policy, identical=evidence.identical),
    )


def _rule(pairs: Pairs, metric: Metric, policy: Policy, *, identical: bool) -> Verdict:
    differences, missing = pairs.differences, pairs.missing
    if missing > policy.most_missing * (len(differences) + missing):
        return "invalid"
    # A lost pair counts as whatever speaks most against the verdict that is tried.
    rise = differences + array("d", [1.0] * missing)
    fall = differences + array("d", [-1.0] * missing)
    share = policy.share(metric) if metric.role == "gate" else policy.alpha
    if surely_negative(rise, share):
        return "regressed"
    enough = len(differences) >= fewest_pairs_to_pass(policy.alpha, policy.margin)
    critical = normal_critical(policy.alpha)
    if identical and not missing:
        return "passed"
    if enough and paired_estimate(fall).z(-policy.margin) >= critical:
        risen = surely_negative(array("d", (-d for d in fall)), policy.alpha)
        return "improved" if risen else "passed"
    return "inconclusive"


def surely_negative(differences: array[float], alpha: float) -> bool:
    """Whether both tests say, at level `alpha`, that the mean lies below zero."""
    estimate = paired_estimate(differences)
    if estimate.z() > -normal_critical(alpha):
        return False
    return sign_flip_p(differences) <= alpha


def _combine(
    gating: list[MetricComparison], evidence: Evidence, policy: Policy
) -> tuple[Verdict, list[str]]:
    invalid = [each for each in gating if each.verdict == "invalid"]
    if invalid:
        return "invalid", [_missing_words(each, evidence.ledger) for each in invalid]
    reasons = [
        f"{each.metric.name} fell by {_points(each)}"
        for each in gating
        if each.verdict == "regressed"
    ]
    reasons += [f"critical case {case} broke" for case in evidence.broken_critical]
    if reasons:
        return "regressed", reasons
    if evidence.identical:
        return "passed", ["every request is the same on both versions: nothing can differ"]
    open_ones = [each for each in gating if each.verdict == "inconclusive"]
    if open_ones:
        return "inconclusive", [_open_words(each, policy) for each in open_ones]
    risen = [each for each in gating if each.verdict == "improved"]
    if risen:
        return "improved", [f"{each.metric.name} rose by {_points(each)}" for each in risen]
    return "passed", [
        f"{each.metric.name} surely fell by less than {100 * policy.margin:g} points"
        for each in gating
    ]


def _points(each: MetricComparison) -> str:
    assert each.delta is not None
    assert each.interval is not None
    low, high = sorted(abs(100 * end) for end in each.interval)
    return f"{abs(100 * each.delta):.1f} points ({low:.1f} to {high:.1f})"


def _open_words(each: MetricComparison, policy: Policy) -> str:
    assert each.interval is not None
    low, high = (100 * end for end in each.interval)
    need = fewest_pairs_to_pass(policy.alpha, policy.margin)
    if each.pairs < need:
        return f"{each.metric.name}: {each.pairs} pairs are too few for any pass; {need} are needed"
    return (
        f"{each.metric.name} lies between {low:+.1f} and {high:+.1f} points: "
        f"neither a sure drop nor surely above −{100 * policy.margin:g}"
    )


def _missing_words(each: MetricComparison, ledger: Ledger) -> str:
    lost = {arm: ledger.count(arm, each.metric.name, LOST) for arm in ("baseline", "candidate")}
    return (
        f"{each.metric.name}: {each.missing} of {each.missing + each.pairs} pairs are missing "
        f"(calls lost: {lost['baseline']} baseline, {lost['candidate']} candidate)"
    )
