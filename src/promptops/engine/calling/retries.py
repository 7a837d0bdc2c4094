"""Whether a failed call is tried again, and how long it pauses before."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from promptops.values.response import Failure

_DOUBLINGS = 60
"""Beyond it any pause is the longest one; a float has room for no more than 1,023."""


@dataclass(frozen=True, slots=True)
class Retries:
    """Exponential backoff with full jitter (Brooker 2015, AWS architecture blog, "Exponential
    Backoff and Jitter").

    Calls that failed together spread out over the whole pause instead of coming back together.
    """

    attempts: int = 5
    """Attempts of one call that may fail for other reasons than a rate limit."""
    first_pause: float = 0.5
    """Seconds: the longest pause after one failure. It doubles with each further one."""
    longest_pause: float = 60.0
    """Seconds."""
    rate_limited_attempts: int = 20
    """Attempts that may be refused for a rate limit: nothing is wrong, it is only too soon.
    Mostly the circuit's patience ends first."""
    chance: random.Random = field(kw_only=True)
    """A generator of the run's own, so that a seed decides the pauses."""

    def begin(self) -> Tries:
        """The count of one call, which has not failed yet."""
        return Tries(self)

    def pause(self, attempt: int, retry_after: float | None = None) -> float:
        """Seconds to wait after the `attempt`-th failure of a call, which counts from 1.

        Where the provider asks for `retry_after` seconds the jitter comes on top, since everybody
        was told the same.  Never longer than `longest_pause`.
        """
        doublings = min(attempt - 1, _DOUBLINGS)
        most = min(self.longest_pause, self.first_pause * 2.0**doublings)
        jitter = self.chance.uniform(0.0, most)
        return min(self.longest_pause, (retry_after or 0.0) + jitter)


@dataclass(slots=True)
class Tries:
    """The failed attempts of one call."""

    retries: Retries
    ordinary: int = 0
    rate_limited: int = 0

    @property
    def failed(self) -> int:
        """All of them."""
        return self.ordinary + self.rate_limited

    def pause_after(self, failure: Failure) -> float | None:
        """Count a failure; seconds until the next attempt, or None where there is none.

        The two allowances stand apart: a call that was told to slow down ten times still has its
        five attempts at a provider that stumbles.
        """
        if failure.kind == "rate_limited":
            self.rate_limited += 1
            spent = self.rate_limited >= self.retries.rate_limited_attempts
        else:
            self.ordinary += 1
            spent = self.ordinary >= self.retries.attempts
        if spent or not failure.retryable:
            return None
        return self.retries.pause(self.failed, failure.retry_after_seconds)
