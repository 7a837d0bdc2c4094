"""Reports for a terminal: the verdict first, then what it rests on, then what it cost."""

from __future__ import annotations

from promptops.reports.page import Page
from promptops.reports.sections.cases import shown_cases, write_cases
from promptops.reports.sections.economy import (
    write_again,
    write_arms,
    write_calls,
    write_surroundings,
)
from promptops.reports.sections.gate import write_gate
from promptops.reports.sections.metrics import write_metrics
from promptops.reports.sections.outlook import write_outlook
from promptops.reports.sections.slices import write_slices
from promptops.reports.sections.summary import write_models, write_suites
from promptops.reports.sections.verdict import write_verdict
from promptops.reports.surface import Surface
from promptops.reports.votes import read_votes
from promptops.values.report import Report
from promptops.values.results import Results

_LONGEST_TEXT = 1_000
"""Columns of any one reason, name or warning; outputs have a limit of their own."""


def render(results: Results, surface: Surface) -> str:
    """The gate where one asked; one report after the other; models side by side; all suites."""
    page, reports = Page(surface, longest=_LONGEST_TEXT), list(results.reports)
    if results.gate is not None:
        write_gate(page, results.gate)
    elif not reports:
        page.paragraph("Nothing was evaluated.")
    for at, report in enumerate(reports):
        if at or results.gate is not None:
            page.blank()
            page.rule()
            page.blank()
        _write_report(page, report, results)
    write_models(page, reports)
    write_suites(page, reports)
    return page.text()


def _write_report(page: Page, report: Report, results: Results) -> None:
    votes = read_votes(results, report, {each.id for each in shown_cases(page, report)})
    write_verdict(page, report)
    write_outlook(page, report)
    write_metrics(page, report, votes)
    write_slices(page, report)
    write_cases(page, report, votes)
    write_arms(page, report)
    write_calls(page, report)
    write_surroundings(page, report)
    write_again(page, report)
