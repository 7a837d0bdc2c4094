"""Requests and tokens a minute of one model."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from promptops.engine.calling.waiting import Waiting
from promptops.errors import PromptopsError
from promptops.values.quota import Quota

WINDOW_SECONDS = 60.1
"""A minute, and a little: calls do not arrive as evenly as they are sent."""
BURST_SECONDS = 1.0
LONGEST_RESET_SECONDS = 60.0
"""What resets later is no limit a minute. Then a call finds out, and the provider's own refusal
says how long to wait."""


@dataclass(slots=True, eq=False)
class Reservation:
    """What one admitted call took of the limits."""

    at: float
    """When it was admitted."""
    tokens: int
    requests: int = 1
    recent: bool = True
    """It was admitted within the window."""


@dataclass(slots=True)
class _Limit:
    """So much a minute, spread by the generic cell rate algorithm (ITU-T I.371, annex A).

    The algorithm alone holds the mean and lets a burst come on top of it, so what was admitted
    lately is counted as well: the one spreads, the other is the bound.
    """

    stated: float
    heard: float = math.inf
    a_minute: float = field(init=False)
    each_seconds: float = field(init=False)
    tolerance_seconds: float = field(init=False)
    due: float = -math.inf
    """When the next would be admitted, were they spread without a burst."""
    recent: int = 0
    """Admitted within the window."""

    def __post_init__(self) -> None:
        self._spread()

    def hear(self, limit: int | None) -> bool:
        """Take what the provider says, which never loosens what is stated; whether it is news."""
        if limit is None or limit <= 0 or limit == self.heard:
            return False
        self.heard = limit
        self._spread()
        return True

    def _spread(self) -> None:
        self.a_minute = min(self.stated, self.heard)
        self.each_seconds = 60.0 / self.a_minute
        self.tolerance_seconds = max(0.0, BURST_SECONDS - self.each_seconds)

    def has_room(self, amount: int) -> bool:
        """Whether the window can take so much; what exceeds it whole must have it alone."""
        return self.recent + min(amount, self.a_minute) <= self.a_minute

    def take(self, amount: int, now: float) -> None:
        self.recent += amount
        self.due = max(self.due, now) + amount * self.each_seconds

    def correct(self, more: int, *, recent: bool) -> None:
        """Take so much more for a call that was admitted before; less than 0 gives back."""
        self.due += more * self.each_seconds
        if recent:
            self.recent += more


class Rates:
    """Admits calls so that in no minute more are sent than a model takes.

    Calls are admitted in the order in which they ask, evenly, with bursts of a second's worth.  For
    one event loop.
    """

    def __init__(
        self,
        requests_per_minute: float | None = None,
        tokens_per_minute: float | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Limits as the suite states them, each more than 0; None: as the provider says.

        `clock` is in seconds.
        """
        self._requests = _Limit(math.inf if requests_per_minute is None else requests_per_minute)
        self._tokens = _Limit(math.inf if tokens_per_minute is None else tokens_per_minute)
        self._clock = clock
        self._recent: deque[Reservation] = deque()
        self._waiting: deque[tuple[asyncio.Future[Reservation], int]] = deque()
        self._held_until = self._held_since = -math.inf
        self._held_for = ""
        self._heard: Quota | None = None
        self._queued_since = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._error: PromptopsError | None = None

    async def admit(self, tokens: int) -> Reservation:
        """Wait until a call of so many tokens may be sent.

        More than a whole minute's tokens are admitted alone: no others within the minute before,
        and none until they are worked off.

        Raises:
            PromptopsError: what `close` was told.
        """
        if self._error is not None:
            raise self._error.with_traceback(None)
        if not self._waiting:
            now = self._clock()
            if self._opens_at(tokens, now) <= now:
                return self._enter(tokens, now)
        admitted: asyncio.Future[Reservation] = asyncio.get_running_loop().create_future()
        if not self._waiting:
            self._queued_since = self._clock()
        self._waiting.append((admitted, tokens))
        self._serve()
        try:
            return await admitted
        except asyncio.CancelledError:
            if not admitted.cancelled() and admitted.exception() is None:
                self.withdraw(admitted.result())
            self._serve()
            raise

    def settle(self, reserved: Reservation, used: int) -> None:
        """Say how many tokens the call has used: the rest is given back, or more is taken."""
        more = used - reserved.tokens
        if more:
            reserved.tokens = used
            self._tokens.correct(more, recent=reserved.recent)
            if more < 0:
                self._serve()

    def withdraw(self, reserved: Reservation) -> None:
        """Give back all of it: the call was never sent."""
        self._requests.correct(-reserved.requests, recent=reserved.recent)
        reserved.requests = 0
        self.settle(reserved, 0)
        self._serve()

    def hear(self, quota: Quota) -> None:
        """Take what the headers of an answer say.

        Limits tighten what the suite states and never loosen it.  Where nothing remains, nobody is
        admitted before it is reset.
        """
        if quota is self._heard:  # an answer that said nothing of it: what remains is not news
            return
        self._heard = quota
        news = self._requests.hear(quota.requests_limit)
        news |= self._tokens.hear(quota.tokens_limit)
        for remaining, reset in (
            (quota.requests_remaining, quota.requests_reset_seconds),
            (quota.tokens_remaining, quota.tokens_reset_seconds),
        ):
            if remaining is not None and remaining <= 0 and reset is not None:
                self.hold(min(reset, LONGEST_RESET_SECONDS), "the provider's limit is used up")
        if news:
            self._serve()

    def hold(self, seconds: float, why: str = "rate limited") -> None:
        """Admit nobody before so many seconds have passed."""
        now = self._clock()
        if now + seconds <= self._held_until:
            return
        if now >= self._held_until:
            self._held_since = now
        self._held_until, self._held_for = now + seconds, why

    def waiting(self, model: str) -> Waiting | None:
        """Why calls to `model` wait here, if any do."""
        if not self._waiting:
            return None
        now = self._clock()
        left = self._held_until - now
        if left > 0.0:
            return Waiting(model, "limited", self._held_for, now - self._held_since, left)
        tokens = self._waiting[0][1]
        left = self._opens_at(tokens, now) - now
        if left <= 0.0:
            return None
        limits = (self._requests, 1, "requests"), (self._tokens, tokens, "tokens")
        limit, _, unit = max(limits, key=lambda each: (not each[0].has_room(each[1]), each[0].due))
        whose = "the provider's " if limit.heard < limit.stated else ""
        why = f"{whose}{limit.a_minute:,.0f} {unit} a minute"
        return Waiting(model, "held", why, now - self._queued_since, left)

    def close(self, error: PromptopsError) -> None:
        """Admit nobody any more: who waits, and whoever comes later, gets this error."""
        self._error = error
        for admitted, _ in self._waiting:
            if not admitted.done():
                admitted.set_exception(error)
                admitted.exception()  # seen: whoever waits may be cancelled before he reads it
        self._waiting.clear()
        self._serve()

    def _opens_at(self, tokens: int, now: float) -> float:
        """When the next call could be admitted, for all that is known now."""
        recent = self._recent
        while recent and recent[0].at + WINDOW_SECONDS <= now:
            self._forget(recent.popleft())
        opens = max(
            self._held_until,
            self._requests.due - self._requests.tolerance_seconds,
            self._tokens.due - self._tokens.tolerance_seconds,
        )
        if self._requests.has_room(1) and self._tokens.has_room(tokens):
            return opens
        return max(opens, recent[0].at + WINDOW_SECONDS)

    def _forget(self, gone: Reservation) -> None:
        gone.recent = False
        self._requests.recent -= gone.requests
        self._tokens.recent -= gone.tokens

    def _enter(self, tokens: int, now: float) -> Reservation:
        reservation = Reservation(now, tokens)
        self._requests.take(1, now)
        self._tokens.take(tokens, now)
        self._recent.append(reservation)
        return reservation

    def _serve(self) -> None:
        """Admit who may go, in order, and set the timer for the next one."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._waiting:
            admitted, tokens = self._waiting[0]
            if admitted.done():
                self._waiting.popleft()
                continue
            now = self._clock()
            opens = self._opens_at(tokens, now)
            if opens > now:
                loop = asyncio.get_running_loop()
                self._timer = loop.call_later(opens - now, self._serve)
                return
            self._waiting.popleft()
            admitted.set_result(self._enter(tokens, now))
