"""The axis that all plots of a trend share: versions from left to right, in columns of letters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

_WIDEST_STEP = 9
_EDGE = 1


@dataclass(frozen=True, slots=True)
class Columns:
    """Where versions stand, in columns.

    Each has a column of its own while there is room; else neighbours share one, so many to each
    column.  A column at each end stays free.
    """

    count: int
    width: int
    """Columns there are."""

    @property
    def step(self) -> int:
        """Columns from one version to the next; 0 where several share one."""
        if self.count <= 1:
            return 1
        return min(_WIDEST_STEP, (self.width - 1 - 2 * _EDGE) // (self.count - 1))

    @property
    def shared(self) -> int:
        """Versions to a column."""
        return 1 if self.step else ceil(self.count / (self.width - 2 * _EDGE))

    @property
    def used(self) -> int:
        """Columns from one end to the other."""
        return self.at(self.count - 1) + 1 + _EDGE

    def at(self, version: int) -> int:
        """The column of a version."""
        return _EDGE + (version * self.step if self.step else version // self.shared)


@dataclass(frozen=True, slots=True)
class Rows:
    """From values to rows, the first one on top."""

    low: float
    high: float
    height: int

    def at(self, value: float) -> int:
        """The row of a value; what lies outside stands at the edge."""
        share = (value - self.low) / ((self.high - self.low) or 1.0)
        row = round((1 - share) * (self.height - 1))
        return min(self.height - 1, max(0, row))

    def share(self, value: float) -> float:
        """How high a value stands, from 0 to 1."""
        return min(1.0, max(0.0, (value - self.low) / ((self.high - self.low) or 1.0)))


def fitted(values: Sequence[float], height: int, *, least: float = 0.1) -> Rows:
    """Rows for scores: round ends around the values, within [0, 1], a `least` apart."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    lack = max(0.0, least - (high - low))
    low, high = low - lack / 2, high + lack / 2
    step = round_step((high - low) / 4)
    low, high = floor(low / step + 1e-9) * step, ceil(high / step - 1e-9) * step
    return Rows(max(0.0, round(low, 9)), min(1.0, round(high, 9)), height)


def from_zero(values: Sequence[float], height: int) -> Rows:
    """Rows for amounts: from zero to the largest one."""
    return Rows(0.0, max(values, default=0.0) or 1.0, height)


def round_step(rough: float) -> float:
    """The next 1, 2 or 5 times a power of ten."""
    power = 10.0 ** floor(log10(rough))
    return next(power * each for each in (1, 2, 5, 10) if power * each >= rough * 0.999)


def ticks(rows: Rows) -> dict[int, float]:
    """Row to a round value that stands there, at least two rows apart."""
    step = round_step((rows.high - rows.low) / max(1, (rows.height - 1) / 2))
    found: dict[int, float] = {}
    for number in range(ceil(rows.low / step - 1e-9), floor(rows.high / step + 1e-9) + 1):
        found.setdefault(rows.at(number * step), round(number * step, 9))
    return found


def labels(columns: Columns, names: Sequence[str]) -> str:
    """Names below their columns: the last one, and as many others as keep a blank between them."""
    room = [" "] * (columns.used + max(map(len, names), default=0))
    chosen = _spread(columns, names)
    for at in chosen:
        start = _start(columns, at, names[at])
        room[start : start + len(names[at])] = names[at]
    return "".join(room).rstrip()


def _start(columns: Columns, at: int, name: str) -> int:
    return max(0, columns.at(at) - (len(name) - 1) // 2)


def _spread(columns: Columns, names: Sequence[str]) -> list[int]:
    """Every so many of the names, counted back from the last, such that none meets another."""
    count = len(names)
    for every in range(1, count + 1):
        chosen = list(range(count - 1, -1, -every))[::-1]
        starts = [_start(columns, at, names[at]) for at in chosen]
        ends = [start + len(names[at]) for start, at in zip(starts, chosen, strict=True)]
        if all(end < start for end, start in zip(ends, starts[1:], strict=False)):
            return chosen
    return [count - 1] if count else []
