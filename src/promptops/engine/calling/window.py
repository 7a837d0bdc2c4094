"""How many calls to one model may be under way at once: as many as it takes without trouble."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType

SMALLEST_START = 4


class Window:
    """Concurrency that opens while answers are clean and halves at trouble.

    Additive increase and multiplicative decrease, which bring those who share a provider to equal
    shares (Chiu and Jain 1989, Computer Networks 17); slow start until the first trouble (Jacobson
    1988, "Congestion Avoidance and Control").  A window that is less than half used does not open:
    its answers say nothing of what a fuller one would meet (RFC 7661).

    Turns are given in the order in which they were asked for.  For one event loop.
    """

    def __init__(self, most: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        """A window that never exceeds `most` calls, which is at least 1; `clock` is in seconds."""
        self._most = most
        self._clock = clock
        self._size = float(min(SMALLEST_START, most))
        self._doubling = True
        self._cut_at = float("-inf")
        self._waiting: deque[asyncio.Future[None]] = deque()
        self.in_use = 0
        self.most_at_once = 0
        """The most calls that were under way at the same time so far."""

    @property
    def size(self) -> int:
        """Calls that may be under way at once."""
        return int(self._size)

    def turn(self) -> Window:
        """One call's turn, for `async with`, which gives the time at which it began.

        Turns are all alike, so the window itself is what is entered and left.
        """
        return self

    def clean(self) -> None:
        """An answer came and was no trouble. To be said before the turn ends."""
        if self._size < self._most and self.in_use * 2 >= self._size:
            grown = self._size + (1.0 if self._doubling else 1.0 / self._size)
            self._size = min(grown, float(self._most))
            self._give_turns()

    def trouble(self, started_at: float) -> None:
        """The provider could not keep up with a call that began at `started_at`.

        One burst of refusals is one piece of news: a call that began before the last cut says
        nothing about the window as it is now.
        """
        if started_at < self._cut_at:
            return
        self._doubling = False
        self._cut_at = self._clock()
        self._size = max(1.0, self._size / 2.0)

    async def __aenter__(self) -> float:
        if self.in_use >= self.size:  # where there is room, nobody waits
            await self._wait()
        else:
            self._take()
        return self._clock()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._leave()

    async def _wait(self) -> None:
        given = asyncio.get_running_loop().create_future()
        self._waiting.append(given)
        try:
            await given
        except asyncio.CancelledError:
            if not given.cancelled():  # the turn was given, and nobody is there to use it
                self._leave()
            raise

    def _take(self) -> None:
        self.in_use += 1
        self.most_at_once = max(self.most_at_once, self.in_use)

    def _leave(self) -> None:
        self.in_use -= 1
        self._give_turns()

    def _give_turns(self) -> None:
        # A turn is taken for whoever waits before he wakes, so that no newcomer slips in between.
        while self._waiting and self.in_use < self.size:
            given = self._waiting.popleft()
            if not given.done():
                self._take()
                given.set_result(None)
