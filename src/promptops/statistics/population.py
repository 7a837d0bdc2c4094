"""The mean difference over cases like these: cases (or groups of them) are the unit."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from promptops.statistics.student import student_quantile


def population_interval(
    differences: npt.ArrayLike, units: npt.ArrayLike, alpha: float
) -> tuple[float, float] | None:
    """Interval of the mean over the population that the cases were drawn from.

    `differences` has T paired differences in [−1, 1], `units` the number of the case or group of
    each (T whole numbers from 0).  Every pair weighs the same; the error is robust to any
    dependence inside a unit:
    centre ± t · √(G/(G−1) · Σ_g (Σ_{i∈g}(dᵢ − centre))²) / T, G units (Miller, "Adding Error Bars
    to Evals", arXiv 2411.00640, equation 4, with the small-sample factor).

    Two units are added first, one of +1 and one of −1, each as large as the average unit: the
    smoothing of `paired` (Agresti and Min 2005; Bonett and Price 2012) carried from pairs to units.
    It is a guard for few units and no more: units that all agree keep a variance, so that no
    interval has width zero.  t has as many degrees of freedom as there are real units, less one.
    With equally many pairs per case and many cases this is D̄ ± t·s_D/√N.  The plain mean always
    lies within.  `alpha` < 0.5 is the level at each end.

    Returns None where fewer than two units have pairs.
    """
    d = np.asarray(differences, dtype=np.float64)
    _, unit = np.unique(np.asarray(units), return_inverse=True)
    groups = int(unit.max()) + 1 if unit.size else 0
    if groups < 2:
        return None
    total, added = float(d.sum()), d.size / groups
    weight = d.size + 2 * added
    centre = total / weight
    sums = np.bincount(unit, weights=d - centre, minlength=groups)
    squares = float(np.square(sums).sum()) + 2 * added * added * (1 + centre * centre)
    error = ((groups + 2) / (groups + 1) * squares) ** 0.5 / weight
    half = student_quantile(1 - alpha, groups - 1) * error
    mean = total / d.size
    low, high = min(centre - half, mean), max(centre + half, mean)
    return max(-1.0, low), min(1.0, high)
