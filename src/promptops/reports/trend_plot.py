"""Plots of a trend in letters: levels as points with steps between them, amounts as bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from promptops.reports.page import Part
from promptops.reports.symbols import VERDICT_STYLES, Symbols
from promptops.reports.trend_axis import Columns, Rows
from promptops.reports.trend_panels import Mark
from promptops.values.report import Verdict

Grid = list[list[tuple[str, str]]]
"""Rows of columns: a sign and its style."""

_ROOM_FOR_STEPS = 2
_ROOM_FOR_REACH = 3


@dataclass(frozen=True, slots=True)
class Pens:
    """The signs that plots are drawn with, each one column wide."""

    across: str
    upright: str
    right_down: str
    """A corner: from the left, downwards."""
    right_up: str
    down_right: str
    """From above, to the right."""
    up_right: str
    reach: str
    cut: str
    unread: str
    """The file cannot be read."""
    missing: str
    """There is a version, and no run of it."""
    unlike: str
    """It is not comparable with what stands before it."""
    axis: str
    corner: str
    tick: str
    parts: str
    """Of a bar, from the least to a whole one."""


UNICODE_PENS = Pens(
    "─", "│", "╮", "╯", "╰", "╭", "┃", "┊", "×", "·", "≠", "─", "└", "┤", "▁▂▃▄▅▆▇█"
)
ASCII_PENS = Pens("-", "|", ".", "'", "'", ".", "|", ":", "x", ".", "#", "-", "+", "|", ".:#")


def pens(*, unicode: bool) -> Pens:
    """The signs for a surface."""
    return UNICODE_PENS if unicode else ASCII_PENS


def unjudged(*, unicode: bool) -> str:
    """The sign of a level without a verdict."""
    return "○" if unicode else "o"


def shows_reach(columns: Columns) -> bool:
    """Whether there is room for intervals."""
    return columns.step >= _ROOM_FOR_REACH


def levels(
    marks: Sequence[Mark], columns: Columns, rows: Rows, signs: Symbols, *, unicode: bool
) -> Grid:
    """Each version's level as a point; where a level holds until the next one, a line says so.

    Where versions share a column it shows from the lowest to the highest of them, and the point of
    the last one.
    """
    grid = _empty(columns, rows)
    pen = pens(unicode=unicode)
    if columns.step >= _ROOM_FOR_STEPS:
        _steps(grid, marks, columns, rows, pen)
        _cuts(grid, marks, columns, pen)
    if shows_reach(columns):
        _reaches(grid, marks, columns, rows, pen)
    if columns.shared > 1:
        _spans(grid, marks, columns, rows, pen)
    for at, mark in enumerate(marks):
        if mark.value is not None:
            sign, style = _point(mark.verdict, signs, unicode=unicode)
            grid[rows.at(mark.value)][columns.at(at)] = (sign, style)
    return grid


def _cuts(grid: Grid, marks: Sequence[Mark], columns: Columns, pen: Pens) -> None:
    for at, mark in enumerate(marks):
        if mark.broken_off and at:
            between = (columns.at(at - 1) + columns.at(at) + 1) // 2
            for row in grid:
                row[between] = (pen.cut, "yellow")


def _reaches(grid: Grid, marks: Sequence[Mark], columns: Columns, rows: Rows, pen: Pens) -> None:
    for at, mark in enumerate(marks):
        if mark.reach and mark.value is not None:
            low, high = mark.reach
            for row in range(rows.at(high), rows.at(low) + 1):
                grid[row][columns.at(at)] = (pen.reach, "dim")


def _point(verdict: Verdict | None, signs: Symbols, *, unicode: bool) -> tuple[str, str]:
    if verdict is None:
        return unjudged(unicode=unicode), "bold"
    return signs.verdicts[verdict], VERDICT_STYLES[verdict]


def _steps(grid: Grid, marks: Sequence[Mark], columns: Columns, rows: Rows, pen: Pens) -> None:
    for at, (one, two) in enumerate(pairwise(marks)):
        if one.value is None or two.value is None or two.broken_off:
            continue
        left, right = columns.at(at), columns.at(at + 1)
        turn = (left + right + 1) // 2
        start, end = rows.at(one.value), rows.at(two.value)
        for column in range(left + 1, right):
            grid[start if column < turn else end][column] = (pen.across, "dim")
        if start == end:
            continue
        falls = end > start
        for row in range(min(start, end) + 1, max(start, end)):
            grid[row][turn] = (pen.upright, "dim")
        grid[start][turn] = (pen.right_down if falls else pen.right_up, "dim")
        grid[end][turn] = (pen.down_right if falls else pen.up_right, "dim")


def _spans(grid: Grid, marks: Sequence[Mark], columns: Columns, rows: Rows, pen: Pens) -> None:
    shared: dict[int, list[float]] = {}
    for at, mark in enumerate(marks):
        if mark.value is not None:
            shared.setdefault(columns.at(at), []).append(mark.value)
    for column, values in shared.items():
        for row in range(rows.at(max(values)), rows.at(min(values)) + 1):
            grid[row][column] = (pen.upright, "dim")


def bars(marks: Sequence[Mark], columns: Columns, rows: Rows, *, unicode: bool) -> Grid:
    """Each version's amount as a bar from zero; the largest where versions share a column."""
    grid = _empty(columns, rows)
    parts = pens(unicode=unicode).parts
    half = 1 if columns.step > _ROOM_FOR_REACH else 0
    tallest: dict[int, float] = {}
    for at, mark in enumerate(marks):
        if mark.value is not None:
            column = columns.at(at)
            tallest[column] = max(mark.value, tallest.get(column, 0.0))
    for column, value in tallest.items():
        eighths = max(1, round(rows.share(value) * rows.height * len(parts)))
        if value == 0:
            eighths = 0
        for level in range(rows.height):
            filled = min(len(parts), eighths - level * len(parts))
            if filled <= 0:
                break
            for each in range(max(0, column - half), min(columns.used, column + half + 1)):
                grid[rows.height - 1 - level][each] = (parts[filled - 1], "cyan")
    return grid


def _empty(columns: Columns, rows: Rows) -> Grid:
    return [[(" ", "")] * columns.used for _ in range(rows.height)]


def joined(row: Sequence[tuple[str, str]]) -> list[Part]:
    """A row as parts of a line: neighbours of one style together."""
    made: list[tuple[str, str]] = []
    for sign, style in row:
        if made and made[-1][1] == style:
            made[-1] = (made[-1][0] + sign, style)
        else:
            made.append((sign, style))
    return list(made)
