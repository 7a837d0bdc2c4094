"""The mean of paired differences on a given dataset: statistic and interval.

Bonett and Price's smoothing ("Adjusted Wald confidence interval for a difference of binomial
proportions based on paired data", J. Educ. Behav. Stat. 37(4), 2012), carried over to differences
bounded in [−1, 1]: one pair of +1 and one of −1 are added, so that data without any difference keep
a variance and no interval has width zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PairedEstimate:
    """What T paired differences say of their mean."""

    pairs: int
    mean: float
    """The plain mean, Σd/T."""
    smoothed: float
    """Σd/(T+2)."""
    standard_error: float
    """Of the smoothed mean."""

    def z(self, null: float = 0.0) -> float:
        """The standardised distance of the smoothed mean from `null`."""
        return (self.smoothed - null) / self.standard_error

    def interval(self, critical: float) -> tuple[float, float]:
        """All means that a one-sided test at the critical value `critical` rejects on neither side.

        The plain mean always lies within.
        """
        half = critical * self.standard_error
        low = min(self.smoothed - half, self.mean)
        high = max(self.smoothed + half, self.mean)
        return max(-1.0, low), min(1.0, high)


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
    smoothed = total / (pairs + 2)
    variance = (squares + 2) / (pairs + 2) - smoothed * smoothed
    return PairedEstimate(pairs, total / pairs, smoothed, (variance / (pairs + 2)) ** 0.5)


def normal_critical(alpha: float) -> float:
    """The one-sided critical value at level `alpha`."""
    return NormalDist().inv_cdf(1 - alpha)


def fewest_pairs_to_pass(alpha: float, margin: float) -> int:
    """How many pairs without a single loss a pass needs: ⌈ln α / ln(1−m)⌉.

    With fewer, a true drop of `margin` shows no loss more often than `alpha`.
    """
    return int(np.ceil(np.log(alpha) / np.log1p(-margin)))
