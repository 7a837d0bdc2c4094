"""What came of trying a judge in other words, for a terminal."""

from __future__ import annotations

from promptops.reports import tuning_words
from promptops.reports.page import Page
from promptops.reports.surface import Surface
from promptops.values.tuning import TuneReport

_LONGEST = 500


def render(report: TuneReport, surface: Surface) -> str:
    """The outcome, the half that picks, the half that tells."""
    page = Page(surface, longest=_LONGEST)
    signs = page.signs
    page.paragraph(
        (report.outcome, tuning_words.STYLES[report.outcome]),
        ("  " + tuning_words.title(report), "bold"),
    )
    page.paragraph((tuning_words.facts(report, signs), "dim"))
    for reason in report.reasons:
        page.item(signs.dot, reason, indent=0)
    if report.settle:
        page.item((signs.arrow, "dim"), report.settle, indent=0)
    page.blank()
    page.paragraph(("on the half that picks", "bold"))
    page.table(
        ["variant", ">alpha", "95% interval", ">accuracy", ">silent", ""],
        [
            [
                (row.name, "bold" if row.picked else ""),
                row.alpha,
                row.interval,
                row.accuracy,
                row.silent,
                (row.about, "dim"),
            ]
            for row in tuning_words.rows(report, signs)
        ],
        flexible=5,
        wrap=True,
    )
    held_out = tuning_words.held_out(report, signs)
    if held_out:
        page.blank()
        page.paragraph(("on the half that nobody picked by", "bold"))
        for name, told in held_out:
            page.item((name, "bold"), told)
    for told in tuning_words.notes(report, signs):
        page.blank()
        page.paragraph((told, "dim"))
    return page.text()
