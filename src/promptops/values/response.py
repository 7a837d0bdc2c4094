"""What came back: a response, or the failure of the infrastructure that should have brought one."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from promptops.values.step import Step
from promptops.values.usage import Usage

__all__ = ["Failure", "FailureKind", "Outcome", "Response", "Usage"]


class Response(msgspec.Struct, frozen=True, tag="response"):
    """An answer. Its own faults (refused, truncated, a schema missed) are still an answer."""

    content: str
    """The text; empty when there was none."""
    tool_calls: list[dict[str, Any]] = []
    finish_reason: str = ""
    """As the provider said it: `stop`, `length`, `content_filter`, `tool_calls`, or what else."""
    refusal: str | None = None
    """What the provider put in its refusal field, where it has one."""
    response_model: str | None = None
    """The model that says it answered."""
    usage: Usage | None = None
    """None: the provider did not say. Never taken for zero."""
    cost_usd: float | None = None
    """None: the price is unknown. Never taken for zero."""
    latency_seconds: float = 0.0
    flags: tuple[str, ...] = ()
    """What was odd: `empty`, `cut`, `model_differs`, `usage_missing`, …"""
    raw_usage: dict[str, Any] | None = None
    """The usage as the provider sent it, for prices that are worked out anew."""
    price: str | None = None
    """Digest of the price list's entry that `cost_usd` was worked out by."""
    steps: tuple[Step, ...] = ()
    """What it took to get there, where it took several steps; empty for a single answer."""


FailureKind = Literal[
    "rate_limited",
    "overloaded",
    "timeout",
    "connection",
    "malformed",
    "authentication",
    "quota",
    "rejected",
    "unavailable",
]


class Failure(msgspec.Struct, frozen=True, tag="failure"):
    """The infrastructure failed to bring an answer. Never a score."""

    kind: FailureKind
    message: str
    status: int | None = None
    """The HTTP status, where there was one."""
    retry_after_seconds: float | None = None
    retryable: bool = True
    fatal: bool = False
    """No other call can succeed either (a wrong key, an empty account): the run stops."""
    billable: bool = False
    """It was sent and may be billed, though no answer came back."""


Outcome = Response | Failure
