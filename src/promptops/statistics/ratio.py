"""The ratio of two paired means: how much more one arm uses than the other.

Fieller's theorem ("Some problems in interval estimation", J. R. Stat. Soc. B 16(2), 1954): R is in
the interval when the mean of c − R·b, whose true value is 0 at the true ratio, is not surely off 0.
Unlike the delta method it needs no ratio to be nearly normal, and it says so when the baseline is
too uncertain for any bound.

Samples of one case are no independent draws of the dataset, so cases are what is averaged: every
case weighs the same, by the mean of its pairs.  What the error is made of depends on the question:

- about these very cases, all of which were visited: only what varies inside a case, as those of a
  survey with one stratum a case (Cochran, "Sampling Techniques", 1977, section 5.4).  A case with a
  single pair is taken to vary as the others do on average.  Degrees of freedom by Welch ("The
  generalization of 'Student's' problem", Biometrika 34, 1947), because long answers vary more;
- otherwise (cases like these; a dataset of which only some cases were visited; hardly a case with
  two pairs): what varies from case to case, or from group to group, robust to any dependence
  inside.  For a whole dataset that is more than the truth, never less.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from promptops.statistics.student import student_quantile

Array = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]

FEWEST_REPEATS = 10
"""Pairs beyond the first of each case that the variance inside cases is estimated from, at least.
"""


@dataclass(frozen=True, slots=True)
class RatioEstimate:
    """How two paired means compare."""

    baseline: float
    candidate: float
    """Means over cases of the case means, in the unit of the data."""
    ratio: float | None
    """candidate / baseline; None where the baseline is 0."""
    interval: tuple[float, float] | None
    """Of the ratio, one-sided level alpha at each end; None where it has no bound."""


@dataclass(frozen=True, slots=True)
class _Spread:
    """Variances of the mean residual and of the mean baseline, and their covariance."""

    residual: float
    both: float
    baseline: float
    degrees: float


def ratio_of_means(
    baselines: npt.ArrayLike,
    candidates: npt.ArrayLike,
    cases: npt.ArrayLike,
    alpha: float,
    *,
    whole: bool = False,
    units: npt.ArrayLike | None = None,
) -> RatioEstimate:
    """Estimate mean(candidates) / mean(baselines) from T ≥ 1 pairs of amounts, none negative.

    `cases` has the number of each pair's case (T whole numbers).  `whole` says that these are all
    the cases that the question is about; `units` has the number of each pair's case, or group of
    cases, where the question is about others like them.  `alpha` < 0.5 is the level at each end.
    Arms that are equal pair by pair have the ratio 1 exactly.

    Raises:
        ValueError: there are no pairs, the vectors differ in length, or an amount is negative or
            not finite.
    """
    b, c = _amounts(baselines), _amounts(candidates)
    numbers = np.asarray(cases)
    if b.shape != c.shape or b.shape != numbers.shape:
        raise ValueError("baselines, candidates and cases are vectors of one length")
    first, case = np.unique(numbers, return_index=True, return_inverse=True)[1:]
    sizes = np.bincount(case).astype(np.float64)
    mean_b, mean_c = (float(_means(x, case, sizes).mean()) for x in (b, c))
    if mean_b == 0:
        return RatioEstimate(mean_b, mean_c, None, None)
    ratio = mean_c / mean_b
    residual = c - ratio * b
    if b.size == 1:
        return RatioEstimate(mean_b, mean_c, ratio, None)
    if not residual.any():
        return RatioEstimate(mean_b, mean_c, ratio, (ratio, ratio))
    spread: _Spread | None
    if whole and units is None and b.size - sizes.size >= FEWEST_REPEATS:
        spread = _within(residual, b, case, sizes)
    else:
        unit = np.arange(sizes.size) if units is None else np.asarray(units)[first]
        spread = _between(_means(residual, case, sizes), _means(b, case, sizes), unit)
    return RatioEstimate(mean_b, mean_c, ratio, _fieller(ratio, mean_b, spread, alpha))


def _amounts(values: npt.ArrayLike) -> Array:
    found: Array = np.asarray(values, dtype=np.float64)
    if found.ndim != 1 or found.size == 0:
        raise ValueError("no pairs")
    if not bool(np.all(np.isfinite(found) & (found >= 0))):
        raise ValueError("amounts are finite and not negative")
    return found


def _means(x: Array, case: Index, sizes: Array) -> Array:
    return np.bincount(case, weights=x) / sizes


def _within(e: Array, b: Array, case: Index, sizes: Array) -> _Spread:
    """Var = Σ (1/n_g + k₁/k₂)·s_g² / k² over the k₂ cases with two pairs or more, k₁ with one."""
    several = sizes > 1
    count, repeated = sizes.size, int(several.sum())
    share = np.where(several, 1 / sizes + (count - repeated) / repeated, 0.0) / count**2
    weight = (share / np.maximum(sizes - 1, 1))[case]
    off_e = e - _means(e, case, sizes)[case]
    off_b = b - _means(b, case, sizes)[case]
    parts = np.bincount(case, weights=weight * off_e * off_e)
    residual, fewest = float(parts.sum()), float(sizes[several].min()) - 1
    degrees = float(e.size - count)
    if residual > 0:
        shares = parts / residual
        welch = 1 / float((shares * shares / (sizes + 1)).sum()) - 2
        degrees = min(degrees, max(fewest, welch))
    both = float((weight * off_e * off_b).sum())
    return _Spread(residual, both, float((weight * off_b * off_b).sum()), degrees)


def _between(e: Array, b: Array, units: npt.ArrayLike) -> _Spread | None:
    """Var = U/(U − 1)·Σ_u (Σ_{g∈u} (x_g − x̄))² / k², U units of k cases; None for one unit."""
    _, unit = np.unique(np.asarray(units), return_inverse=True)
    count = int(unit.max()) + 1
    if count < 2:
        return None
    by_e = np.bincount(unit, weights=e - e.mean()) / e.size
    by_b = np.bincount(unit, weights=b - b.mean()) / b.size
    factor = count / (count - 1)
    residual, both, baseline = (
        factor * float((x * y).sum()) for x, y in ((by_e, by_e), (by_e, by_b), (by_b, by_b))
    )
    return _Spread(residual, both, baseline, count - 1)


def _fieller(
    ratio: float, mean: float, spread: _Spread | None, alpha: float
) -> tuple[float, float] | None:
    """All R = ratio + x with x²·b̄² ≤ t²·(v_ee − 2x·v_eb + x²·v_bb); None where x has no bound.

    Told in x, the distance from the estimate, so that residuals of nothing leave no width.
    """
    if spread is None:
        return None
    t = student_quantile(1 - alpha, spread.degrees)
    square = t * t
    leading = mean * mean - square * spread.baseline
    if leading <= 0:
        return None
    middle = -square * spread.both
    root = float(np.sqrt(middle * middle + leading * square * spread.residual))
    low, high = ((middle + sign * root) / leading for sign in (-1, 1))
    return max(0.0, ratio + min(low, 0.0)), ratio + max(high, 0.0)
