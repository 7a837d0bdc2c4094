"""What people's labels make of a decision that rests on judges.

A judge's delta may be wrong by more than chance.  Where people labelled enough of the pairs, the
delta put right by them has the last word on its metric.  A judge that fails what no judge may fail
has no word at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from promptops.comparison.decision import ByLabels, Decision, MetricComparison
from promptops.comparison.ledger import Ledger
from promptops.comparison.policy import Policy
from promptops.comparison.verdicts import of_suite


def with_labels(
    decision: Decision,
    labels: Mapping[str, ByLabels],
    faults: Mapping[str, str],
    *,
    ledger: Ledger,
    policy: Policy,
    identical: bool = False,
) -> Decision:
    """The decision once labels are counted, by the metric's name.

    A metric of which too much is missing stays invalid.  `faults` says of a metric why its scores
    mean nothing: it is invalid, whatever labels say.
    """
    if not labels and not faults:
        return decision
    found = [
        _put_right(each, labels.get(each.metric.name), faults.get(each.metric.name, ""))
        for each in decision.comparisons
    ]
    counting = [each for each in found if each.metric.role == "gate" or each.metric.held_back]
    if not any(each.by_labels or each.fault for each in counting):
        return replace(decision, comparisons=found)
    after = of_suite(found, ledger, policy, identical=identical)
    return replace(after, comparisons=found)


def without_verdict(decision: Decision, faults: Mapping[str, str]) -> Decision:
    """The decision on a version that is only described, where a gating judge's scores mean
    nothing.
    """
    told = [
        f"{each.metric.name}: {faults[each.metric.name]}"
        for each in decision.comparisons
        if each.metric.name in faults and (each.metric.role == "gate" or each.metric.held_back)
    ]
    return replace(decision, verdict="invalid", reasons=told) if told else decision


def _put_right(each: MetricComparison, labels: ByLabels | None, fault: str) -> MetricComparison:
    if fault:
        return replace(each, by_labels=labels, fault=fault, verdict="invalid", material=False)
    if labels is None:
        return each
    if each.verdict == "invalid":
        return replace(each, by_labels=labels)
    return replace(
        each,
        by_labels=labels,
        verdict=labels.verdict,
        material=labels.material,
        small_drop=labels.verdict == "passed" and labels.interval[1] < 0,
    )


def open_by_labels(comparisons: Sequence[MetricComparison]) -> bool:
    """Whether labels leave a gating metric open: more samples would hardly close it."""
    return any(
        each.metric.role == "gate" and each.by_labels and each.verdict == "inconclusive"
        for each in comparisons
    )
