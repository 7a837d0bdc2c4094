"""What was measured: every metric on both arms, the difference, and how sure it is."""

from __future__ import annotations

from promptops.reports import facts, remarks, words
from promptops.reports.page import Cell, Page, Part
from promptops.reports.sections.forest import ROOM as ROOM_FOR_FOREST
from promptops.reports.sections.forest import Forest
from promptops.reports.symbols import VERDICT_STYLES
from promptops.reports.votes import Votes
from promptops.values.report import EconomyReport, MetricReport, Report

_ROOM_FOR_ROLE = 74


CORRECTED = "corrected"
"""The row below a metric that people's labels put right."""


def write_metrics(page: Page, report: Report, votes: Votes | None = None) -> None:
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
        _write_notes(page, report, metric, votes)


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
            (words.signed(metric.delta, page.signs), _raw_style(metric)),
            words.between(facts.interval_of(report, metric), page.signs),
        ]
        if forest:
            row.append(forest.mark(metric))
        if with_role:
            row[2:2] = [(metric.role, "dim")]
            row.append(words.number(metric.pairs))
        rows.append(row)
        put_right = facts.put_right(metric)
        if put_right:
            rows.append(_corrected(page, report, put_right, forest, with_role=with_role))
    for each in facts.limited(report):
        row = _economy(page, each)
        if forest:
            row.append("")
        if with_role:
            row[2:2] = [("gate", "dim")]
            row.append(words.number(each.pairs))
        rows.append(row)
    page.table(heads, rows, flexible=1)
    _write_legend(page, report, with_margin=forest is not None)


def _corrected(
    page: Page, report: Report, metric: MetricReport, forest: Forest | None, *, with_role: bool
) -> list[Cell]:
    """The difference that people's labels put right, below the raw one; its pairs are labelled."""
    row: list[Cell] = [
        "",
        (f"{page.signs.arrow} {CORRECTED}", "dim"),
        "",
        "",
        (words.signed(metric.delta, page.signs), _style(metric)),
        words.between(facts.interval_of(report, metric), page.signs),
    ]
    if forest:
        row.append(forest.mark(metric))
    if with_role:
        row[2:2] = [("labels", "dim")]
        row.append(words.number(metric.pairs))
    return row


def _raw_style(metric: MetricReport) -> str:
    """The verdict's colour is for the difference that it rests on."""
    return "dim" if facts.corrected(metric) else _style(metric)


def _economy(page: Page, each: EconomyReport) -> list[Cell]:
    style = VERDICT_STYLES[each.verdict] if each.verdict else ""
    sign = page.signs.verdicts[each.verdict] if each.verdict else page.signs.dot
    return [
        (sign, style),
        remarks.MEANS[each.name] if page.width >= _ROOM_FOR_ROLE else each.name,
        words.amount(each, each.baseline),
        words.amount(each, each.candidate),
        (words.increase(each, page.signs), style),
        words.increase_between(each, page.signs),
    ]


def _write_legend(page: Page, report: Report, *, with_margin: bool) -> None:
    told = remarks.about_intervals(report)
    margin = facts.margin(report)
    if margin and with_margin:
        told.append(f"{page.signs.limit} the margin, {page.signs.minus}{margin:g}")
    if told:
        _write_remark(page, f" {page.signs.dot} ".join(told))
    corrections = remarks.about_corrections(report)
    if corrections:
        _write_remark(page, corrections)
    for limits in remarks.about_limits(report, page.signs):
        _write_remark(page, limits)
    for metric in facts.gating(report):
        other = remarks.other_interval(report, metric, page.signs)
        if other:
            over, ends = other
            _write_remark(page, f"{over}, {metric.name}: {ends}")
    for metric in facts.gating(report):
        if metric.variance:
            _write_remark(page, f"noise of {metric.name}: {remarks.noise(metric.variance)}")


def _write_notes(page: Page, report: Report, metric: MetricReport, votes: Votes | None) -> None:
    notes = remarks.notes(report, metric, votes)
    if notes:
        _write_remark(page, f"{metric.name}: " + "; ".join(notes))


def _write_remark(page: Page, told: str) -> None:
    page.paragraph((told, "dim"), indent=4)


def _sign(page: Page, metric: MetricReport) -> Part:
    if metric.verdict is None:
        return (page.signs.observe if metric.role == "observe" else page.signs.dot, "dim")
    return (page.signs.verdicts[metric.verdict], _style(metric))


def _style(metric: MetricReport) -> str:
    return VERDICT_STYLES[metric.verdict] if metric.verdict else ""
