"""Several reports at a glance: models side by side, and all suites."""

from __future__ import annotations

from collections import Counter
from typing import get_args

from promptops.reports import facts, words
from promptops.reports.headline import finding
from promptops.reports.page import Cell, Page
from promptops.reports.sections.verdict import mark
from promptops.values.report import Report, Verdict


def write_models(page: Page, reports: list[Report]) -> None:
    """For each suite that several models answered: one row a model."""
    suites: dict[str, list[Report]] = {}
    for report in reports:
        suites.setdefault(report.suite, []).append(report)
    for suite, same in suites.items():
        if len({report.model for report in same}) > 1:
            _write_models_of(page, suite, same)


def _write_models_of(page: Page, suite: str, reports: list[Report]) -> None:
    page.blank()
    page.paragraph((f"{suite} by model", "bold"), indent=2)
    names = list(dict.fromkeys(metric.name for report in reports for metric in report.metrics))
    most = max(1, (page.width - 52) // 14)
    heads = ["model", "verdict", *(f">{name}" for name in names[:most]), ">cost", ">latency"]
    rows: list[list[Cell]] = []
    for report in reports:
        values = {metric.name: metric for metric in report.metrics}
        row: list[Cell] = [report.model or "unnamed", mark(page, report.verdict)]
        for name in names[:most]:
            metric = values.get(name)
            told = words.score(metric.candidate) if metric else page.signs.none
            shown = facts.put_right(metric) or metric if metric else None
            if shown and shown.delta is not None:
                told += f" ({words.signed(shown.delta, page.signs)})"
            row.append(told)
        row.append(words.money(report.candidate.cost_usd))
        row.append(words.seconds(report.candidate.latency_seconds))
        rows.append(row)
    page.table(heads, rows, flexible=0)
    if len(names) > most:
        page.paragraph(
            (f"{page.signs.more} {len(names) - most} more metrics above", "dim"), indent=2
        )


def write_suites(page: Page, reports: list[Report]) -> None:
    """One row a suite, then how many ended how; nothing for a single suite."""
    if len({report.suite for report in reports}) < 2:
        return
    several = len({report.model for report in reports}) > 1
    page.blank()
    page.rule()
    rows: list[list[Cell]] = []
    for report in reports:
        row: list[Cell] = [
            mark(page, report.verdict),
            report.suite,
            words.versions(report, page.signs),
        ]
        if several:
            row.append(report.model)
        row.append((finding(report, page.signs), "dim"))
        rows.append(row)
    page.table([""] * len(rows[0]), rows, indent=0, flexible=len(rows[0]) - 1, wrap=True)
    counts = Counter(report.verdict for report in reports)
    told = [f"{counts[verdict]} {verdict}" for verdict in get_args(Verdict) if counts[verdict]]
    page.blank()
    page.paragraph((f"{words.many(len(reports), 'report')}: " + ", ".join(told), "bold"))
