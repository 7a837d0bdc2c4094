"""What must be known to read a report's numbers, as sentences that every format shares."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from math import sqrt

from promptops.reports import facts, words
from promptops.reports.symbols import Symbols
from promptops.reports.votes import Votes, judging_told
from promptops.values.report import (
    Budget,
    EconomyReport,
    MetricReport,
    NextStep,
    Report,
    VarianceReport,
)

MEANS = {"cost": "cost a sample", "tokens": "tokens a sample", "latency": "mean latency"}
"""Beside a metric's mean; the totals of both arms stand elsewhere."""

_SETTLED = (
    "the scores are clear, so no more is drawn; a wider limit settles it, or a smaller margin,"
    " which takes more pairs"
)

_MORE_LABELS = "more labels, on both answers of pairs drawn at random, would settle it"


def about_intervals(report: Report) -> list[str]:
    """How sure the intervals are, and of what; then what the gate lets rise."""
    told: list[str] = []
    sure = words.sureness(report)
    if sure and any(facts.interval_of(report, metric) for metric in report.metrics):
        told.append(f"each end of an interval is {sure}{_meaning(report)}")
    if facts.strict(report):
        told.append("guarantee strict: at any time, and for any scores")
    return told


def about_corrections(report: Report) -> str:
    """What a corrected difference is; "" where there is none."""
    corrected = [each for each in report.metrics if facts.corrected(each)]
    if not corrected:
        return ""
    told = (
        "corrected: the judge's difference put right by people's labels, on pairs of which they"
        " labelled both answers"
    )
    gates = any(each.role == "gate" for each in corrected)
    return f"{told}; the verdict rests on it" if gates else told


def about_limits(report: Report, signs: Symbols) -> list[str]:
    """What the gate lets the candidate use, and of how many pairs that is not known."""
    limited = facts.limited(report)
    if not limited:
        return []
    rises = ", ".join(f"{each.name} by {allowed(each, signs)}" for each in limited)
    return [
        f"may rise: {rises}; looked at once, at the end",
        *(f"{each.name}: {not_known(each)}" for each in limited if each.missing),
    ]


def allowed(each: EconomyReport, signs: Symbols) -> str:
    """By how much the gate lets it rise: `25%`."""
    return words.percent(each.limit or 0.0, signs).lstrip("+")


def not_known(each: EconomyReport) -> str:
    """Of how many pairs it was not had: `not known of 3 pairs`."""
    return f"not known of {words.many(each.missing, 'pair')}"


def about_metric(
    report: Report, metric: MetricReport, signs: Symbols, votes: Votes | None = None
) -> list[str]:
    """What else is known of a metric: its notes, its votes, its other interval, its noise."""
    told = notes(report, metric, votes)
    if report.baseline is not None and metric.role == "gate":
        other = other_interval(report, metric, signs)
        told += [" ".join(other)] if other else []
        told += [f"noise {noise(metric.variance)}"] if metric.variance else []
    return told


def notes(report: Report, metric: MetricReport, votes: Votes | None = None) -> list[str]:
    """What else is known of a metric by itself: its p-value, its judge, its votes, its labels."""
    told = [metric.note] if metric.note else []
    judging = votes.metrics.get(metric.name) if votes else None
    told += judging_told(judging, metric.note)
    if metric.labels and not facts.corrected(metric):
        told.append(labelled(metric))
    gates = len(facts.gating(report))
    if metric.p_value is not None:
        told.append(f"p {_probability(metric.p_value)} by Holm over {gates} metrics")
    if gates > 1 and metric.material:
        told.append("surely more than the margin")
    if gates > 1 and metric.small_drop:
        told.append("a small real drop, within the margin")
    if metric.unscorable:
        told.append(f"{words.many(metric.unscorable, 'sample')} could not be scored")
    if metric.judge:
        told.append(f"judge {metric.judge[:8]}")
    return told


def labelled(metric: MetricReport) -> str:
    """How many pairs people labelled: `80 labelled pairs`."""
    return words.many(metric.labels, "labelled pair")


def other_interval(report: Report, metric: MetricReport, signs: Symbols) -> tuple[str, str] | None:
    """What the interval is over that the verdict does not rest on, and its ends."""
    interval, over = metric.population_interval, "over other cases like these"
    if facts.over_population(report):
        interval, over = metric.interval, "on these cases alone"
    return (over, words.between(interval, signs)) if interval else None


def _meaning(report: Report) -> str:
    if facts.over_population(report):
        return ", over cases like these, looked at once"
    if report.budget and report.budget.planned_looks > 1:
        return " at every look, on these cases"
    return ", on these cases"


def noise(variance: VarianceReport) -> str:
    """Where the noise of a paired difference comes from, as standard deviations of scores."""
    if variance.between is None or variance.within is None:
        return f"{_deviation(variance.total)} a pair (standard deviation)"
    told = f"between cases {_deviation(variance.between)}"
    told += f", within a case {_deviation(variance.within)}"
    if variance.judge is not None:
        told += f", of it the judge {_deviation(variance.judge)}"
    return told + " (standard deviations)"


def _deviation(variance: float) -> str:
    return f"{sqrt(max(0.0, variance)):.2f}"


def _probability(p_value: float) -> str:
    if p_value < 0.001:
        return "below 0.001"
    return "above 0.5" if p_value > 0.5 else f"{p_value:.2g}"


def calls(report: Report, *, brackets: bool) -> list[str]:
    """Calls by where their answer came from: `520 answers planned at most`, `985 calls made`.

    An aside of one of them stands in brackets where it could be taken for the next.
    """
    counts = report.calls
    told = [_answers(report, brackets=brackets)] if counts.planned else []
    made = words.many(counts.made, "call") + " made"
    if 0 < counts.judge <= counts.made:
        made += _aside(", ", f"{words.number(counts.judge)} of them to score", brackets=brackets)
    told.append(made)
    told += [
        f"{words.number(count)} {name}"
        for count, name in (
            (counts.cached, "kept"),
            (counts.shared, "shared by both arms"),
            (counts.retried, "retried"),
        )
        if count
    ]
    return told


def _answers(report: Report, *, brackets: bool) -> str:
    planned, saved = report.calls.planned, facts.saved_calls(report)
    if not saved:
        return words.many(planned, "answer") + " planned at most"
    why = "the answer was clear"
    if report.verdict not in facts.CLEAR:
        why = "no verdict was in reach any more"
    drawn = f"{planned - saved:,} of {words.many(planned, 'answer')} drawn"
    return drawn + _aside("; ", why, brackets=brackets)


def _aside(mark: str, told: str, *, brackets: bool) -> str:
    return f" ({told})" if brackets else f"{mark}{told}"


def looks(report: Report, budget: Budget) -> str:
    """How often the evidence was looked at, and of how many planned looks."""
    pairs = f"{budget.pairs:,} of {words.many(budget.planned_pairs, 'pair')}"
    if budget.pairs > budget.planned_pairs:
        pairs = f"{words.many(budget.pairs, 'pair')}, {budget.planned_pairs:,} of them planned"
    if facts.over_population(report):
        return f"one, at the end, after {pairs}"
    further = budget.looks - budget.planned_looks
    if further <= 0:
        return f"{budget.looks:,} of {budget.planned_looks:,}, after {pairs}"
    return f"{budget.planned_looks:,} planned and {further:,} beyond the plan, after {pairs}"


def cost(report: Report) -> list[str]:
    """What was paid; then what the answers cost once, where that is another amount."""
    spent, made = report.cost, report.calls.made
    paid, once = words.paid(spent, made=made), words.money(spent.evaluated_usd)
    if not made and spent.unpriced_calls:
        least = f"at least {once}, and not known in full" if spent.evaluated_usd else "unknown"
        return [f"{paid}; what its answers cost once is {least}"]
    if once != words.money(spent.incurred_usd):
        return [paid, f"{once} is what it costs when nothing is kept"]
    return [paid]


def dearer_between(report: Report, signs: Symbols) -> str:
    """The interval of how much more a sample of the candidate costs; "" where there is none."""
    mean = next((each for each in report.economy if each.name == "cost" and each.increase), None)
    between = words.increase_between(mean, signs) if mean else signs.none
    return "" if between == signs.none else between


def own_failures(report: Report) -> list[tuple[str, list[int]]]:
    """What answers failed at and were scored 0 for, such as `bad schema`; how often on each arm."""
    arms = [arm for arm in (report.baseline, report.candidate) if arm]
    labels = sorted({label for arm in arms for label in arm.own_failures})
    return [
        (label.replace("_", " "), [arm.own_failures.get(label, 0) for arm in arms])
        for label in labels
    ]


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is ahead of a comparison without an answer; all empty where nothing is to be told."""

    seen: str = ""
    """What the plan could see at all."""
    told: str = ""
    """What would settle it."""
    command: str = ""
    """What does so, or plans for it; "" where none helps."""
    goes_on: bool = False
    """Whether the command goes on with this comparison."""


def outlook(report: Report) -> tuple[str, str]:
    """For a comparison without an answer: what could be seen and would settle it; a command.

    The command is "" where none helps.
    """
    ahead = outlook_parts(report)
    return "; ".join(each for each in (ahead.seen, ahead.told) if each), ahead.command


def outlook_parts(report: Report) -> Outlook:
    """The same, part by part."""
    if report.baseline is None or facts.itself(report):
        return Outlook()
    if facts.scores_settled(report):
        return Outlook(told=_SETTLED)
    undecided = report.verdict == "inconclusive"
    if undecided and (facts.open_by_labels(report) or not facts.gating(report)):
        return _without_pairs(report)
    seen = _seen(report, report.budget) if undecided and report.budget else ""
    if report.next_step:
        step = report.next_step
        return Outlook(seen, _lead(report, step), step.command, goes_on=True)
    if undecided and report.budget:
        return Outlook(seen, *_without_step(report))
    return Outlook()


def _seen(report: Report, budget: Budget) -> str:
    detectable = facts.detectable(report)
    if detectable is None or budget.pairs > budget.planned_pairs:
        return ""
    planned = words.many(budget.planned_pairs, "pair")
    if detectable >= 1:
        return f"{planned} are too few to see any drop reliably"
    drop = f"a drop of {words.points_up(detectable)} points or more"
    if budget.pairs < budget.planned_pairs:
        return f"all {planned} of the plan can see {drop}, 8 times in 10"
    return f"{planned} can see {drop}, 8 times in 10"


def _lead(report: Report, step: NextStep) -> str:
    first = facts.first_impression(report)
    told = "the rest of the plan may settle it" if first else "to settle it"
    told += f": about {words.number(step.calls)} more {'call' if step.calls == 1 else 'calls'}"
    if report.calls.judge:
        told += " and those to score"
    if step.usd is None:
        return f"{told}, at an unknown price"
    return f"{told}, {words.money(step.usd)}" if step.usd else told


def _without_pairs(report: Report) -> Outlook:
    """Where no number of pairs would settle it."""
    if not facts.gating(report):
        return Outlook()  # the reason says what lets a judge gate
    return Outlook(told=_MORE_LABELS, command=_review(report))


def _review(report: Report) -> str:
    """What asks people about the answers of the metric that is open."""
    metric = facts.deciding_metric(report)
    named = f" --metric {shlex.quote(metric.name)}" if metric else ""
    return f"promptops review {shlex.quote(report.suite)}{named}"


def _without_step(report: Report) -> tuple[str, str]:
    if facts.over_population(report):
        return "more cases would settle it; more samples of these hardly would", ""
    near = (
        "too near the line for more samples of this comparison to settle it; let the next version"
        " plan for more pairs"
    )
    return near, f"promptops plan {report.suite}"
