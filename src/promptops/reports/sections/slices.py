"""Parts of a dataset, by tag: what fell in them, and what only looks so."""

from __future__ import annotations

from promptops.reports import facts, words
from promptops.reports.page import Cell, Page
from promptops.values.report import Report

_MOST_SLICES = 12
_DIAGNOSTIC = "to look at, not to judge by"


def write_slices(page: Page, report: Report) -> None:
    """Gating metrics by tag. A diagnostic, never a gate.

    What surely fell comes first, then the largest falls; where no slice was compared, the lowest
    scores.
    """
    slices = facts.slices(report)
    if not slices:
        return
    compared = facts.any_slice_compared(slices)
    fell = any(part.fell for part in slices) and not facts.itself(report)
    page.blank()
    told = _meaning(page, report) if fell or facts.itself(report) else _DIAGNOSTIC
    page.paragraph(("by tag", "bold"), (f" ({told})", "dim"), indent=2)
    rows: list[list[Cell]] = []
    for part in slices[:_MOST_SLICES]:
        row: list[Cell] = (
            [(page.signs.changes["worse"], "red") if part.fell else ""] if fell else []
        )
        row += [part.tag, part.metric, words.number(part.cases)]
        if compared:
            baseline = part.baseline
            row.append(page.signs.none if baseline is None else words.score(baseline))
        row.append(words.score(part.candidate))
        if compared:
            row.append(words.signed(part.delta, page.signs))
        rows.append(row)
    outcome = [">baseline", ">candidate", ">delta"] if compared else [">score"]
    marks = [""] if fell else []
    page.table([*marks, "tag", "metric", ">cases", *outcome], rows, flexible=len(marks))
    if len(slices) > _MOST_SLICES:
        left = words.number(len(slices) - _MOST_SLICES)
        page.paragraph((f"{page.signs.more} {left} more in --format json", "dim"), indent=2)


def _meaning(page: Page, report: Report) -> str:
    if facts.itself(report):
        return "the same version on both sides: what differs is noise"
    sign = page.signs.changes["worse"]
    return f"{sign} surely worse, though 1 in 10 such marks may be wrong; the rest is {_DIAGNOSTIC}"
