"""A model that is down is left alone, and asked now and then whether it is back."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from math import inf
from typing import Any, NamedTuple

from promptops.engine.calling.endings import asked_too_much, nothing_came
from promptops.engine.calling.waiting import Waiting, symptom
from promptops.errors import PromptopsError
from promptops.values.response import Failure, FailureKind

OPEN_AFTER = 5
"""Failures in a row, of whatever calls, that say that the provider is down."""
ENOUGH_CALLS = 5
"""So many different calls in a row fail only where it really is."""
LONGEST_PAUSE_SECONDS = 30.0
QUIET_SECONDS = 120.0
"""After so long without a call nobody was being patient: patience begins anew."""

_DOWN: frozenset[FailureKind] = frozenset(
    {"overloaded", "unavailable", "connection", "timeout", "malformed"}
)


class _Caller(NamedTuple):
    task: asyncio.Task[Any] | None
    fresh: bool


class Circuit:
    """A circuit breaker (Nygard 2007, "Release It!") for one model, with an end to its patience.

    It opens after `OPEN_AFTER` failures in a row.  While it is open one call, the probe, is let
    through after a pause of up to 1, 2, 4 … 30 seconds with full jitter; the first success of any
    call closes it.  A rate limit neither adds to the row nor breaks it.

    Patience runs from the first failure of a row that no success breaks.  When it has run out, or
    the provider asks to wait for longer, the circuit ends: who waits here, and whoever comes later,
    gets the same `NoVerdictError`.

    A task that was let in tells how its call went, by `succeeded`, `failed` or `left`, and from
    that same task: it is how the probe is known.  For one event loop.
    """

    def __init__(
        self,
        model: str,
        *,
        patience_seconds: float,
        enough: int = ENOUGH_CALLS,
        chance: random.Random | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
        on_end: Callable[[PromptopsError], None] | None = None,
    ) -> None:
        """A closed circuit.

        `clock` is in seconds, `wall` tells people the time, `chance` draws the jitter; `on_end` is
        told once of the error that ends it, so that others who make calls wait can stop as well.
        """
        self._model = model
        self._patience = patience_seconds
        self._enough = enough
        self._chance = chance or random.Random()  # noqa: S311 - spreads load
        self._clock = clock
        self._wall = wall
        self._on_end = on_end
        self.error: PromptopsError | None = None
        """What ended it."""
        self._row = 0
        self._callers: set[int] = set()  # which calls they were
        self._since: float | None = None  # the first failure that no success has followed
        self._succeeded = float("-inf")  # when the last answer came
        self._since_wall = wall()
        self._heard = 0.0  # the last sign that somebody is trying
        self._last: Failure | None = None
        self._probe_due: float | None = None  # None: closed
        self._pauses = 0
        self._probe: asyncio.Task[Any] | None = None
        self._waiting: dict[asyncio.Future[None], _Caller] = {}
        self._pausing: dict[asyncio.Future[None], float] = {}  # until when
        self._timer: asyncio.TimerHandle | None = None

    @property
    def closed(self) -> bool:
        """Whether calls go through."""
        return self._probe_due is None and self.error is None

    @property
    def _surely(self) -> bool:
        """Whether so many calls failed that it is the provider."""
        return len(self._callers) >= self._enough

    def lets_in(self) -> bool:
        """Whether the current task may send: the circuit is closed, or this is its probe.

        Raises:
            NoVerdictError: as `check`.
        """
        self.check()
        return self._probe_due is None or self._probe is asyncio.current_task()

    def waiting(self) -> Waiting | None:
        """Why calls wait here, if they do.  While failed ones pause, others may go through."""
        idle = self.closed and not self._pausing
        if self._since is None or self._last is None or self.error is not None or idle:
            return None
        now = self._clock()
        if self.closed and self._last.kind == "rate_limited":
            left = min(self._pausing.values()) - now
            return Waiting(self._model, "limited", "rate limited", now - self._since, left)
        left = self._since + self._patience - now if self._surely else inf
        return Waiting(self._model, "down", symptom(self._last), now - self._since, left)

    def check(self) -> None:
        """Hold that the circuit has not ended.

        Raises:
            NoVerdictError: it has; or whatever error it was tripped with.
        """
        if self.error is not None:
            raise self.error.with_traceback(None)  # it is raised many times, and would collect them

    async def admit(self, *, fresh: bool = True) -> None:
        """Let a call through; while the circuit is open, wait.

        `fresh`: the call has not failed yet.  Such calls go first as probes: what befalls one that
        failed before may be its own fault.

        A task that was admitted may ask again, after it has waited for something else: the probe
        goes through, any other call waits where the circuit has opened meanwhile.

        Raises:
            NoVerdictError: patience ran out; or whatever error it was tripped with.
        """
        self.check()
        if self._since is None:
            return
        self._come_back()
        if self._probe_due is None:
            return
        task = asyncio.current_task()
        if self._probe is not None and task is self._probe:
            return
        let_in = asyncio.get_running_loop().create_future()
        self._waiting[let_in] = _Caller(task, fresh)
        self._serve()
        try:
            await let_in
        except asyncio.CancelledError:
            self._waiting.pop(let_in, None)
            self.left()
            raise

    async def pause(self, seconds: float) -> None:
        """Wait so long before a call is tried again, or less where the circuit ends meanwhile.

        Raises:
            NoVerdictError: as `admit`.
        """
        self.check()
        over = asyncio.get_running_loop().create_future()
        timer = asyncio.get_running_loop().call_later(seconds, _let, over)
        self._pausing[over] = self._clock() + seconds
        self._serve()
        try:
            await over
        finally:
            timer.cancel()
            self._pausing.pop(over, None)
            self._serve()

    def succeeded(self) -> None:
        """An answer came. It closes the circuit and ends the row, whichever call it was."""
        self._succeeded = self._clock()
        if self._since is not None:
            self._since = None
            self._close()

    def failed(self, failure: Failure, caller: int = 0, since: float | None = None) -> bool:
        """No answer came to the call of number `caller`, which failed first at `since`, if not now.

        It may end the circuit: `check` says so to the one whose call failed.  A call that fails
        again though others were answered meanwhile says nothing about the provider.

        Answers whether the provider is to blame, so that it costs the call none of its attempts:
        the circuit is open, and too many calls failed for the fault to be their own.
        """
        if self.error is not None:
            return True
        is_probe, now = self._give_up_probe(), self._clock()
        if failure.kind == "rejected":  # the request is wrong, and the provider there to say so
            self._row = 0
            if is_probe:
                self._close()
        elif since is None or since >= self._succeeded:
            self._callers.add(caller)
            self._believe(failure, now, is_probe=is_probe)
        elif is_probe:  # nothing was learned: the next one goes at once
            self._probe_due = now
        self._serve()
        return self._probe_due is not None and len(self._callers) >= ENOUGH_CALLS

    def _believe(self, failure: Failure, now: float, *, is_probe: bool) -> None:
        """Take a failure for a sign of how the provider is."""
        wait = failure.retry_after_seconds or 0.0
        self._last, self._heard = failure, now + wait
        if self._since is None:
            self._since, self._since_wall = now, self._wall()
        left = self._since + self._patience - now
        if left <= 0.0 and self._surely:
            self._end(nothing_came(self._model, now - self._since, self._since_wall, self._last))
        elif wait > max(0.0, left):
            left = max(0.0, left)
            self._end(asked_too_much(self._model, wait, left, self._since_wall, self._last))
        elif failure.kind in _DOWN:
            self._count(now, wait, is_probe=is_probe)
        elif is_probe:  # refused for a rate limit, so somebody is there
            self._close()

    def left(self) -> None:
        """The call was given up, and nothing is known of how it would have gone."""
        if self._give_up_probe():
            self._serve()

    def trip(self, error: PromptopsError) -> None:
        """No call can succeed any more: everybody gets this error."""
        if self.error is None:
            self._end(error)

    def _count(self, now: float, wait: float, *, is_probe: bool) -> None:
        self._row += 1
        if self._probe_due is not None and not is_probe:
            # It was under way when the circuit opened. That the provider is down is known already.
            self._probe_due = max(self._probe_due, now + wait)
            return
        if self._row < OPEN_AFTER and not is_probe:
            return
        longest = min(LONGEST_PAUSE_SECONDS, 2.0**self._pauses)
        self._pauses = min(self._pauses + 1, 10)
        self._probe_due = now + max(wait, self._chance.uniform(0.0, longest))

    def _come_back(self) -> None:
        """Begin patience anew where nobody has tried for long: idle time is no outage."""
        now = self._clock()
        busy = self._waiting or self._pausing or self._probe
        if not busy and now - self._heard > QUIET_SECONDS:
            self._since, self._since_wall = now, self._wall()
        self._heard = max(self._heard, now)

    def _give_up_probe(self) -> bool:
        if self._probe is None or self._probe is not asyncio.current_task():
            return False
        self._probe = None
        return True

    def _close(self) -> None:
        self._row = self._pauses = 0
        self._callers.clear()
        self._probe = self._probe_due = None
        for each in self._waiting:
            _let(each)
        self._waiting.clear()
        self._serve()

    def _serve(self) -> None:
        """Let the probe go or the patience end, if it is time, and set the timer for what is next.

        One timer serves all, and it stands only while somebody waits.
        """
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._since is None or self.error is not None:
            return
        if not self._waiting and not self._pausing:
            return
        now = self._clock()
        ends = self._since + self._patience if self._surely else inf
        if now >= ends:
            self._end(nothing_came(self._model, now - self._since, self._since_wall, self._last))
            return
        if self._probe_due is not None and self._probe is None and self._waiting:
            if now >= self._probe_due:
                self._send_probe()
            else:
                ends = min(ends, self._probe_due)
        if ends < inf:
            self._timer = asyncio.get_running_loop().call_later(ends - now, self._serve)

    def _send_probe(self) -> None:
        in_order = iter(self._waiting)
        let_in = next((each for each in in_order if self._waiting[each].fresh), None)
        let_in = let_in or next(iter(self._waiting))
        self._probe = self._waiting.pop(let_in).task
        _let(let_in)

    def _end(self, error: PromptopsError) -> None:
        self.error = error
        for each in (*self._waiting, *self._pausing):
            if not each.done():
                each.set_exception(error)
                each.exception()  # seen: whoever waits may be cancelled before he reads it
        self._waiting.clear()
        self._serve()
        if self._on_end is not None:
            self._on_end(error)


def _let(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)
