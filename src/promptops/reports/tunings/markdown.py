"""What came of trying a judge in other words as GitHub's Markdown."""

from __future__ import annotations

from promptops.reports import tuning_words
from promptops.reports.markdown.blocks import bullets, joined, table
from promptops.reports.markdown.inline import Markup
from promptops.reports.surface import Surface
from promptops.values.tuning import TuneReport


def render(report: TuneReport, surface: Surface) -> str:
    """The outcome, the half that picks, the half that tells."""
    markup = Markup(unicode=surface.unicode)
    signs = markup.signs
    judge, suite, picked = (
        markup.code(each) for each in (report.judge, report.suite, report.picked)
    )
    rows = [
        [
            markup.code(row.name),
            row.alpha,
            row.interval,
            row.accuracy,
            row.silent,
            markup.sentence(row.about),
        ]
        for row in tuning_words.rows(report, signs)
    ]
    told = [
        f"{markup.code(name)}: {markup.sentence(each)}"
        for name, each in tuning_words.held_out(report, signs)
    ]
    blocks = [
        f"### {judge} v{report.version} in {suite}: {picked}, **{report.outcome}**",
        markup.sentence(tuning_words.facts(report, signs)),
        bullets(markup.sentence(each) for each in [*report.reasons, report.settle] if each),
        table(["variant", ">alpha", "95% interval", ">accuracy", ">silent", ""], rows),
        bullets(told),
        *(markup.sentence(each) for each in tuning_words.notes(report, signs)),
    ]
    return joined(blocks) + "\n"
