"""What a comparison is held to: the metrics that gate, the margin, the accepted error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from promptops.values.score import Role


@dataclass(frozen=True, slots=True)
class Metric:
    """One scorer as the comparison sees it."""

    name: str
    role: Role
    weight: float
    """Its share among the gating metrics; positive."""


@dataclass(frozen=True, slots=True)
class Policy:
    """From the suite's `gate`."""

    metrics: tuple[Metric, ...]
    margin: float
    """The largest drop of a mean that is no loss, in (0, 1)."""
    alpha: float
    """One-sided error per direction, in (0, 1)."""
    inconclusive: Literal["warn", "fail"]
    most_missing: float = 0.02
    """The share of pairs that may be lost before the verdict is invalid."""

    @property
    def gating(self) -> tuple[Metric, ...]:
        """The metrics that may stop a merge."""
        return tuple(metric for metric in self.metrics if metric.role == "gate")

    def share(self, metric: Metric) -> float:
        """A gating metric's part of alpha for a regression (Bonferroni with weights)."""
        return self.alpha * metric.weight / sum(each.weight for each in self.gating)
