"""What a metric is tested at, and what a test is sure of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Levels:
    """What a metric is tested at."""

    margin: float
    alpha: float
    """For a pass, and for each end of the interval."""
    share: float
    """For a drop or a rise: alpha, or this metric's part of it."""
    planned_part: float
    """The part of either that the planned looks spend; the rest is bet."""
    loss: float | None = None
    """Beyond which a drop is material; the margin unless said."""

    @property
    def material(self) -> float:
        """A drop beyond it is more than a small one."""
        return self.margin if self.loss is None else self.loss

    @property
    def unplanned(self) -> float:
        """The part that is bet."""
        return 1 - self.planned_part


@dataclass(frozen=True, slots=True)
class Finding:
    """What a kind of test is sure of."""

    passed: bool = False
    dropped: bool = False
    rose: bool = False
    material: bool = False

    def joined(self, other: Finding) -> Finding:
        """What either of them is sure of."""
        return Finding(
            self.passed or other.passed,
            self.dropped or other.dropped,
            self.rose or other.rose,
            self.material or other.material,
        )
