"""How a score moves with something beside what it should measure: least squares by clusters.

The standard error allows answers of one cluster to go together and their spread to differ: Liang
and Zeger, "Longitudinal data analysis using generalized linear models", Biometrika 73, 1986, 13-22,
with the correction of MacKinnon and White, Journal of Econometrics 29, 1985, 305-325, in the number
of clusters; t with one degree of freedom less than there are clusters.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from promptops.statistics.proportion import cluster_numbers
from promptops.statistics.student import student_quantile

Array = npt.NDArray[np.float64]

LEAST_CLUSTERS = 10
LEAST_SPREAD = 1e-9


@dataclass(frozen=True, slots=True)
class Slope:
    """By how much a score moves for one more of something, with an interval."""

    value: float
    low: float
    high: float


def slope_beside(
    scores: Sequence[float],
    truths: Sequence[float],
    extras: Sequence[float],
    clusters: Sequence[Hashable],
    level: float = 0.95,
) -> Slope | None:
    """How `scores` move with `extras` among answers of the same truth.

    The coefficient of `extras` in score = a + b·truth + c·extra: a judge that errs at other rates
    on good answers than on bad ones shows nothing here, however length and truth go together.  None
    where there are fewer than ten clusters, or the extras do not vary beside the truth.

    Raises:
        ValueError: the lengths differ.
    """
    y, truth, extra = (np.asarray(each, dtype=np.float64) for each in (scores, truths, extras))
    if not y.shape == truth.shape == extra.shape == (len(clusters),):
        raise ValueError("every answer has a score, a truth, an extra and a cluster")
    code = cluster_numbers(clusters)
    count = int(code.max()) + 1 if code.size else 0
    if count < LEAST_CLUSTERS:
        return None
    others = np.column_stack([np.ones_like(y), truth])
    rest = extra - others @ np.linalg.lstsq(others, extra, rcond=None)[0]
    spread = float(np.square(rest).sum())
    if spread <= LEAST_SPREAD * max(1.0, float(np.square(extra).sum())):
        return None
    value = float((rest * y).sum()) / spread
    design = np.column_stack([others, extra])
    errors = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
    sums = np.bincount(code, weights=rest * errors)
    wide = float(np.square(sums).sum()) / spread**2 * count / (count - 1)
    half = student_quantile((1 + level) / 2, count - 1) * wide**0.5
    return Slope(value, value - half, value + half)
