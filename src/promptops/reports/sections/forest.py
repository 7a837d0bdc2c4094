"""Intervals drawn beside the numbers."""

from __future__ import annotations

from promptops.reports import facts
from promptops.reports.page import Cell, Page
from promptops.reports.symbols import VERDICT_STYLES
from promptops.values.report import MetricReport, Report

ROOM = 96
"""Columns of a page that has room for it."""


class Forest:
    """The intervals of all metrics on one scale, with zero in the middle."""

    def __init__(self, page: Page, report: Report) -> None:
        self._signs = page.signs
        self._report = report
        self._margin = facts.margin(report) or 0.0
        self._half = min(20, 8 + (page.width - ROOM) // 2)
        intervals = [facts.interval_of(report, metric) for metric in report.metrics]
        intervals += [metric.corrected_interval for metric in report.metrics]
        ends = [abs(end) for interval in intervals for end in interval or ()]
        self._reach = max([*ends, self._margin, 1e-9])
        pad = max(0, self._half - len("worse "))
        self.head = " " * pad + f"worse {self._signs.bar} better"

    def mark(self, metric: MetricReport) -> Cell:
        """One interval: its reach, the difference found, zero, and the margin."""
        cells: list[tuple[str, str]] = [(" ", "")] * (2 * self._half + 1)
        if self._margin:
            cells[self._at(-self._margin)] = (self._signs.limit, "dim")
        cells[self._half] = (self._signs.bar, "dim")
        style = VERDICT_STYLES[metric.verdict] if metric.verdict else "dim"
        interval = facts.interval_of(self._report, metric)
        if interval:
            low, high = (self._at(end) for end in interval)
            for at in range(low, high + 1):
                cells[at] = (self._signs.reach, style)
        if metric.delta is not None:
            cells[self._at(metric.delta)] = (self._signs.point, style)
        return list(cells)

    def _at(self, value: float) -> int:
        place = round(value / self._reach * self._half)
        return self._half + max(-self._half, min(self._half, place))
