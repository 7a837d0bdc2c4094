"""The live line of a run on stderr; nothing at all where nobody looks."""

from __future__ import annotations

import sys
import time
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from promptops.cli.output import is_terminal, stream_surface
from promptops.engine.progress import Progress as State
from promptops.reports.safe_text import one_line
from promptops.reports.symbols import UNICODE, Symbols, symbols
from promptops.reports.words import money, signed_points, whole_points
from promptops.values.report import Interval

_NARROW = 0.1
"""Width of an interval of which decimals are worth showing."""


class Watching:
    """Shows how far a run is: calls, tokens, cost, the estimate so far, and the time left.

    A context manager; while it is open, `tell` takes the states of one run after the other.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._bar = None if quiet or not is_terminal(sys.stderr) else _bar()
        self._task = self._bar.add_task("", total=None, detail="") if self._bar else None
        self._suite = ""
        self._unicode = self._bar is not None and stream_surface(sys.stderr).unicode

    def __enter__(self) -> Self:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.stop()

    def tell(self, state: State) -> None:
        """Show a state."""
        if self._bar is None or self._task is None:
            return
        if self._suite != f"{state.suite}/{state.model}":
            self._suite = f"{state.suite}/{state.model}"
            self._bar.reset(self._task, total=state.planned)
        self._bar.update(
            self._task,
            description=one_line(state.suite, unicode=self._unicode),
            total=state.planned,
            completed=state.finished,
            detail=one_line(words(state, symbols(unicode=self._unicode)), unicode=self._unicode),
        )


def words(state: State, signs: Symbols = UNICODE) -> str:
    """The state as one short line: first what is found, should a narrow screen cut the rest.

    The estimate is in points, a hundred to the whole score.
    """
    if state.waiting:
        calls = "1 call" if state.waiting == 1 else f"{state.waiting} calls"
        return f"interrupted {signs.dot} waits for {calls} under way {signs.dot} Ctrl-C leaves them"
    parts: list[str] = []
    if state.delta is not None and state.interval is not None:
        parts.append(f"{state.metric} {_estimate(state.delta, state.interval, signs)}")
    elif state.level is not None:
        parts.append(f"{state.metric} {state.level:.2f}")
    parts.append(f"{state.calls} calls")
    if state.cached:
        parts.append(f"{state.cached} kept")
    parts.append(f"{_short(state.input_tokens)} in {_short(state.output_tokens)} out")
    parts.append("cost unknown" if state.unpriced_calls else money(state.incurred_usd))
    return f" {signs.dot} ".join(parts)


def _estimate(delta: float, interval: Interval, signs: Symbols) -> str:
    """The difference so far, in points: `−6 (−14 to +2)`."""
    low, high = interval
    written = signed_points if high - low < _NARROW else whole_points
    return f"{written(delta, signs)} ({written(low, signs)} to {written(high, signs)})"


def _bar() -> Progress:
    shown = stream_surface(sys.stderr)
    console = Console(stderr=True, no_color=not shown.color, markup=False, highlight=False)
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        TextColumn("{task.fields[detail]}", markup=False),
        TimeRemainingColumn(compact=True),
        console=console,
        transient=True,
        refresh_per_second=8,
        get_time=time.monotonic,
    )


def _short(count: int) -> str:
    if count < 10_000:
        return str(count)
    return f"{count / 1000:.0f}k" if count < 10_000_000 else f"{count / 1_000_000:.0f}M"
