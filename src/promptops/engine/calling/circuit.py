"""A model that is down is left alone, and asked now and then whether it is back."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from promptops.errors import NoVerdictError, PromptopsError
from promptops.values.response import Failure, FailureKind

OPEN_AFTER = 5
"""Failures in a row, of whatever calls, that say that the provider is down."""
LONGEST_PAUSE_SECONDS = 30.0
QUIET_SECONDS = 120.0
"""After so long without a call nobody was being patient: patience begins anew."""

_DOWN: frozenset[FailureKind] = frozenset(
    {"overloaded", "unavailable", "connection", "timeout", "malformed"}
)
_KEPT = "what was paid for is kept: the same command goes on from here"


class _Waiting(NamedTuple):
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
        self._chance = chance or random.Random()  # noqa: S311 - spreads load
        self._clock = clock
        self._wall = wall
        self._on_end = on_end
        self.error: PromptopsError | None = None
        """What ended it."""
        self._row = 0
        self._since: float | None = None  # the first failure that no success has followed
        self._succeeded = float("-inf")  # when the last answer came
        self._since_wall = wall()
        self._heard = 0.0  # the last sign that somebody is trying
        self._last = ""
        self._probe_due: float | None = None  # None: closed
        self._pauses = 0
        self._probe: asyncio.Task[Any] | None = None
        self._waiting: dict[asyncio.Future[None], _Waiting] = {}
        self._pausing: set[asyncio.Future[None]] = set()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def closed(self) -> bool:
        """Whether calls go through."""
        return self._probe_due is None and self.error is None

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
        self._waiting[let_in] = _Waiting(task, fresh)
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
        self._pausing.add(over)
        self._serve()
        try:
            await over
        finally:
            timer.cancel()
            self._pausing.discard(over)
            self._serve()

    def succeeded(self) -> None:
        """An answer came. It closes the circuit and ends the row, whichever call it was."""
        self._succeeded = self._clock()
        if self._since is not None:
            self._since = None
            self._close()

    def failed(self, failure: Failure, since: float | None = None) -> None:
        """No answer came; `since` is when this call failed for the first time, if not now.

        It may end the circuit: `check` says so to the one whose call failed.  A call that fails
        again though others were answered meanwhile says nothing about the provider.
        """
        if self.error is not None:
            return
        is_probe, now = self._give_up_probe(), self._clock()
        if failure.kind == "rejected":  # the request is wrong, and the provider there to say so
            self._row = 0
            if is_probe:
                self._close()
        elif since is None or since >= self._succeeded:
            self._believe(failure, now, is_probe=is_probe)
        elif is_probe:  # nothing was learned: the next one goes at once
            self._probe_due = now
        self._serve()

    def _believe(self, failure: Failure, now: float, *, is_probe: bool) -> None:
        """Take a failure for a sign of how the provider is."""
        wait = failure.retry_after_seconds or 0.0
        self._last, self._heard = failure.message, now + wait
        if self._since is None:
            self._since, self._since_wall = now, self._wall()
        left = self._since + self._patience - now
        if left <= 0.0:
            self._end(self._nothing_came(now))
        elif wait > left:
            self._end(self._asked_too_much(wait, left))
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
        ends = self._since + self._patience
        if now >= ends:
            self._end(self._nothing_came(now))
            return
        if self._probe_due is not None and self._probe is None and self._waiting:
            if now >= self._probe_due:
                self._send_probe()
            else:
                ends = min(ends, self._probe_due)
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

    def _nothing_came(self, now: float) -> NoVerdictError:
        down_for = now - (self._since if self._since is not None else now)
        return NoVerdictError(
            f"{self._model}: down since {self._since_wall:%H:%M:%S %Z}; no call has succeeded for"
            f" {_span(down_for)}, and the last one failed with: {self._last}",
            hint=_KEPT,
        )

    def _asked_too_much(self, wait: float, left: float) -> NoVerdictError:
        return NoVerdictError(
            f"{self._model}: the provider asks to wait for {_span(wait)}, and this run waits no"
            f" longer than {_span(left)} more (failing since {self._since_wall:%H:%M:%S %Z});"
            f" the last call failed with: {self._last}",
            hint=_KEPT,
        )


def _let(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)


def _span(seconds: float) -> str:
    """A stretch of time for people: `40 s`, `5 min`, `24 h`."""
    for unit, name in ((3600.0, "h"), (60.0, "min")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:.0f} s"
