"""Why a verdict is what it is, in plain words."""

from __future__ import annotations

from promptops.comparison.decision import MetricComparison
from promptops.comparison.ledger import ARMS, LOST, UNSCORABLE, Ledger
from promptops.comparison.policy import NO_PASS, Policy
from promptops.statistics.power import fewest_pairs_to_pass


def nothing_gates(policy: Policy) -> list[str]:
    """Why nothing may be said of a suite whose metrics all observe."""
    return [f"{each.name} {each.held_back}" for each in policy.metrics if each.held_back]


def fallen(each: MetricComparison, policy: Policy) -> str:
    """A metric that regressed."""
    told = f"{_named(each)} fell by {_points(each, policy)}"
    return told + (f": more than the margin of {_margin(policy)}" if each.material else "")


def risen(each: MetricComparison, policy: Policy) -> str:
    """A metric that improved."""
    return f"{_named(each)} rose by {_points(each, policy)}"


def held(each: MetricComparison, policy: Policy) -> str:
    """A metric that passed."""
    told = f"{_named(each)} surely did not fall by {_margin(policy)} or more"
    return told + (", though it surely fell" if each.small_drop else "")


def undecided(each: MetricComparison, policy: Policy) -> str:
    """A metric of which neither is sure."""
    if each.missing > policy.most_missing * (each.pairs + each.missing):
        lost = f"{each.missing} of {each.missing + each.pairs} pairs"
        return f"{each.metric.name}: {lost} are missing, too many for a verdict"
    low, high = _ends(each, policy)
    if each.by_labels:
        told = f"{_named(each)} lies between {_signed(low)} and {_signed(high)} points"
        return f"{told}: more labels of this kind would settle it"
    margin = policy.margin_of(each.metric)
    if margin <= NO_PASS:
        told = f"{each.metric.name} lies between {_signed(low)} and {_signed(high)} points"
        return f"{told}: no sure drop, and too little is known of its judge to pass anything"
    few = fewest_pairs_to_pass(policy.alpha, margin)
    units = "cases or groups of them" if policy.estimand == "population" else "pairs"
    if each.units < few:
        return (
            f"{each.metric.name}: {each.units} {units} are too few for any pass; {few} are needed"
        )
    where = f"{each.metric.name} lies between {_signed(low)} and {_signed(high)} points"
    if high < 0:
        shared = policy.share(each.metric) < policy.alpha
        why = "the metrics share the error" if shared else "the sign-flip test is not sure"
        return f"{where}: below zero, but not surely enough, as {why}"
    seen = "" if margin == policy.margin else f", where its judge sees a drop of {_margin(policy)}"
    return f"{where}: neither a sure drop nor surely above −{_plain(100 * margin)}{seen}"


def missing(each: MetricComparison, ledger: Ledger) -> str:
    """A metric of which too much was lost, or whose scores mean nothing."""
    if each.fault:
        return f"{each.metric.name}: {each.fault}"
    name = each.metric.name
    told = [
        f"{what}: {', '.join(f'{count} {arm}' for arm, count in counts.items())}"
        for what, state in (("calls lost", LOST), ("answers not scored", UNSCORABLE))
        if any((counts := {arm: ledger.count(arm, name, state) for arm in ARMS}).values())
    ]
    missing = f"{name}: {each.missing} of {each.missing + each.pairs} pairs are missing"
    return f"{missing} ({'; '.join(told)})" if told else missing


def _named(each: MetricComparison) -> str:
    """A metric, and by whose word it is told."""
    if each.by_labels is None:
        return each.metric.name
    return f"{each.metric.name}, by people's labels of {each.by_labels.pairs:,} pairs,"


def _plain(points: float) -> str:
    return f"{points:.3g}"


def _ends(each: MetricComparison, policy: Policy) -> tuple[float, float]:
    if each.by_labels:
        return each.by_labels.interval
    wider = each.population_interval if policy.estimand == "population" else None
    return wider or each.interval or (-1.0, 1.0)


def _signed(end: float) -> str:
    text = f"{100 * end:+.1f}"
    return "0.0" if float(text) == 0 else text.replace("-", "−")


def _margin(policy: Policy) -> str:
    return f"{100 * policy.margin:g} points"


def _points(each: MetricComparison, policy: Policy) -> str:
    """A change by its size where its direction is sure, with its sign where it is not."""
    delta = each.by_labels.delta if each.by_labels else each.delta
    assert delta is not None
    ends = _ends(each, policy)
    if ends[0] <= 0 <= ends[1]:
        where = f"{_signed(ends[0])} to {_signed(ends[1])}"
    else:
        low, high = sorted(abs(100 * end) for end in ends)
        where = f"{low:.1f} to {high:.1f}"
    return f"{abs(100 * delta):.1f} points ({where})"
