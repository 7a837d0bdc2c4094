"""Where paired differences get their variance: from cases that differ, or one that varies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class VarianceParts:
    """Variances of a single paired difference, in squared score units; None where unknown."""

    between: float | None
    """Of the cases' expected differences; None with fewer than two cases, or `within` unknown."""
    within: float | None
    """Of repeated pairs of one case, averaged over cases; None where no case has two pairs."""
    total: float
    """Their sum where both are known, else the plain variance; 0 for a single pair."""


def variance_parts(differences: npt.ArrayLike, cases: npt.ArrayLike) -> VarianceParts:
    """Split the variance of T ≥ 1 paired differences in [−1, 1]; `cases` has the number of each.

    One-way random effects by the method of moments: within = the mean square inside cases, between
    = (mean square between − within)/n₀, never below 0, with n₀ = (T − Σnᵢ²/T)/(k − 1) for k cases
    of nᵢ pairs (Searle, Casella and McCulloch, "Variance Components", 1992, chapter 3).

    Raises:
        ValueError: there are no pairs, not as many case numbers as pairs, or a difference is not in
            [−1, 1].
    """
    d: Array = np.asarray(differences, dtype=np.float64)
    numbers = np.asarray(cases)
    if d.size == 0:
        raise ValueError("no pairs")
    if d.ndim != 1 or numbers.shape != d.shape:
        raise ValueError("differences and cases are two vectors of one length")
    if not bool(np.all(np.abs(d) <= 1)):
        raise ValueError("paired differences lie in [-1, 1]")
    _, case = np.unique(numbers, return_inverse=True)
    sizes = np.bincount(case).astype(np.float64)
    pairs, groups = d.size, sizes.size
    means = np.bincount(case, weights=d) / sizes
    plain = float(np.var(d, ddof=1)) if pairs > 1 else 0.0
    if pairs == groups:
        return VarianceParts(None, None, plain)
    within = float(np.square(d - means[case]).sum()) / (pairs - groups)
    if groups == 1:
        return VarianceParts(None, within, plain)
    between_square = float((sizes * np.square(means - d.mean())).sum()) / (groups - 1)
    average_size = (pairs - float(np.square(sizes).sum()) / pairs) / (groups - 1)
    between = max(0.0, (between_square - within) / average_size)
    return VarianceParts(between, within, between + within)
