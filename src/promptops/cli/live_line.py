"""The live line of a run in a terminal: what of it fits, and how it is drawn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.progress import ProgressColumn, Task
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from promptops.cli.pauses import pause_words
from promptops.engine.progress import Progress as State
from promptops.reports.safe_text import one_line
from promptops.reports.symbols import UNICODE, Symbols, symbols
from promptops.reports.words import money, signed_points, whole_points
from promptops.values.report import Interval

ROOM_FOR_ECHO = 3
"""Columns left free: a terminal writes `^C` where the line ends, and one that is pushed onto the
next line stands there for ever."""
BARS = (24, 10)
_NARROW = 0.1
"""Width of an interval of which decimals are worth showing."""


class Line(NamedTuple):
    """What the live line shows, from left to right."""

    name: str
    bar: int
    """Columns; 0 for none."""
    text: str

    @property
    def width(self) -> int:
        """Columns of all of it."""
        parts = [cell_len(part) for part in (self.name, self.text) if part]
        parts += [self.bar] if self.bar else []
        return sum(parts) + len(parts) - 1


def line(state: State, remaining: str, room: int, signs: Symbols = UNICODE) -> Line:
    """As much as fits in so many columns; tokens go first, then the bar.

    `remaining` is the time left, where it is known.
    """
    last = Line("", 0, "")
    for each in _forms(state, remaining, signs):
        if each.width <= room:
            return each
        last = each
    return last


def words(state: State, signs: Symbols = UNICODE, *, sparing: int = 0) -> str:
    """The state in words: first what is found, should a narrow screen cut the rest.

    The estimate is in points, a hundred to the whole score.  `sparing` leaves out so many of
    tokens, kept answers and calls.
    """
    parts: list[str] = []
    if state.delta is not None and state.interval is not None:
        parts.append(f"{state.metric} {_estimate(state.delta, state.interval, signs)}")
    elif state.level is not None:
        parts.append(f"{state.metric} {state.level:.2f}")
    if sparing < 3 or not parts:
        parts.append(f"{state.calls} calls")
    if state.cached and sparing < 2:
        parts.append(f"{state.cached} kept")
    if sparing < 1:
        parts.append(f"{_short(state.input_tokens)} in {_short(state.output_tokens)} out")
    parts.append("cost unknown" if state.unpriced_calls else money(state.incurred_usd))
    return f" {signs.dot} ".join(parts)


def _forms(state: State, remaining: str, signs: Symbols) -> Iterator[Line]:
    """From the fullest to the barest."""
    name, share = state.suite, f"{_percent(state)}%"
    if state.waiting:
        for text in _interrupted(state.waiting, signs):
            yield Line(name, 0, text)
        yield Line("", 0, text)
        return
    if state.pause is not None and state.pause.kind != "held":
        told = f"{share} {pause_words(state.pause)}"
        yield from (Line(name, bar, told) for bar in (*BARS, 0))
        yield Line(name, 0, f"{share} {pause_words(state.pause, with_model=False)}")
        yield Line("", 0, pause_words(state.pause, with_model=False))
        return
    held = [f"{signs.dot} {pause_words(state.pause, with_model=False)}"] if state.pause else []
    tail = [remaining] if remaining else []

    def form(bar: int, sparing: int, *more: str) -> Line:
        return Line(name, bar, " ".join([share, words(state, signs, sparing=sparing), *more]))

    for each in (held, []) if held else ([],):
        yield form(BARS[0], 0, *each, *tail)
        yield from (form(bar, 1, *each, *tail) for bar in (*BARS, 0))
    yield form(0, 2, *tail)
    yield form(0, 3, *tail)
    yield form(0, 3)
    yield Line(name, 0, share)


def _interrupted(under_way: int, signs: Symbols) -> Iterator[str]:
    calls = "1 call" if under_way == 1 else f"{under_way} calls"
    for waits in (f"waits for {calls} under way", f"waits for {calls}"):
        yield f"interrupted {signs.dot} {waits} {signs.dot} Ctrl-C leaves them"


def _percent(state: State) -> int:
    return 100 * state.finished // state.planned if state.planned else 100


def _estimate(delta: float, interval: Interval, signs: Symbols) -> str:
    """The difference so far, in points: `−6 (−14 to +2)`."""
    low, high = interval
    written = signed_points if high - low < _NARROW else whole_points
    return f"{written(delta, signs)} ({written(low, signs)} to {written(high, signs)})"


def _short(count: int) -> str:
    if count < 10_000:
        return str(count)
    return f"{count / 1000:.0f}k" if count < 10_000_000 else f"{count / 1_000_000:.0f}M"


class LiveLine(ProgressColumn):
    """The whole line as one column, so that what is left out is chosen with all in view."""

    def __init__(self, console: Console, *, unicode: bool) -> None:
        super().__init__()
        self._console = console
        self._unicode = unicode

    def render(self, task: Task) -> RenderableType:
        """Draw the state that the task was updated with."""
        state: State | None = task.fields.get("state")
        if state is None:
            return Text("")
        room = self._console.width - ROOM_FOR_ECHO
        fit = line(state, _remaining(task), room, symbols(unicode=self._unicode))
        text = Text(one_line(fit.text, unicode=self._unicode))
        text.truncate(room, overflow="ellipsis")
        grid = Table.grid(padding=(0, 1, 0, 0))
        cells: list[RenderableType] = [Text(one_line(fit.name, unicode=self._unicode))]
        if fit.bar:
            cells.append(ProgressBar(task.total, task.completed, width=fit.bar))
        cells = cells if fit.name else []
        for _ in range(len(cells) + 1):
            grid.add_column(no_wrap=True)
        grid.add_row(*cells, text)
        return grid


def _remaining(task: Task) -> str:
    """The time left, as `mm:ss`; empty where it is not known."""
    left = task.time_remaining
    if left is None or task.finished:
        return ""
    minutes, seconds = divmod(int(left), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes:02}:{seconds:02}"
