"""The versions of a trend as a table for a terminal, newest first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from promptops.reports import words
from promptops.reports.page import Cell, Page
from promptops.reports.pairs import text_of
from promptops.reports.symbols import VERDICT_STYLES
from promptops.reports.trend_panels import apart, name_of, score_of, token_count, tokens
from promptops.values.trend import Trend, TrendPoint

MOST_ROWS = 24
"""Without a limit that somebody asked for."""

_GAP = 2
_LEAST_CHANGE = 18
_LONGEST_METRIC = 16


@dataclass(frozen=True, slots=True)
class _Column:
    """One column; of two, the one with the lower rank goes first where there is no room."""

    head: str
    rank: int
    cell: Callable[[int, TrendPoint], Cell]


_Filled = tuple[_Column, list[Cell]]


def write_table(page: Page, trend: Trend) -> None:
    """One row a version, with as many columns as there is room for; what is left out is said."""
    at = range(len(trend.points))[::-1]
    shown = list(at)[:MOST_ROWS]
    columns = _Table(page, trend).columns()
    filled = [(each, [each.cell(at, trend.points[at]) for at in shown]) for each in columns]
    kept = [(each, cells) for each, cells in filled if any(map(text_of, cells))]
    there = [each for each, _ in kept]
    while _width(kept) > page.width and any(each.rank for each, _ in kept):
        gone = min((each for each, _ in kept if each.rank), key=lambda each: each.rank)
        kept = [(each, cells) for each, cells in kept if each is not gone]
    stays = [each for each, _ in kept]
    left_out = [each.head.removeprefix(">") for each in there if each not in stays]
    rows = zip(*(cells for _, cells in kept), strict=True)
    page.table([each.head for each, _ in kept], rows, indent=0, flexible=len(kept) - 1)
    _write_notes(page, trend, shown, left_out)


def _width(kept: Sequence[_Filled]) -> int:
    wide = _GAP * (len(kept) - 1)
    for column, cells in kept:
        most = max(cell_len(text_of(cell)) for cell in cells)
        most = min(most, _LEAST_CHANGE) if column.head == "change" else most
        wide += max(most, cell_len(column.head.removeprefix(">")))
    return wide


class _Table:
    """The columns of a trend."""

    def __init__(self, page: Page, trend: Trend) -> None:
        self._page = page
        self._points = trend.points
        self._metrics = trend.metrics
        self._models = {point.model for point in trend.points if point.model}

    def columns(self) -> list[_Column]:
        found = [
            _Column("version", 0, lambda _, point: self._version(point)),
            _Column("date", 3, lambda _, point: point.date[:10]),
            _Column("commit", 1, lambda _, point: ((point.commit or "")[:7], "dim")),
        ]
        if len(self._models) > 1:
            found.append(
                _Column("model", 6, lambda _, point: (self._page.cut(point.model, 24), "dim"))
            )
        for place, name in enumerate(self._metrics):
            found += self._of_metric(name, place)
        found += [
            _Column("verdict", 9, lambda _, point: self._verdict(point)),
            _Column(">cost/1,000", 8, lambda _, point: self._cost(point)),
            _Column(">tokens", 2, lambda _, point: self._known(point, _tokens(point))),
            _Column(">latency", 5, lambda _, point: self._known(point, _latency(point))),
            _Column("change", 0, lambda _, point: _change(point)),
        ]
        return found

    def _of_metric(self, name: str, place: int) -> list[_Column]:
        """Level, difference and its interval; of the first metric the level always stays."""
        shown = self._page.cut(name, _LONGEST_METRIC)
        several = f" {shown}" if len(self._metrics) > 1 else ""
        return [
            _Column(f">{shown}", 7 if place else 0, lambda _, point: self._level(point, name)),
            _Column(f">delta{several}", 4 if place else 10, lambda at, _: self._delta(at, name)),
            _Column(
                f"interval{several}",
                2 if place else 6,
                lambda _, point: self._interval(point, name),
            ),
        ]

    def _version(self, point: TrendPoint) -> Cell:
        style = {"broken": "red", "unevaluated": "dim"}.get(point.standing, "bold")
        mark = ""
        if point.breaks:
            mark = " ≠" if self._page.surface.unicode else " #"
        name = name_of(point) if point.standing == "broken" else f"v{point.version}"
        return [(name, "yellow" if point.dirty else style), (mark, "yellow")]

    def _level(self, point: TrendPoint, name: str) -> Cell:
        score = score_of(point, name)
        return words.score(score.level) if score else ""

    def _delta(self, at: int, name: str) -> Cell:
        point = self._points[at]
        score = score_of(point, name)
        if score is None or score.delta is None:
            return ""
        style = VERDICT_STYLES[score.verdict] if score.verdict else ""
        told: list[str | tuple[str, str]] = [(words.signed(score.delta, self._page.signs), style)]
        if apart(self._points, at):
            told.append((f" v{point.against}", "dim"))
        return told

    def _interval(self, point: TrendPoint, name: str) -> Cell:
        score = score_of(point, name)
        if score is None or score.interval is None:
            return ""
        return (words.between(score.interval, self._page.signs), "dim")

    def _verdict(self, point: TrendPoint) -> Cell:
        if point.verdict is None:
            return ""
        sign = self._page.signs.verdicts[point.verdict]
        return (f"{sign} {point.verdict}", VERDICT_STYLES[point.verdict])

    def _cost(self, point: TrendPoint) -> Cell:
        return self._known(point, words.money(point.cost_usd_per_1000))

    def _known(self, point: TrendPoint, told: str) -> Cell:
        return told if point.standing == "evaluated" else ""


def _tokens(point: TrendPoint) -> str:
    return token_count(tokens(point))


def _latency(point: TrendPoint) -> str:
    return words.seconds(point.latency_seconds)


def _change(point: TrendPoint) -> Cell:
    if point.standing == "broken":
        return (f"cannot be read: {point.broken}", "red")
    if point.dirty:
        return [(words.UNCOMMITTED, "yellow"), f" {point.change}"]
    return point.change


def _write_notes(page: Page, trend: Trend, shown: list[int], left_out: list[str]) -> None:
    told: list[str] = []
    sign = "≠" if page.surface.unicode else "#"
    for at in shown:
        point = trend.points[at]
        if point.breaks:
            what = "; ".join(each.what for each in point.breaks)
            told.append(f"{sign} {name_of(point)}: {what}")
    if told:
        told.append(
            "levels before and after that are not comparable; each delta still is, for both of its "
            "sides come from one run"
        )
    if any(apart(trend.points, at) for at in shown):
        told.append("a version beside a delta: compared with that one, and not with the one before")
    if len(shown) < len(trend.points):
        rest = words.many(len(trend.points) - len(shown), "older version")
        told.append(f"{rest} not in the table: --format csv has all")
    if left_out:
        told.append(f"no room for {_listed(left_out)}: a wider window or --format csv shows more")
    if told:
        page.blank()
    for each in told:
        page.item((page.signs.dot, "dim"), (each, "dim"), indent=0)


def _listed(names: list[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
