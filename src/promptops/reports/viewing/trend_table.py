"""The versions of a trend as a table of a page, newest first."""

from __future__ import annotations

from collections.abc import Callable

from promptops.reports import words
from promptops.reports.html.markup import Child, Markup, element
from promptops.reports.symbols import UNICODE
from promptops.reports.trend_panels import apart, name_of, score_of, token_count, tokens
from promptops.reports.viewing.document import link
from promptops.values.trend import Trend, TrendPoint

_COMMIT = 7


def table(trend: Trend, run: Callable[[str], str] | None) -> Markup:
    """One row a version; `run` makes the address of a run's report, where there is one."""
    models = {point.model for point in trend.points if point.model}
    rows = _Rows(trend, run, models=len(models) > 1)
    body: list[Markup] = []
    for at in range(len(trend.points))[::-1]:
        body.append(rows.row(at))
        body += rows.cuts(at)
    return element(
        "div",
        element(
            "table",
            element("thead", element("tr", *rows.heads())),
            element("tbody", *body),
            class_="versions-table",
        ),
        class_="scrolls",
        role="region",
        tabindex="0",
        aria_label="Every version",
    )


class _Rows:
    """Cells of the table."""

    def __init__(self, trend: Trend, run: Callable[[str], str] | None, *, models: bool) -> None:
        self._trend = trend
        self._run = run
        self._models = models

    def heads(self) -> list[Markup]:
        plain = [("version", ""), ("date", ""), ("commit", "")]
        plain += [("model", "")] if self._models else []
        for name in self._trend.metrics:
            plain += [(name, "number"), ("delta", "number"), ("interval", "")]
        plain += [("verdict", ""), ("cost of 1,000", "number"), ("tokens", "number")]
        plain += [("latency", "number"), ("change", "")]
        return [element("th", name, scope="col", class_=class_ or None) for name, class_ in plain]

    def row(self, at: int) -> Markup:
        point = self._trend.points[at]
        name: Child = name_of(point)
        if self._run and point.run:
            name = link(name_of(point), self._run(point.run))
        class_ = "unreadable" if point.broken else None
        date = element("time", point.date[:10]) if point.date else UNICODE.none
        head = element("th", name, scope="row", class_=class_)
        cells: list[Markup] = [head, _cell(date, "date"), _commit(point)]
        if self._models:
            cells.append(_cell(point.model, "quiet"))
        for metric in self._trend.metrics:
            cells += self._metric(at, metric)
        cells += [self._verdict(point), *_amounts(point), _change(point)]
        return element("tr", *cells, class_=point.standing)

    def cuts(self, at: int) -> list[Markup]:
        """Below a version: what changed since those beneath it."""
        return [
            element(
                "tr",
                element(
                    "td",
                    f"≠ {each.what}: levels above and below are not comparable",
                    colspan=str(len(self.heads())),
                ),
                class_="cut",
            )
            for each in self._trend.points[at].breaks
        ]

    def _metric(self, at: int, name: str) -> list[Markup]:
        point = self._trend.points[at]
        score = score_of(point, name)
        if score is None:
            return [_cell("", "number"), _cell("", "number"), _cell("", "interval")]
        told: list[Child] = []
        if score.delta is not None:
            told.append(words.signed(score.delta, UNICODE))
        if told and apart(self._trend.points, at):
            told.append(element("span", f" from v{point.against}", class_="quiet"))
        between = words.between(score.interval, UNICODE) if score.interval else ""
        return [
            _cell(words.score(score.level), "number"),
            element("td", *told, class_=f"number delta {score.verdict or 'none'}"),
            _cell(between, "interval"),
        ]

    def _verdict(self, point: TrendPoint) -> Markup:
        if point.standing == "unevaluated":
            return _cell("not evaluated", "outcome quiet")
        if point.verdict is None:
            return _cell("", "outcome")
        sign = f"{UNICODE.verdicts[point.verdict]} {point.verdict}"
        return element(
            "td", element("span", sign, class_=f"mark {point.verdict}"), class_="outcome"
        )


def _cell(child: Child, class_: str) -> Markup:
    return element("td", child, class_=class_)


def _commit(point: TrendPoint) -> Markup:
    if point.commit is None:
        return _cell(words.UNCOMMITTED, "quiet")
    return _cell(element("code", point.commit[:_COMMIT]), "quiet")


def _amounts(point: TrendPoint) -> list[Markup]:
    if point.standing != "evaluated":
        return [_cell("", "number")] * 3
    return [
        _amount(words.money(point.cost_usd_per_1000)),
        _amount(token_count(tokens(point))),
        _amount(words.seconds(point.latency_seconds)),
    ]


def _amount(told: str) -> Markup:
    return _cell(told, "number unknown" if told == "unknown" else "number")


def _change(point: TrendPoint) -> Markup:
    if point.standing == "broken":
        return _cell(f"cannot be read: {point.broken}", "why unreadable")
    return _cell(point.change, "why")
