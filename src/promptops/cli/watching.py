"""What is said of a run while it lasts: a live line in a terminal, long pauses elsewhere."""

from __future__ import annotations

import sys
import time
from typing import Self

from rich.console import Console
from rich.progress import Progress

from promptops.cli.live_line import LiveLine
from promptops.cli.output import is_terminal, note, stream_surface
from promptops.cli.pauses import Pauses
from promptops.engine.progress import Progress as State


class Watching:
    """Shows how far a run is, what was found so far, and why it waits.

    A context manager; while it is open, `tell` takes the states of one run after the other.  Where
    stderr is no terminal, it says when a long pause begins and when it ends, and no more.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._bar = None if quiet or not is_terminal(sys.stderr) else _bar()
        self._task = (
            self._bar.add_task("", total=None, visible=False, state=None) if self._bar else None
        )
        self._suite = ""
        self._pauses = Pauses()

    def __enter__(self) -> Self:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.stop()

    def tell(self, state: State) -> None:
        """Show a state."""
        if self._suite != f"{state.suite}/{state.model}":
            self._suite = f"{state.suite}/{state.model}"
            self._pauses = Pauses()
            if self._bar is not None and self._task is not None:
                self._bar.reset(self._task, total=state.planned)
        if self._bar is not None and self._task is not None:
            self._bar.update(
                self._task,
                visible=True,
                total=state.planned,
                completed=state.finished,
                state=state,
            )
        elif not self._quiet and not state.waiting:
            said = self._pauses.tell(state.pause, time.monotonic())
            if said:
                note(f"{state.suite}: {said}")


def _bar() -> Progress:
    shown = stream_surface(sys.stderr)
    console = Console(stderr=True, no_color=not shown.color, markup=False, highlight=False)
    return Progress(
        LiveLine(console, unicode=shown.unicode),
        console=console,
        transient=True,
        refresh_per_second=8,
        get_time=time.monotonic,
    )
