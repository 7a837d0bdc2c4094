"""On what terms a run calls models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from promptops.engine.calling.limits import Limits
from promptops.values.price import StatedPrice

CONCURRENCY = 16
TIMEOUT_SECONDS = 120.0
PATIENCE_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Terms:
    """How fast, how patiently, and for how much."""

    concurrency: int = CONCURRENCY
    """Calls under way at once, at most, over all models."""
    timeout_seconds: float = TIMEOUT_SECONDS
    """Of one attempt, from its first byte sent to its last byte read."""
    patience_seconds: float = PATIENCE_SECONDS
    """How long a model that answers nothing is waited for, before the run stops."""
    requests_per_minute: float | None = None
    """To one model. None: as many as the provider says it takes."""
    tokens_per_minute: float | None = None
    limits: Limits = field(default_factory=Limits)
    prices: Mapping[str, StatedPrice] = field(default_factory=dict)
    """What the suite says that models cost, before the price list."""
