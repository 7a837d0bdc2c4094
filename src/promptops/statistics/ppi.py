"""A judge's many scores put right by people's few: prediction-powered inference.

Angelopoulos, Duchi and Zrnic, "PPI++: Efficient Prediction-Powered Inference", arXiv 2311.01453,
2023, for a mean.  Valid however wrong the judge is, also where it errs more on one arm, as long as
the rows that people labelled were drawn at random.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

ROUNDING = 1e-24
"""A variance below this is what rounding leaves of differences that are all the same."""


@dataclass(frozen=True, slots=True)
class Rectified:
    """A mean difference from people and a judge together, in score units."""

    estimate: float
    standard_error: float
    weight: float
    """How far the judge is trusted, in [0, 1]; at 0 people's labels stand alone."""

    def interval(self, critical: float) -> tuple[float, float]:
        """`critical` standard errors to either side; not cut to [−1, 1]."""
        half = critical * self.standard_error
        return self.estimate - half, self.estimate + half


def rectified_mean(
    people: npt.ArrayLike, judge: npt.ArrayLike, unlabelled: npt.ArrayLike
) -> Rectified:
    """The mean of paired differences, as people would score them.

    `people` (h) and `judge` (f) are the differences of the same n ≥ 2 pairs; `unlabelled` are the
    judge's of n′ ≥ 1 other pairs; all lie in [−1, 1].  With λ = clip(Cov(h, f)/((1 + n/n′)·Var f),
    0, 1), the weight with the smallest variance, the estimate is λ·mean(unlabelled) + mean(h − λf)
    and its squared error λ²·Var(unlabelled)/n′ + Var(h − λf)/n.

    Divisors: n for the covariance and both variances of the error; Var f of the weight is that of
    all n + n′ of the judge's differences, with divisor n + n′ − 1.  Where the judge never varies
    the weight is 0.  A normal approximation: labels that all agree have an error of 0, so ask for
    50 or more, and for as many as a pass needs without a loss.

    Raises:
        ValueError: the lengths differ, fewer than two pairs are labelled, none is unlabelled, or a
            difference is not in [−1, 1].
    """
    h: Array = np.asarray(people, dtype=np.float64)
    f: Array = np.asarray(judge, dtype=np.float64)
    others: Array = np.asarray(unlabelled, dtype=np.float64)
    _check(h, f, others)
    weight = _weight(h, f, others)
    rest = h - weight * f
    estimate = weight * float(others.mean()) + float(rest.mean())
    square = weight * weight * float(others.var()) / others.size + float(rest.var()) / h.size
    return Rectified(estimate, square**0.5, weight)


def _weight(h: Array, f: Array, others: Array) -> float:
    """The λ that makes the variance smallest, kept in [0, 1]."""
    every = np.concatenate([f, others])
    variance = float(every.var(ddof=1))
    if variance < ROUNDING:
        return 0.0
    covariance = float(((h - h.mean()) * (f - f.mean())).mean())
    return min(1.0, max(0.0, covariance / ((1 + h.size / others.size) * variance)))


def _check(h: Array, f: Array, others: Array) -> None:
    if h.ndim != 1 or h.shape != f.shape:
        raise ValueError("people and judge score the same pairs, in two vectors of one length")
    if h.size < 2:
        raise ValueError(f"at least two pairs need people's labels, not {h.size}")
    if others.ndim != 1 or others.size == 0:
        raise ValueError("no unlabelled pairs: people's labels are the answer by themselves")
    if not all(bool(np.all(np.abs(x) <= 1)) for x in (h, f, others)):
        raise ValueError("paired differences lie in [-1, 1]")
