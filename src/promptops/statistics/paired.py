"""The mean of paired differences on a given dataset: statistic and interval.

Scores of 0 and 1 have Tango's score statistic.  Others have Bonett and Price's smoothing ("Adjusted
Wald confidence interval for a difference of binomial proportions based on paired data", J. Educ.
Behav. Stat. 37(4), 2012), carried over to differences bounded in [−1, 1]: one pair of +1 and one of
−1 are added, so that data without any difference keep a variance and no interval has width zero.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist
from typing import Protocol

import numpy as np
import numpy.typing as npt

from promptops.statistics.tango import tango_interval, tango_z

Array = npt.NDArray[np.float64]


class PairedStatistic(Protocol):
    """What T paired differences say of their mean."""

    @property
    def pairs(self) -> int:
        """T."""
        ...

    @property
    def mean(self) -> float:
        """The plain mean, Σd/T."""
        ...

    def z(self, null: float = 0.0) -> float:
        """The standardised distance of the data from a mean of `null`, in (−1, 1)."""
        ...

    def interval(self, critical: float) -> tuple[float, float]:
        """All means that a one-sided test at the critical value rejects on neither side."""
        ...


@dataclass(frozen=True, slots=True)
class BinaryPairs:
    """Pairs of scores that are 0 or 1: only those that differ matter, and how many there are."""

    losses: int
    wins: int
    pairs: int

    @property
    def mean(self) -> float:
        """(wins − losses)/T."""
        return (self.wins - self.losses) / self.pairs

    def z(self, null: float = 0.0) -> float:
        """Tango's score statistic."""
        return tango_z(self.losses, self.wins, self.pairs, null)

    def interval(self, critical: float) -> tuple[float, float]:
        """Tango's score interval."""
        return tango_interval(self.losses, self.wins, self.pairs, critical)


@dataclass(frozen=True, slots=True)
class PairedEstimate:
    """Pairs of scores anywhere in [0, 1]."""

    pairs: int
    mean: float
    """The plain mean, Σd/T."""
    smoothed: float
    """Σd/(T+2)."""
    square: float
    """Σd²/(T+2)."""
    variance: float
    """Of one difference, smoothed: (Σd²+2)/(T+2) less the square of the smoothed mean."""

    def z(self, null: float = 0.0) -> float:
        """The standardised distance of the smoothed mean from `null`.

        The variance is that of the data, and no less than it would be if what separates the data
        from a null other than 0 came as total losses, or total gains, which were too rare to be
        seen: Σd²/(T+2) + min(|Δ̃−Δ₀|, |Δ₀|) − Δ₀².  So, as in Tango's statistic, a null is measured
        by its own spread and not by that of data which happened to have few losses.
        """
        unseen = self.square + min(abs(self.smoothed - null), abs(null)) - null * null
        variance = max(self.variance, unseen)
        return (self.smoothed - null) / float(np.sqrt(variance / (self.pairs + 2)))

    def interval(self, critical: float) -> tuple[float, float]:
        """All means that a one-sided test at the critical value `critical` rejects on neither side.

        To 1e-9; the plain mean always lies within.
        """
        low = _end(lambda null: self.z(null) > critical, self.smoothed, -1.0)
        high = _end(lambda null: self.z(null) < -critical, self.smoothed, 1.0)
        return min(low, self.mean), max(high, self.mean)


def _end(rejected: Callable[[float], bool], inner: float, outer: float) -> float:
    """Between a mean that stands and the farthest one: where rejection begins."""
    if not rejected(outer):
        return outer
    while abs(outer - inner) > 1e-9:
        middle = (inner + outer) / 2
        inner, outer = (inner, middle) if rejected(middle) else (middle, outer)
    return outer


def paired_statistic(differences: npt.ArrayLike) -> PairedStatistic:
    """The statistic for `differences`, a vector of T ≥ 1 values in [−1, 1].

    Tango's where all of them are −1, 0 or 1, the smoothed one elsewhere.

    Raises:
        ValueError: there are none.
    """
    d: Array = np.asarray(differences, dtype=np.float64)
    losses, wins = int((d == -1).sum()), int((d == 1).sum())
    if d.size and losses + wins + int((d == 0).sum()) == d.size:
        return BinaryPairs(losses, wins, int(d.size))
    return paired_estimate(d)


def paired_estimate(differences: npt.ArrayLike) -> PairedEstimate:
    """Estimate the mean of `differences`, a vector of T ≥ 1 values in [−1, 1].

    Raises:
        ValueError: there are none.
    """
    d: Array = np.asarray(differences, dtype=np.float64)
    pairs = int(d.size)
    if pairs == 0:
        raise ValueError("no pairs")
    total, squares = float(d.sum()), float(np.square(d).sum())
    smoothed, square = total / (pairs + 2), squares / (pairs + 2)
    variance = square + 2 / (pairs + 2) - smoothed * smoothed
    return PairedEstimate(pairs, total / pairs, smoothed, square, variance)


def normal_critical(alpha: float) -> float:
    """The one-sided critical value at level `alpha`."""
    return NormalDist().inv_cdf(1 - alpha)


def normal_tail(critical: float) -> float:
    """The one-sided level of a critical value."""
    return NormalDist().cdf(-critical)
