"""The judges of a report: who voted how, and how far each is known to be right."""

from __future__ import annotations

from collections.abc import Sequence

from promptops.reports import words
from promptops.reports.html.markup import NOTHING, Markup, element, join
from promptops.reports.trust_section import trust_section
from promptops.reports.trust_words import CLASSES, title
from promptops.reports.votes import Votes
from promptops.values.judging import Judging
from promptops.values.trust import TrustReport

_MOST_VOTERS = 50


def judges_part(votes: Votes, trust: Sequence[TrustReport]) -> Markup:
    """The panels and criteria of every judge; then a page for each whose trust was measured."""
    panels = [
        _panel(name, judging) for name, judging in votes.metrics.items() if len(judging.voters) > 1
    ]
    if not panels and not trust:
        return NOTHING
    return element(
        "section",
        element("h2", "Judges"),
        join(panels),
        join(_trust(each) for each in trust),
        class_="judges",
    )


def _panel(name: str, judging: Judging) -> Markup:
    rows = [
        element(
            "tr",
            element("th", each.by or "unnamed", scope="row"),
            element("td", words.number(each.votes), class_="number"),
            element("td", words.number(each.silent), class_="number"),
            element("td", words.score(each.mean), class_="number"),
        )
        for each in judging.voters[:_MOST_VOTERS]
    ]
    heads = [element("th", "who", scope="col")]
    heads += [
        element("th", each, scope="col", class_="number")
        for each in ("votes", "without a value", "mean")
    ]
    unit = "pair" if judging.pairs else "answer"
    told = f"votes differ on {judging.divided:,} of {words.many(judging.voted, unit)}"
    return element(
        "table",
        element("caption", element("b", name), f": {told}"),
        element("thead", element("tr", *heads)),
        element("tbody", *rows),
        class_="panel",
    )


def _trust(report: TrustReport) -> Markup:
    standing = element("span", report.standing, class_=f"mark {CLASSES[report.standing]}")
    return element(
        "details",
        element("summary", standing, " ", title(report), f", metric {report.metric}"),
        trust_section(report),
        class_="trust",
    )
