"""What a comparison came to: the values that its rules are told in."""

from __future__ import annotations

from dataclasses import dataclass, field

from promptops.comparison.policy import Metric
from promptops.values.report import Interval, LookReport, VarianceReport, Verdict


@dataclass(frozen=True, slots=True)
class ByLabels:
    """A delta put right by people's labels, and what follows for its metric."""

    delta: float
    interval: Interval
    """One-sided level alpha at each end, one final look."""
    pairs: int
    """Labelled ones."""
    verdict: Verdict
    material: bool = False
    """It regressed, and surely by more than the margin."""


@dataclass(frozen=True, slots=True)
class MetricComparison:
    """Candidate minus baseline on one metric."""

    metric: Metric
    baseline: float | None
    """Mean over the pairs; over the cases where there is nothing to compare with."""
    candidate: float | None
    delta: float | None
    interval: Interval | None
    population_interval: Interval | None
    pairs: int
    missing: int
    verdict: Verdict
    material: bool = False
    """It regressed, and surely by more than the margin."""
    small_drop: bool = False
    """It passed, though there surely is a drop."""
    units: int = 0
    """What the verdict counts: pairs, or cases and groups where it is about the population."""
    variance: VarianceReport | None = None
    p_value: float | None = None
    """Of a drop, adjusted for all gating metrics and all looks."""
    path: tuple[LookReport, ...] = ()
    by_labels: ByLabels | None = None
    """Goes before the metric's own delta; None where too few pairs are labelled."""
    fault: str = ""
    """Why its scores mean nothing, in words that follow its name; empty where they do."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict of a suite and why."""

    verdict: Verdict
    reasons: list[str]
    comparisons: list[MetricComparison] = field(default_factory=list)
    settled: bool = False
    """Nothing that could still be drawn changes it: the run may stop."""
