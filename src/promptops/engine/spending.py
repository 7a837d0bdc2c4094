"""What a run has spent, and the limits that it stops before."""

from __future__ import annotations

from dataclasses import dataclass

from promptops.errors import NoVerdictError
from promptops.values.response import Response


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may spend. None: no limit."""

    usd: float | None = None
    calls: int | None = None


@dataclass(slots=True)
class Meter:
    """What has been spent so far by this run, judges and embeddings included."""

    made: int = 0
    retried: int = 0
    incurred_usd: float = 0.0
    unpriced: int = 0
    """Calls of which nobody knows the price."""
    dearest_usd: float = 0.0
    """The dearest single call so far: what a call in flight is taken to cost."""
    in_flight: int = 0

    def pay(self, response: Response) -> None:
        """Count the price of a response."""
        if response.cost_usd is None:
            self.unpriced += 1
            return
        self.incurred_usd += response.cost_usd
        self.dearest_usd = max(self.dearest_usd, response.cost_usd)

    def allow(self, limits: Limits) -> None:
        """Let one more call go out.

        Raises:
            NoVerdictError: it could pass a limit, were it as dear as the dearest so far.
        """
        if limits.calls is not None and self.made + self.in_flight >= limits.calls:
            raise _spent(f"{limits.calls} calls")
        if limits.usd is None:
            return
        if self.unpriced:
            raise NoVerdictError(
                "the budget in dollars cannot be kept: the price of a call is unknown",
                hint="limit  budget.calls  instead, or use a model with a known price",
            )
        if self.incurred_usd + (self.in_flight + 1) * self.dearest_usd > limits.usd:
            raise _spent(f"${limits.usd:g}")


def _spent(limit: str) -> NoVerdictError:
    return NoVerdictError(
        f"the budget of {limit} is spent",
        hint="what was paid for is kept: a larger budget goes on from here",
    )
