"""Do a judge and people say the same?  Rates, kappas and α, each with its interval.

- accuracy, sensitivity, specificity: `clustered_share` (Wilson, by what the answers are worth);
- κ: Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological
  Measurement 20, 1960, 37-46; weighted by squared distances: Cohen, "Weighted kappa", Psychological
  Bulletin 70, 1968, 213-220;
- α: Krippendorff (`krippendorff`), the judge being one more reviewer.

The intervals of κ and α are `bca_interval`.  A bootstrap cannot see a disagreement that it never
met: forty answers without one would make it certain.  So no lower end is above what the upper end
of Wilson's interval for the share of disagreements leaves.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from promptops.statistics.bootstrap import ROUNDING, bca_interval
from promptops.statistics.krippendorff import Level, krippendorff_alpha
from promptops.statistics.proportion import clustered_share

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Agreement:
    """A coefficient, 1 for perfect agreement and 0 for chance, with an interval."""

    value: float
    low: float
    high: float


def cohen_kappa(
    first: Sequence[float], second: Sequence[float], *, weighted: bool = False
) -> float:
    """κ of two raters of the same answers; `weighted` by squared distances of the values.

    Raises:
        ValueError: nothing is rated, the lengths differ, or both say one and the same value of all.
    """
    x, y = _pair(first, second)
    if weighted:
        observed = float(np.square(x - y).mean())
        # Of every x with every y: what mean and spread make of it, without a table of all pairs.
        chance = float(x.var() + y.var() + (x.mean() - y.mean()) ** 2)
    else:
        observed = float((x != y).mean())
        values = np.unique(np.concatenate([x, y]))
        chance = 1 - sum(float((x == v).mean() * (y == v).mean()) for v in values)
    if chance <= ROUNDING:
        raise ValueError("both say the same of all answers: kappa is not defined")
    return 1 - observed / chance


def kappa(
    first: Sequence[float],
    second: Sequence[float],
    clusters: Sequence[Hashable],
    *,
    weighted: bool = False,
    level: float = 0.95,
    seed: int = 0,
) -> Agreement | None:
    """`cohen_kappa` with its interval; None where it is not defined."""
    x, y = _pair(first, second)

    def of(rows: Whole) -> float:
        return cohen_kappa(x[rows].tolist(), y[rows].tolist(), weighted=weighted)

    try:
        value = cohen_kappa(first, second, weighted=weighted)
    except ValueError:
        return None
    interval = bca_interval(of, clusters, level=level, seed=seed)
    return _no_surer(interval, np.stack([x, y]), clusters, value, level)


def alpha_of_two(
    first: Sequence[float],
    second: Sequence[float],
    clusters: Sequence[Hashable],
    scale: Level,
    *,
    level: float = 0.95,
    seed: int = 0,
) -> Agreement | None:
    """Krippendorff's α of two raters who both rated every answer; None where it is not defined."""
    return alpha_of_many([list(first), list(second)], clusters, scale, level=level, seed=seed)


def alpha_of_many(
    ratings: Sequence[Sequence[float]],
    clusters: Sequence[Hashable],
    scale: Level,
    *,
    level: float = 0.95,
    seed: int = 0,
) -> Agreement | None:
    """α of reviewers × answers, NaN where a reviewer gave none; None where it is not defined."""
    table: Array = np.asarray(ratings, dtype=np.float64)

    def of(columns: Whole) -> float:
        return krippendorff_alpha(table[:, columns], scale)

    try:
        value = krippendorff_alpha(table, scale)
    except ValueError:
        return None
    interval = bca_interval(of, clusters, level=level, seed=seed)
    return _no_surer(interval, table, clusters, value, level)


def _no_surer(
    interval: tuple[float, float] | None,
    table: Array,
    clusters: Sequence[Hashable],
    value: float,
    level: float,
) -> Agreement:
    """An interval of the bootstrap, no surer than the disagreements that were met allow."""
    low, high = interval or (-1.0, 1.0)
    low = min(low, value, _floor(table, clusters, value, level))
    return Agreement(value, max(-1.0, low), min(1.0, max(high, value)))


def _floor(table: Array, clusters: Sequence[Hashable], value: float, level: float) -> float:
    """The least α or κ, were there as many disagreements as Wilson's interval still allows.

    What is missing to 1 grows with the share of answers that are disagreed on; where there are
    none, as if each were as bad as chance makes it.
    """
    paired = (~np.isnan(table)).sum(axis=0) >= 2
    seen = table[:, paired]
    apart = np.nanmax(seen, axis=0) != np.nanmin(seen, axis=0)
    of = [cluster for cluster, there in zip(clusters, paired, strict=True) if there]
    share = clustered_share(apart.astype(float).tolist(), of, level)
    if share.value > 0:
        return 1 - (1 - value) * share.high / share.value
    return 1 - share.high / _chance_apart(seen[~np.isnan(seen)])


def _chance_apart(values: Array) -> float:
    """How often two ratings drawn at random differ."""
    counts = np.unique(values, return_counts=True)[1]
    size = values.size
    return float(1 - (counts * (counts - 1)).sum() / (size * (size - 1)))


def _pair(first: Sequence[float], second: Sequence[float]) -> tuple[Array, Array]:
    x: Array = np.asarray(first, dtype=np.float64)
    y: Array = np.asarray(second, dtype=np.float64)
    if x.ndim != 1 or x.shape != y.shape or x.size == 0:
        raise ValueError("two raters rate the same answers, one at least")
    return x, y
