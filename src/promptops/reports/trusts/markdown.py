"""What is known of judges as GitHub's Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from promptops.reports import trust_words
from promptops.reports.markdown.blocks import bullets, folded, joined, table
from promptops.reports.markdown.inline import Markup
from promptops.reports.surface import Surface
from promptops.values.trust import TrustReport

_LONGEST = 300


def render(reports: Sequence[TrustReport], surface: Surface) -> str:
    """One section a suite."""
    markup = Markup(unicode=surface.unicode)
    return joined(_section(report, markup) for report in reports) + "\n"


def _section(report: TrustReport, markup: Markup) -> str:
    name, suite = markup.code(report.judge), markup.code(report.suite)
    canaries, _ = trust_words.canary_words(report)
    biases = [
        f"**{name}**: {markup.sentence(told)}"
        for name, told in trust_words.biases(report, markup.signs)
    ]
    return joined(
        [
            f"### {name} v{report.version} in {suite}: **{report.standing}**",
            markup.sentence(trust_words.facts(report, markup.signs)),
            bullets(markup.sentence(each) for each in [*report.reasons, report.settle] if each),
            _measures(report, markup) if report.answers else "",
            _grid(report),
            bullets([f"**canaries**: {markup.sentence(canaries)}", *biases]),
            bullets(markup.sentence(each) for each in trust_words.people(report, markup.signs)),
            _slices(report, markup),
            _differences(report, markup),
        ]
    )


def _measures(report: TrustReport, markup: Markup) -> str:
    return table(
        ["measure", ">value", "95% interval", "what it is"],
        [
            [row.name, row.value, row.interval, markup.sentence(row.meaning)]
            for row in trust_words.rows(report, markup.signs)
        ],
    )


def _grid(report: TrustReport) -> str:
    rows = trust_words.grid(report)
    return table(list(trust_words.GRID), rows) if rows else ""


def _slices(report: TrustReport, markup: Markup) -> str:
    if not report.slices:
        return ""
    head = ["tag", ">answers", ">accuracy", "95% interval"]
    body = [[markup.code(tag), *rest] for tag, *rest in trust_words.slices(report)]
    return folded("by tag, the worst first", table(head, body))


def _differences(report: TrustReport, markup: Markup) -> str:
    if not report.disagreements:
        return ""
    shown = bullets(
        f"{markup.code(each.case)}: people {each.people:.2f}, judge {each.judge:.2f}."
        f" {markup.sentence(each.explanation, _LONGEST)}"
        for each in report.disagreements
    )
    return folded("where they differ", shown)
