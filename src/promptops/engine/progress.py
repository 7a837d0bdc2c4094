"""What a run tells whoever watches it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from promptops.engine.calling.waiting import Waiting
from promptops.values.report import Interval


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is."""

    suite: str
    model: str
    planned: int
    """Samples, the shared ones counted once."""
    finished: int
    calls: int
    """Made at the model, judges included; not those found in the store."""
    cached: int
    input_tokens: int
    output_tokens: int
    incurred_usd: float
    unpriced_calls: int = 0
    """Calls of which the price is unknown."""
    metric: str | None = None
    """The first gating metric, and its estimate after the last round."""
    delta: float | None = None
    interval: Interval | None = None
    level: float | None = None
    """The candidate's mean of that metric, where there is no baseline."""
    waiting: int = 0
    """Calls under way that an interrupted run waits for: they are paid for."""
    pause: Waiting | None = None
    """Why calls to a model wait."""


Watcher = Callable[[Progress], None]


def unwatched(_: Progress) -> None:
    """Watches nothing."""
