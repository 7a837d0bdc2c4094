"""The page of reports: what each says, and the cases behind it."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from promptops.reports import words
from promptops.reports.html.case_data import case_data
from promptops.reports.html.certainty import certainty_part
from promptops.reports.html.document import document
from promptops.reports.html.economy import economy_part
from promptops.reports.html.judges import judges_part
from promptops.reports.html.markup import NOTHING, Markup, element, join
from promptops.reports.html.metrics import metrics_part
from promptops.reports.html.overview import overview
from promptops.reports.html.path_plot import paths_part
from promptops.reports.html.prompt import prompt_part
from promptops.reports.html.slices import slices_part
from promptops.reports.html.verdict import surroundings, verdict_part
from promptops.reports.judged_results import JudgedResults, judged
from promptops.reports.symbols import UNICODE
from promptops.reports.votes import votes_behind
from promptops.values.report import Report
from promptops.values.results import Results

_LONGEST_ANCHOR = 80
_FOOT = "Made by promptops. The page holds all of its data and asks nothing of any network."


def reports_page(results: Results, index: str = "") -> str:
    """All reports in one document; a reader switches between them.

    `index` is the address of the list of reports that it leads back to; "" for a page in a file.
    """
    results = judged(results)
    reports = list(results.reports)
    anchors = anchors_of(reports)
    body = join(
        [
            element("a", "Skip to the report", href="#main", class_="skip"),
            _bar(reports, anchors, index),
            element(
                "main",
                overview(reports, results.gate, anchors),
                _nothing(results),
                *(_articles(reports, anchors, results)),
                id="main",
                tabindex="-1",
            ),
            element("footer", element("p", _FOOT)),
        ]
    )
    return document(_title(results), body, _data(reports, results))


def anchors_of(reports: list[Report]) -> list[str]:
    """What stands behind `#` for each report: `run=` and its id, told apart where two share it."""
    seen: dict[str, int] = {}
    anchors: list[str] = []
    for report in reports:
        run = quote(report.run[:_LONGEST_ANCHOR], safe="", errors="replace")
        seen[run] = seen.get(run, 0) + 1
        anchors.append(f"run={run}" + (f"~{seen[run]}" if seen[run] > 1 else ""))
    return anchors


def _title(results: Results) -> str:
    if results.gate:
        return "may merge" if results.gate.may_merge else "may not merge"
    reports = results.reports
    if len(reports) == 1:
        return f"{reports[0].suite[:60]}: {reports[0].verdict}"
    return f"{words.many(len(reports), 'report')} of promptops"


def _nothing(results: Results) -> Markup:
    if results.reports:
        return NOTHING
    return element("p", "Nothing was evaluated.", class_="empty")


def _bar(reports: list[Report], anchors: list[str], index: str) -> Markup:
    """The strip at the top. Its buttons are for the script, which shows them."""
    name = element("span", "promptops", class_="brand")
    back = element("a", "All runs", href=index, class_="tab") if index else None
    links = [
        element("a", _short(report), href=Markup(f"#{anchor}"), class_=f"tab {report.verdict}")
        for report, anchor in zip(reports, anchors, strict=True)
    ]
    tabs = element("nav", *links, class_="tabs", aria_label="Reports") if len(links) > 1 else None
    tools = element("div", _button("theme", "Theme"), _button("keys", "Keys"), class_="tools")
    return element("header", name, back, tabs, tools, class_="masthead")


def _button(name: str, told: str) -> Markup:
    return element("button", told, type="button", id=name, class_="quiet-button", hidden=True)


def _short(report: Report) -> Markup:
    sign = element("span", UNICODE.verdicts[report.verdict], class_="sign", aria_hidden="true")
    spoken = element("span", f"{report.verdict}: ", class_="spoken")
    named = report.suite if len(report.suite) <= 40 else report.suite[:39] + UNICODE.more
    model = element("span", report.model[:40], class_="model") if report.model else None
    return join([sign, spoken, named, " ", model])


def _articles(
    reports: list[Report], anchors: list[str], results: JudgedResults
) -> Iterator[Markup]:
    for number, (report, anchor) in enumerate(zip(reports, anchors, strict=True)):
        yield _article(number, report, anchor, results)


def _article(number: int, report: Report, anchor: str, results: JudgedResults) -> Markup:
    title = f"title-{number}"
    details = results.details(report.run)
    votes = votes_behind(details, report, {})
    return element(
        "article",
        verdict_part(report, title),
        surroundings(report),
        metrics_part(report, votes),
        paths_part(report),
        slices_part(report),
        prompt_part(report, details),
        _cases(number, report),
        judges_part(votes, results.trust(report)),
        economy_part(report),
        certainty_part(report),
        class_="report",
        id=Markup(anchor),
        data_number=f"{number}",
        aria_labelledby=title,
    )


def _cases(number: int, report: Report) -> Markup:
    """The place that the script fills."""
    if not report.cases:
        return NOTHING
    told = (
        f"{words.many(len(report.cases), 'case')}. They are shown by a script, which does not run"
        " here: promptops report has them in a terminal."
    )
    without = element("noscript", element("p", told, class_="explained"))
    return element(
        "section",
        element("h2", "Cases"),
        without,
        class_="cases",
        id=f"cases-{number}",
        data_cases=f"{number}",
    )


def _data(reports: list[Report], results: JudgedResults) -> Iterator[str]:
    for number, report in enumerate(reports):
        if report.cases:
            yield from case_data(number, report, results)
