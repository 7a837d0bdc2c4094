"""Several reports at a glance, and whether the gate lets them through."""

from __future__ import annotations

from collections import Counter
from typing import get_args

from promptops.reports import words
from promptops.reports.headline import finding
from promptops.reports.html.markup import NOTHING, Markup, element, join
from promptops.reports.html.verdict import mark
from promptops.reports.symbols import UNICODE
from promptops.values.gate import GateReport, PartChange, SuiteGate
from promptops.values.report import Report, Verdict

_MOST = 200
_STATUS = {
    "compared": "both versions were evaluated",
    "described": "its one version was scored",
    "untouched": "nothing that it rests on changed",
    "removed": "the suite is gone",
}


def overview(reports: list[Report], gate: GateReport | None, anchors: list[str]) -> Markup:
    """The gate's answer, then a row a report; nothing for one report without a gate."""
    if gate is None and len(reports) < 2:
        return NOTHING
    parts = [_gate(gate)] if gate else [element("h1", _count(reports), class_="overview-title")]
    if len(reports) > 1:
        parts.append(_table(reports, anchors))
    if gate:
        parts.append(_suites(gate))
    label = "The gate" if gate else "All reports"
    return element("section", *parts, class_="overview", id="overview", aria_label=label)


def _count(reports: list[Report]) -> str:
    counts = Counter(report.verdict for report in reports)
    told = [f"{counts[verdict]} {verdict}" for verdict in get_args(Verdict) if counts[verdict]]
    return f"{words.many(len(reports), 'report')}: {', '.join(told)}"


def _gate(gate: GateReport) -> Markup:
    sign = UNICODE.verdicts["improved" if gate.may_merge else "regressed"]
    told = "may merge" if gate.may_merge else "may not merge"
    class_ = "passed" if gate.may_merge else "regressed"
    shown = element("span", element("span", sign, class_="sign", aria_hidden="true"), told)
    title = element("h1", shown, class_=f"mark {class_}")
    ends = [("base", gate.base[:8]), ("chosen as", gate.base_how), ("head", (gate.head or "")[:8])]
    if gate.dirty:
        ends.append(("tree", "files differ from the head"))
    ends += [("answers", gate.supplied), ("build", gate.url)]
    facts_ = [element("div", element("dt", n), element("dd", v)) for n, v in ends if v]
    reasons = [element("li", each) for each in gate.reasons[:_MOST]]
    bare = [
        element("li", f"{name} changed, and no suite evaluates it")
        for name in gate.uncovered[:_MOST]
    ]
    return element(
        "header",
        element("p", "The gate", class_="eyebrow"),
        title,
        element("ul", *reasons, *bare, class_="reasons") if reasons or bare else None,
        element("dl", *facts_, class_="facts"),
        class_=f"gate {class_}",
    )


def _table(reports: list[Report], anchors: list[str]) -> Markup:
    several = len({report.model for report in reports}) > 1
    heads = ["verdict", "suite", "versions", *(["model"] if several else []), "finding"]
    head = element("tr", *(element("th", each, scope="col") for each in heads))
    rows = [
        _row(report, anchor, several=several)
        for report, anchor in zip(reports, anchors, strict=True)
    ]
    return element("table", element("thead", head), element("tbody", *rows), class_="reports")


def _row(report: Report, anchor: str, *, several: bool) -> Markup:
    link = element("a", report.suite, href=Markup(f"#{anchor}"))
    return element(
        "tr",
        element("td", mark(report.verdict)),
        element("th", link, scope="row"),
        element("td", words.versions(report, UNICODE), class_="versions"),
        element("td", report.model) if several else None,
        element("td", finding(report, UNICODE), class_="found"),
    )


def _suites(gate: GateReport) -> Markup:
    """Every suite that the gate looked at: why it was evaluated, or why it was not."""
    items = [_suite(each) for each in gate.suites[:_MOST]]
    if not items:
        return NOTHING
    told = element("summary", f"What the change touches: {_touched(gate)}")
    return element("details", told, element("ul", *items, class_="suites"), open=True)


def _touched(gate: GateReport) -> str:
    touched = sum(each.status in {"compared", "described"} for each in gate.suites)
    return f"{touched:,} of {words.many(len(gate.suites), 'suite')}"


def _suite(each: SuiteGate) -> Markup:
    changes = [_changed(change) for change in each.changes]
    told = "; ".join([*changes[:_MOST], *each.notes[:_MOST]])
    shown = [element("b", each.suite), f" {each.status}: {_STATUS[each.status]} "]
    if each.verdict and each.status == "compared":
        shown.append(mark(each.verdict))
    if told:
        shown.append(element("span", told, class_="quiet block"))
    return element("li", join(shown))


def _changed(change: PartChange) -> str:
    return f"{change.what} ({change.path})" if change.path else change.what
