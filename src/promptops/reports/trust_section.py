"""What is known of a judge as a part of a page."""

from __future__ import annotations

from promptops.reports import trust_words, words
from promptops.reports.html.markup import Markup, element
from promptops.reports.symbols import UNICODE
from promptops.values.trust import TrustReport

_LONGEST = 600
_CORNER = element("td")


def trust_section(report: TrustReport) -> Markup:
    """One judge in one suite; every word of others is text, and only text."""
    return element("article", _head(report), *_parts(report))


def _head(report: TrustReport) -> Markup:
    kind = trust_words.CLASSES[report.standing]
    first, *others = report.reasons or [""]
    more = [*others, report.settle] if report.settle else others
    return element(
        "header",
        element(
            "div",
            element("span", report.standing, class_=f"mark {kind}"),
            element("h2", trust_words.title(report)),
            element("span", trust_words.facts(report, UNICODE), class_="quiet"),
            class_="lead",
        ),
        element("p", first, class_="finding"),
        element("ul", *(element("li", each) for each in more), class_="notes") if more else None,
        class_=f"verdict {kind}",
    )


def _parts(report: TrustReport) -> list[Markup]:
    canaries, _ = trust_words.canary_words(report)
    told = [("canaries", canaries), *trust_words.biases(report, UNICODE)]
    facts = [element("div", element("dt", name), element("dd", each)) for name, each in told]
    people = [element("li", each) for each in trust_words.people(report, UNICODE)]
    moves = element("div", element("h3", "What moves it"), element("dl", *facts))
    who = element("div", element("h3", "People"), element("ul", *people, class_="notes"))
    parts = []
    if report.answers:
        tables = [_measures(report), *_grid(report)]
        parts.append(element("section", element("h2", "Judge and people"), *tables))
    parts.append(element("section", element("div", moves, who, class_="columns")))
    if report.slices:
        parts.append(element("section", element("h2", "By tag"), _slices(report)))
    if report.disagreements:
        shown = _disagreements(report)
        parts.append(element("section", element("h2", "Where they differ"), shown))
    return parts


def _measures(report: TrustReport) -> Markup:
    body = [
        [row.name, row.value, row.interval, row.meaning]
        for row in trust_words.rows(report, UNICODE)
    ]
    return _table(
        f"Agreement: {report.metric} in {report.suite}",
        ["measure", "value", "95% interval", "what it is"],
        body,
    )


def _grid(report: TrustReport) -> list[Markup]:
    rows = trust_words.grid(report)
    heads = [each.removeprefix(">") for each in trust_words.GRID]
    name = f"Who passes what: {report.metric} in {report.suite}"
    return [_table(name, heads, rows)] if rows else []


def _slices(report: TrustReport) -> Markup:
    body = [list(row) for row in trust_words.slices(report)]
    heads = ["tag", "answers", "accuracy", "95% interval"]
    return _table(f"By tag: {report.metric} in {report.suite}", heads, body)


def _disagreements(report: TrustReport) -> Markup:
    body = [
        [
            each.case,
            words.score(each.people),
            words.score(each.judge),
            each.answer[:_LONGEST],
            each.explanation[:_LONGEST],
        ]
        for each in report.disagreements
    ]
    heads = ["case", "people", "judge", "answer", "what the judge said"]
    return _table(f"Where they differ: {report.metric} in {report.suite}", heads, body)


def _table(name: str, heads: list[str], body: list[list[str]]) -> Markup:
    head = element("tr", *(element("th", each, scope="col") if each else _CORNER for each in heads))
    lines = [
        element(
            "tr", element("th", row[0], scope="row"), *(element("td", each) for each in row[1:])
        )
        for row in body
    ]
    made = element("thead", head), element("tbody", *lines)
    table = element("table", *made, class_="versions-table", aria_label=name)
    return element("div", table, class_="scrolls", tabindex="0", role="region", aria_label=name)
