"""The mean difference over cases like these: cases (or groups of them) are the unit."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from promptops.statistics.student import student_quantile


def population_interval(
    differences: npt.ArrayLike, units: npt.ArrayLike, alpha: float
) -> tuple[float, float] | None:
    """Interval of the mean over the population that the cases were drawn from.

    `differences` has T paired differences, `units` the number of the case or group of each (T
    whole numbers from 0).  Every pair weighs the same; the error is robust to any dependence
    inside a unit:
    mean ± t · √(G/(G−1) · Σ_g (Σ_{i∈g}(dᵢ − mean))²) / T, G units, G−1 degrees of freedom (Miller,
    "Adding Error Bars to Evals", arXiv 2411.00640, equation 4, with the small-sample factor).  With
    equally many pairs per case this is D̄ ± t·s_D/√N.  `alpha` is the level at each end.

    Returns None where fewer than two units have pairs.
    """
    d = np.asarray(differences, dtype=np.float64)
    _, unit = np.unique(np.asarray(units), return_inverse=True)
    groups = int(unit.max()) + 1 if unit.size else 0
    if groups < 2:
        return None
    mean = float(d.mean())
    sums = np.bincount(unit, weights=d - mean, minlength=groups)
    error = float(np.sqrt(groups / (groups - 1) * np.square(sums).sum())) / d.size
    half = student_quantile(1 - alpha, groups - 1) * error
    return max(-1.0, mean - half), min(1.0, mean + half)
