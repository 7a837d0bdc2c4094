"""Why calls wait, for whoever watches a run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from promptops.values.response import Failure

Kind = Literal["down", "limited", "held"]

BRIEF_SECONDS = 1.0
"""Shorter waits come and go in every run, and nobody is told of them."""

_GRAVEST: tuple[Kind, ...] = ("held", "limited", "down")
_SYMPTOMS = {
    "connection": "no connection",
    "timeout": "no answer in time",
    "malformed": "unreadable answers",
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """Why calls to one model wait at a moment.

    `down`: nothing answers, and it is tried until the patience ends.  `limited`: the provider said
    that it takes no more for a while.  `held`: calls go out no faster than a limit a minute.
    """

    model: str
    kind: Kind
    why: str
    """`HTTP 503`, `rate limited`, `60 requests a minute`."""
    seconds: float
    """It has lasted so long."""
    left_seconds: float
    """Until it is given up where the model is down (infinity while too few calls failed for that),
    else until the next call goes out."""

    @property
    def brief(self) -> bool:
        """Too short to be worth a word."""
        known = 0.0 if self.kind == "down" else self.left_seconds
        return self.seconds + known < BRIEF_SECONDS


def gravest(found: Iterable[Waiting | None]) -> Waiting | None:
    """The one that holds a run up most; brief ones are none."""
    told = [each for each in found if each and not each.brief]
    return max(told, key=lambda each: (_GRAVEST.index(each.kind), each.left_seconds), default=None)


def symptom(failure: Failure) -> str:
    """How a model is found to be down, in a few words."""
    if failure.status is not None:
        return f"HTTP {failure.status}"
    return _SYMPTOMS.get(failure.kind, failure.kind)
