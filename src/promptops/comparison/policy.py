"""What a comparison is held to: the metrics that gate, the margin, the accepted error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from promptops.values.score import Role

Estimand = Literal["dataset", "population"]
Guarantee = Literal["standard", "strict"]

PLANNED_SHARE = 0.8
"""Of alpha, for the looks that were planned; the rest is for looks at any time."""

NO_PASS = 1e-9
"""A margin that no number of pairs shows to hold: the metric can fall, and not pass."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One scorer as the comparison sees it."""

    name: str
    role: Role
    weight: float
    """Its share among the gating metrics; positive."""
    margin: float | None = None
    """What its scores must keep to show that the margin holds, in (0, 1); the policy's margin
    where None.  A judge that errs sees less of a drop than there is."""
    held_back: str = ""
    """Why it only observes though the suite has it gate, in words that follow its name."""


@dataclass(frozen=True, slots=True)
class Policy:
    """From the suite's `gate`."""

    metrics: tuple[Metric, ...]
    margin: float
    """The largest drop of a mean that is no loss, in (0, 1)."""
    alpha: float
    """One-sided error per direction, in (0, 1)."""
    inconclusive: Literal["warn", "fail"]
    estimand: Estimand = "dataset"
    """Whether the verdict is about these cases, or about others like them."""
    guarantee: Guarantee = "standard"
    """`strict`: all of alpha goes to the test that holds at any time and for any scores."""
    most_missing: float = 0.02
    """The share of pairs that may be lost before the verdict is invalid."""

    @property
    def gating(self) -> tuple[Metric, ...]:
        """The metrics that may stop a merge."""
        return tuple(metric for metric in self.metrics if metric.role == "gate")

    @property
    def telling(self) -> tuple[Metric, ...]:
        """The metrics that say what became of a case: the gating ones, or all where none gates."""
        return self.gating or self.metrics

    def margin_of(self, metric: Metric) -> float:
        """The margin in the scores of a metric."""
        return self.margin if metric.margin is None else metric.margin

    @property
    def tightest(self) -> float:
        """The smallest margin of a gating metric in its own scores."""
        return min((self.margin_of(each) for each in self.gating), default=self.margin)

    def share(self, metric: Metric) -> float:
        """A gating metric's part of alpha for a regression (Bonferroni with weights).

        One that only observes is compared at alpha, and no verdict rests on it.
        """
        if metric.role != "gate":
            return self.alpha
        return self.alpha * metric.weight / sum(each.weight for each in self.gating)

    def planned(self, alpha: float) -> float:
        """The part of an error that planned looks spend."""
        return 0.0 if self.guarantee == "strict" else PLANNED_SHARE * alpha

    def unplanned(self, alpha: float) -> float:
        """The part of an error that is there for a look at any time."""
        return alpha if self.guarantee == "strict" else (1 - PLANNED_SHARE) * alpha
