"""What was measured: every metric on both arms, the difference, and how sure it is."""

from __future__ import annotations

from math import sqrt

from promptops.reports import facts, words
from promptops.reports.page import Cell, Page, Part
from promptops.reports.sections.forest import ROOM as ROOM_FOR_FOREST
from promptops.reports.sections.forest import Forest
from promptops.reports.symbols import VERDICT_STYLES
from promptops.values.report import EconomyReport, MetricReport, Report, VarianceReport

_ROOM_FOR_ROLE = 74
_MEANS = {"cost": "cost a sample", "tokens": "tokens a sample", "latency": "mean latency"}
"""The totals of both arms stand in another table."""


def write_metrics(page: Page, report: Report) -> None:
    """The table of metrics, gating ones first, and what must be known to read it."""
    nothing = facts.stopped(report) or not facts.had(report)
    if not report.metrics or (nothing and not any(map(_measured, report.metrics))):
        return
    page.blank()
    ordered = sorted(report.metrics, key=lambda metric: metric.role != "gate")
    if report.baseline is None:
        _write_absolute(page, ordered)
    else:
        _write_compared(page, report, ordered)
    for metric in ordered:
        _write_notes(page, report, metric)


def _measured(metric: MetricReport) -> bool:
    return metric.candidate is not None or metric.baseline is not None


def _write_absolute(page: Page, metrics: list[MetricReport]) -> None:
    rows: list[list[Cell]] = [
        [_sign(page, metric), metric.name, (metric.role, "dim"), words.score(metric.candidate)]
        for metric in metrics
    ]
    page.table(["", "metric", "role", ">score"], rows, flexible=1)


def _write_compared(page: Page, report: Report, metrics: list[MetricReport]) -> None:
    with_role = page.width >= _ROOM_FOR_ROLE
    forest = Forest(page, report) if page.width >= ROOM_FOR_FOREST else None
    heads = ["", "metric", ">baseline", ">candidate", ">delta", ">interval"]
    if forest:
        heads.append(forest.head)
    if with_role:
        heads[2:2] = ["role"]
        heads.append(">pairs")
    rows: list[list[Cell]] = []
    for metric in metrics:
        row: list[Cell] = [
            _sign(page, metric),
            metric.name,
            words.score(metric.baseline),
            words.score(metric.candidate),
            (words.signed(metric.delta, page.signs), _style(metric)),
            words.between(facts.interval_of(report, metric), page.signs),
        ]
        if forest:
            row.append(forest.mark(metric))
        if with_role:
            row[2:2] = [(metric.role, "dim")]
            row.append(words.number(metric.pairs))
        rows.append(row)
    for each in facts.limited(report):
        row = _economy(page, each)
        if forest:
            row.append("")
        if with_role:
            row[2:2] = [("gate", "dim")]
            row.append(words.number(each.pairs))
        rows.append(row)
    page.table(heads, rows, flexible=1)
    _write_legend(page, report, metrics, with_margin=forest is not None)


def _economy(page: Page, each: EconomyReport) -> list[Cell]:
    style = VERDICT_STYLES[each.verdict] if each.verdict else ""
    sign = page.signs.verdicts[each.verdict] if each.verdict else page.signs.dot
    return [
        (sign, style),
        _MEANS[each.name] if page.width >= _ROOM_FOR_ROLE else each.name,
        words.amount(each, each.baseline),
        words.amount(each, each.candidate),
        (words.increase(each, page.signs), style),
        words.increase_between(each, page.signs),
    ]


def _write_limits(page: Page, report: Report) -> None:
    """What the gate lets the candidate use, and of how many pairs that is not known."""
    limited = facts.limited(report)
    if not limited:
        return
    told = ", ".join(
        f"{each.name} by {words.percent(each.limit or 0.0, page.signs).lstrip('+')}"
        for each in limited
    )
    page.paragraph((f"may rise: {told}; looked at once, at the end", "dim"), indent=4)
    for each in limited:
        if each.missing:
            pairs = words.many(each.missing, "pair")
            page.paragraph((f"{each.name}: not known of {pairs}", "dim"), indent=4)


def _write_legend(
    page: Page, report: Report, metrics: list[MetricReport], *, with_margin: bool
) -> None:
    told: list[str] = []
    sure = words.sureness(report)
    if sure and any(facts.interval_of(report, metric) for metric in metrics):
        told.append(f"each end of an interval is {sure}{_meaning(report)}")
    if facts.strict(report):
        told.append("guarantee strict: at any time, and for any scores")
    margin = facts.margin(report)
    if margin and with_margin:
        told.append(f"{page.signs.limit} the margin, {page.signs.minus}{margin:g}")
    if told:
        page.paragraph((f" {page.signs.dot} ".join(told), "dim"), indent=4)
    _write_limits(page, report)
    for metric in metrics:
        if metric.role == "gate":
            _write_other_interval(page, report, metric)
    for metric in metrics:
        if metric.role == "gate" and metric.variance:
            told_noise = _noise(metric.variance)
            page.paragraph((f"noise of {metric.name}: {told_noise}", "dim"), indent=4)


def _meaning(report: Report) -> str:
    if facts.over_population(report):
        return ", over cases like these, looked at once"
    if report.budget and report.budget.planned_looks > 1:
        return " at every look, on these cases"
    return ", on these cases"


def _write_other_interval(page: Page, report: Report, metric: MetricReport) -> None:
    """The interval that the verdict does not rest on."""
    interval, over = metric.population_interval, "over other cases like these"
    if facts.over_population(report):
        interval, over = metric.interval, "on these cases alone"
    if interval:
        told = f"{over}, {metric.name}: {words.between(interval, page.signs)}"
        page.paragraph((told, "dim"), indent=4)


def _noise(variance: VarianceReport) -> str:
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


def _write_notes(page: Page, report: Report, metric: MetricReport) -> None:
    notes = [metric.note] if metric.note else []
    gates = len(facts.gating(report))
    if metric.p_value is not None:
        notes.append(f"p {_probability(metric.p_value)} by Holm over {gates} metrics")
    if gates > 1 and metric.material:
        notes.append("surely more than the margin")
    if gates > 1 and metric.small_drop:
        notes.append("a small real drop, within the margin")
    if metric.unscorable:
        notes.append(f"{words.many(metric.unscorable, 'sample')} could not be scored")
    if metric.judge:
        notes.append(f"judge {metric.judge[:8]}")
    if notes:
        page.paragraph((f"{metric.name}: " + "; ".join(notes), "dim"), indent=4)


def _probability(p_value: float) -> str:
    if p_value < 0.001:
        return "below 0.001"
    return "above 0.5" if p_value > 0.5 else f"{p_value:.2g}"


def _sign(page: Page, metric: MetricReport) -> Part:
    if metric.verdict is None:
        return (page.signs.observe if metric.role == "observe" else page.signs.dot, "dim")
    return (page.signs.verdicts[metric.verdict], _style(metric))


def _style(metric: MetricReport) -> str:
    return VERDICT_STYLES[metric.verdict] if metric.verdict else ""
