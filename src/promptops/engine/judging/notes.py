"""What a report says of judges, and of people's labels, beside the numbers."""

from __future__ import annotations

from promptops.comparison.decision import MetricComparison
from promptops.engine.judging.vote_tally import position_told
from promptops.engine.running import Run

_UNMEASURED = "observes: this judge's agreement with people has not been measured"


def labelled_pairs(each: MetricComparison, run: Run) -> int:
    """How many pairs of a metric people know, enough for a delta or not."""
    if each.by_labels:
        return each.by_labels.pairs
    return run.people.labelled(each.metric.name) if run.people else 0


def note(each: MetricComparison, run: Run) -> str:
    """What a judge may do and why, and what its votes say of it; empty where no judge scores."""
    name = each.metric.name
    tally = run.entries.votes.get(name)
    if tally is None:
        return ""
    if tally.pairs and run.plan.baseline is None:
        return "not scored: it compares two versions, and there is one"
    standing = run.plan.trust[name]
    position = tally.position
    told = [
        standing.note or ("" if standing.basis else _UNMEASURED),
        standing.margin_note if run.plan.baseline else "",
        position_told(position) if position else "",
    ]
    return "; ".join(filter(None, told))


def about_labels(run: Run) -> list[str]:
    """Labels that count for nothing, and labels against a metric that only observes."""
    labels, decision = run.plan.labels, run.decision
    if labels is None or run.plan.baseline is None or decision is None:
        return []
    found = [
        f"{name}: {_labels_told(count)} of answers that were not drawn at random correct nothing;"
        f" promptops review {run.plan.suite.name}  draws them so"
        for name, count in sorted(labels.set_aside.items())
    ]
    found += [
        f"{name}: people labelled {_cases_told(count)} whose answers changed since, so that the"
        " labels left are no random sample and correct nothing;"
        f" promptops review {run.plan.suite.name}  draws them again"
        for name, count in sorted(run.people.outdated.items() if run.people else ())
    ]
    return found + [
        f"{each.metric.name} only observes, and fell by people's labels of"
        f" {each.by_labels.pairs:,} pairs"
        for each in decision.comparisons
        if each.metric.role == "observe"
        and each.by_labels
        and each.by_labels.verdict == "regressed"
    ]


def _labels_told(count: int) -> str:
    """`1 label`, `2,000 labels`."""
    return "1 label" if count == 1 else f"{count:,} labels"


def _cases_told(count: int) -> str:
    return "1 case" if count == 1 else f"{count:,} cases"
