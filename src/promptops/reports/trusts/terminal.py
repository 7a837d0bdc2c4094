"""What is known of judges, for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from promptops.reports import trust_words, words
from promptops.reports.page import Page
from promptops.reports.surface import Surface
from promptops.values.trust import TrustReport

_LONGEST = 500
_MOST_SHOWN = 5
_COMMAND = ": promptops "
"""Where a command begins that is to be copied."""


def render(reports: Sequence[TrustReport], surface: Surface) -> str:
    """One section a suite."""
    page = Page(surface, longest=_LONGEST)
    for at, report in enumerate(reports):
        if at:
            page.blank()
            page.rule()
        _write(page, report)
    return page.text()


def _write(page: Page, report: TrustReport) -> None:
    signs = page.signs
    page.paragraph(
        (report.standing, trust_words.STYLES[report.standing]),
        ("  " + trust_words.title(report), "bold"),
    )
    page.paragraph((trust_words.facts(report, signs), "dim"))
    for reason in report.reasons:
        page.item(signs.dot, reason, indent=0)
    if report.settle:
        told, colon, command = report.settle.partition(_COMMAND)
        page.item((signs.arrow, "dim"), told + colon[:1], indent=0)
        if command:
            page.command("", colon[2:] + command, indent=2)
    page.blank()
    page.paragraph(("people", "bold"))
    for told in trust_words.people(report, signs):
        page.paragraph(told, indent=2)
    if report.answers:
        _write_measures(page, report)
    page.blank()
    canaries, well = trust_words.canary_words(report)
    page.item(("canaries", "bold"), (canaries, "" if well else "red"), indent=0)
    for name, told in trust_words.biases(report, signs):
        page.item((name, "bold"), told, indent=0)
    _write_slices(page, report)
    _write_disagreements(page, report)


def _write_measures(page: Page, report: TrustReport) -> None:
    page.blank()
    page.paragraph(("judge and people", "bold"))
    page.table(
        ["measure", ">value", "95% interval", ""],
        [
            [row.name, row.value, row.interval, (row.meaning, "dim")]
            for row in trust_words.rows(report, page.signs)
        ],
        flexible=3,
        wrap=True,
    )
    grid = trust_words.grid(report)
    if grid:
        page.table(trust_words.GRID, grid)


def _write_slices(page: Page, report: TrustReport) -> None:
    if not report.slices:
        return
    page.blank()
    page.paragraph(("by tag, the worst first", "bold"))
    shown = [list(row) for row in trust_words.slices(report)[:_MOST_SHOWN]]
    page.table(["tag", ">answers", ">accuracy", "95% interval"], shown, flexible=0)


def _write_disagreements(page: Page, report: TrustReport) -> None:
    if not report.disagreements:
        return
    page.blank()
    page.paragraph(("where they differ", "bold"))
    for each in report.disagreements[:_MOST_SHOWN]:
        said = f"people {words.score(each.people)}, judge {words.score(each.judge)}"
        page.item((each.case, "bold"), f"{said}  ", (page.cut(each.answer, 160), "dim"))
        if each.explanation:
            page.paragraph((page.cut(each.explanation, 200), "dim"), indent=4)
