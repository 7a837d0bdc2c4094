"""Trends for a terminal: plots over the versions, then a table of them, newest first."""

from __future__ import annotations

from collections.abc import Sequence

from promptops.reports import words
from promptops.reports.page import Page, Part
from promptops.reports.surface import Surface
from promptops.reports.symbols import VERDICT_STYLES
from promptops.reports.trend_axis import Columns, Rows, fitted, from_zero, labels, ticks
from promptops.reports.trend_panels import Panel, newest, panels, short_name
from promptops.reports.trend_plot import (
    Grid,
    bars,
    joined,
    levels,
    pens,
    shows_reach,
    unjudged,
)
from promptops.reports.trend_rows import write_table
from promptops.values.trend import Trend

_LONGEST_TEXT = 500
_MOST_METRICS = 3
_INDENT = 2
_HIGH, _LESS_HIGH, _LOW = 9, 7, 2
_UNKNOWN = "?"


def render(trend: Trend, surface: Surface) -> str:
    """The trend as a page."""
    page = Page(surface, longest=_LONGEST_TEXT)
    _write_head(page, trend)
    if not trend.points:
        return page.text()
    shown = panels(trend)
    if shown:
        _Plots(page, trend, shown).write()
        page.blank()
    write_table(page, trend)
    return page.text()


def _write_head(page: Page, trend: Trend) -> None:
    count = sum(point.standing == "evaluated" for point in trend.points)
    if not trend.points:
        page.paragraph((trend.prompt, "bold"), " has no versions yet.")
    else:
        told = words.many(len(trend.points), "version")
        told += f", {count} of them evaluated" if 0 < count < len(trend.points) else ""
        scored = f" by suite {trend.suite}" if trend.suite and count else ""
        scored += f" on {trend.model}" if trend.model and count else ""
        page.paragraph((trend.prompt, "bold"), (f"  {told}{scored}", "dim"))
        if not count:
            page.paragraph("None of them has been evaluated yet. ", "`promptops eval` does it.")
    for each in trend.notes:
        page.item((page.signs.dot, "dim"), (each, "dim"), indent=0)
    page.blank()


class _Plots:
    """All panels over one axis."""

    def __init__(self, page: Page, trend: Trend, shown: Sequence[Panel]) -> None:
        self._page = page
        self._trend = trend
        self._unicode = page.surface.unicode
        self._pens = pens(unicode=self._unicode)
        scores = [each for each in shown if each.is_score]
        self._scores, self._left_out = scores[:_MOST_METRICS], scores[_MOST_METRICS:]
        self._amounts = [each for each in shown if not each.is_score]
        high = _HIGH if len(self._scores) == 1 else _LESS_HIGH
        self._drawn = [(each, fitted(_reached(each), high)) for each in self._scores]
        self._drawn += [(each, from_zero(each.known, _LOW)) for each in self._amounts]
        told = [self._ticks(panel, rows) for panel, rows in self._drawn]
        self._gutter = max(len(text) for each in told for text in each.values())
        room = page.width - _INDENT - self._gutter - 3
        self._columns = Columns(len(trend.points), room)

    def write(self) -> None:
        signs, unicode = self._page.signs, self._unicode
        for panel, rows in self._drawn:
            self._write_title(panel)
            if panel.is_score:
                grid = levels(panel.marks, self._columns, rows, signs, unicode=unicode)
            else:
                grid = bars(panel.marks, self._columns, rows, unicode=unicode)
                for at, sign in self._missing(panel).items():
                    grid[-1][self._columns.at(at)] = sign
            self._write_grid(grid, self._ticks(panel, rows))
            if panel.is_score:
                self._write_axis(self._missing(panel) | self._cut(panel))
        if self._amounts:
            self._write_axis({})
        self._write_labels()
        self._write_legend()

    def _ticks(self, panel: Panel, rows: Rows) -> dict[int, str]:
        """What stands beside the rows of a panel."""
        if panel.is_score:
            found = ticks(rows)
            decimals = max(len(f"{value:.4g}".partition(".")[2]) for value in found.values())
            return {row: f"{value:.{decimals}f}" for row, value in found.items()}
        return {0: panel.told(rows.high)}

    def _write_title(self, panel: Panel) -> None:
        self._page.line((panel.name, "bold"), *self._newest(panel), indent=_INDENT)

    def _newest(self, panel: Panel) -> list[Part]:
        """The newest value; of a score also what it was held to."""
        last = newest(self._trend, panel, self._page.signs)
        told: list[Part] = [f"  {last.value}", (f" at {last.version}", "dim")]
        if last.held:
            style = VERDICT_STYLES[last.verdict] if last.verdict else "dim"
            told.append((f"  {last.held}", style))
        return told

    def _write_grid(self, grid: Grid, told: dict[int, str]) -> None:
        for row, signs in enumerate(grid):
            text = told.get(row, "")
            edge = self._pens.tick if text else self._pens.upright
            start = [(f"{text:>{self._gutter}} {edge}", "dim")]
            self._page.line(*joined([*start, *signs]), indent=_INDENT)

    def _missing(self, panel: Panel) -> dict[int, tuple[str, str]]:
        """Why a version has no value; versions that share a column have it where none has one."""
        columns, points = self._columns, self._trend.points
        there = {columns.at(at) for at, mark in enumerate(panel.marks) if mark.value is not None}
        found = {}
        for at, point in enumerate(points):
            if columns.at(at) not in there:
                sign = {"broken": self._pens.unread, "unevaluated": self._pens.missing}
                style = "red" if point.standing == "broken" else "yellow"
                found[at] = (sign.get(point.standing, _UNKNOWN), style)
        return found

    def _cut(self, panel: Panel) -> dict[int, tuple[str, str]]:
        marks = enumerate(panel.marks)
        return {at: (self._pens.unlike, "yellow") for at, mark in marks if mark.broken_off}

    def _write_axis(self, marked: dict[int, tuple[str, str]]) -> None:
        """The line below a panel, with what is missing above it."""
        signs = [(self._pens.axis, "dim")] * self._columns.used
        for at, sign in marked.items():
            signs[self._columns.at(at)] = sign
        lead = " " * (self._gutter + 1) + self._pens.corner
        self._page.line(*joined([(lead, "dim"), *signs]), indent=_INDENT)

    def _write_labels(self) -> None:
        names = [short_name(each, self._page.signs) for each in self._trend.points]
        lead = " " * (self._gutter + 2)
        self._page.line((lead + labels(self._columns, names), "dim"), indent=_INDENT)

    def _write_legend(self) -> None:
        """What the signs mean, of those that are there."""
        page = self._page
        marks = [mark for panel in self._scores for mark in panel.marks if mark.value is not None]
        judged = dict.fromkeys(mark.verdict for mark in marks)
        signs: list[tuple[str, str, str]] = [
            (page.signs.verdicts[each], VERDICT_STYLES[each], each) for each in judged if each
        ]
        if None in judged:
            signs.append((unjudged(unicode=self._unicode), "bold", "no verdict"))
        page.blank()
        self._write_signs(signs)
        self._write_signs(self._gaps())
        for each in self._explained():
            page.paragraph((each, "dim"), indent=_INDENT)

    def _write_signs(self, signs: Sequence[tuple[str, str, str]]) -> None:
        """Signs, their style and what they mean: as many to a line as it holds, none torn apart."""
        lines: list[list[Part]] = []
        used = 0
        for sign, style, what in signs:
            wide = len(sign) + 1 + len(what)
            if not lines or used + 3 + wide > self._page.width - _INDENT:
                lines.append([])
                used = -3
            lines[-1] += ["   " if lines[-1] else "", (sign, style), (f" {what}", "dim")]
            used += 3 + wide
        for each in lines:
            self._page.line(*each, indent=_INDENT)

    def _gaps(self) -> list[tuple[str, str, str]]:
        points = self._trend.points
        missing = {sign for panel, _ in self._drawn for sign in self._missing(panel).values()}
        told = {
            (self._pens.missing, "yellow"): "not evaluated",
            (_UNKNOWN, "yellow"): "below or between bars: unknown",
            (self._pens.unread, "red"): "unreadable",
        }
        found = [(*sign, what) for sign, what in told.items() if sign in missing]
        if any(point.breaks for point in points):
            found.append((self._pens.unlike, "yellow", "not comparable with what is left of it"))
        return found

    def _explained(self) -> list[str]:
        told = []
        reaches = any(mark.reach for panel in self._scores for mark in panel.marks)
        if reaches and shows_reach(self._columns):
            sure = f" ({100 * self._trend.certainty:.4g}% sure)" if self._trend.certainty else ""
            told.append(
                f"{self._pens.reach} the interval of the difference from the version compared "
                f"with{sure}, drawn from where that version stood in the same run"
            )
        if self._columns.shared > 1:
            told.append(
                f"{self._columns.shared} versions to a column: from the lowest to the highest, and "
                "the last one as a point; --limit N shows fewer"
            )
        if self._left_out:
            names = ", ".join(each.name for each in self._left_out)
            told.append(f"not drawn here: {names}; --format html draws them all")
        return told


def _reached(panel: Panel) -> list[float]:
    ends = [end for mark in panel.marks if mark.value is not None for end in mark.reach or ()]
    return [*panel.known, *ends]
