"""Ctrl-C and SIGTERM while runs are under way.

The first one begins nothing new and waits for what is under way, because that is paid for.  The
next one leaves it.  Whoever ends a process from outside (a build that is cancelled, a container
that is stopped) has no patience: then it is left after a moment.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from promptops.errors import TerminatedError

GRACE_SECONDS = 5.0
"""For calls that are under way at a SIGTERM; a kill mostly follows after ten."""


@dataclass(slots=True)
class Signals:
    """The signals that came."""

    seen: list[int] = field(default_factory=list)

    def check(self) -> None:
        """Say to the program what ended it.

        Raises:
            TerminatedError: it was ended from outside.
            KeyboardInterrupt: it was interrupted.
        """
        if self.seen and self.seen[0] == signal.SIGTERM:
            raise TerminatedError
        if self.seen:
            raise KeyboardInterrupt


@contextmanager
def interruptible(signals: Signals, leave: Callable[[], None]) -> Iterator[None]:
    """Cancel the current task at the first signal; at the next, `leave` what is under way.

    Where signals cannot be had (on Windows, off the main thread) all is left to the system.
    """
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None

    def came(number: int) -> None:
        signals.seen.append(number)
        if len(signals.seen) > 1:
            leave()
            return
        task.cancel()
        if number == signal.SIGTERM:
            loop.call_later(GRACE_SECONDS, leave)

    taken = [signal.SIGINT, signal.SIGTERM]
    with suppress(NotImplementedError, RuntimeError, ValueError):
        for number in taken:
            loop.add_signal_handler(number, came, number)
    try:
        yield
    finally:
        with suppress(NotImplementedError, RuntimeError, ValueError):
            for number in taken:
                loop.remove_signal_handler(number)
