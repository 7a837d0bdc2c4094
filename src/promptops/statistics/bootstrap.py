"""Intervals by drawing the clusters of a sample again: bias-corrected and accelerated (BCa).

Efron, "Better bootstrap confidence intervals", Journal of the American Statistical Association 82,
1987, 171-185; over clusters: Field and Welsh, "Bootstrapping clustered data", Journal of the Royal
Statistical Society B 69, 2007, 369-390.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from promptops.statistics.proportion import cluster_numbers

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.intp]

RESAMPLES = 1_000
LEAST_DEFINED = 0.5
"""Of the samples drawn; a statistic that is defined in fewer has no interval."""

ROUNDING = 1e-9
"""Values nearer than this are one: the order of additions decides nothing."""

Statistic = Callable[[Whole], float]
"""From the numbers of the rows that were drawn, repeats included, to a value; ValueError or NaN
where it is not defined on them."""


def bca_interval(
    statistic: Statistic,
    clusters: Sequence[Hashable],
    *,
    level: float = 0.95,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> tuple[float, float] | None:
    """A two-sided interval at `level`; None where the statistic is too often not defined.

    `clusters` has one entry a row; whole clusters are drawn, and left out one at a time for the
    acceleration.  The same seed gives the same interval.
    """
    rows = _rows_of(cluster_numbers(clusters))
    if len(rows) < 2:
        return None
    value = _defined(statistic, np.concatenate(rows))
    chance = np.random.default_rng(seed)
    drawn = np.asarray([_again(statistic, rows, chance) for _ in range(resamples)])
    known = np.sort(drawn[np.isfinite(drawn)])
    if not math.isfinite(value) or known.size < LEAST_DEFINED * resamples:
        return None
    if known[0] == known[-1]:
        return float(known[0]), float(known[-1])
    left_out = [np.concatenate([*rows[:at], *rows[at + 1 :]]) for at in range(len(rows))]
    jackknife = np.asarray([_defined(statistic, each) for each in left_out])
    low, high = _levels(value, known, jackknife[np.isfinite(jackknife)], level)
    ends = np.quantile(known, [low, high])
    return float(ends[0]), float(ends[1])


def _levels(value: float, drawn: Array, jackknife: Array, level: float) -> tuple[float, float]:
    """Which quantiles of the drawn values are the ends."""
    normal = NormalDist()
    tied = np.abs(drawn - value) <= ROUNDING
    below = (np.sum((drawn < value) & ~tied) + np.sum(tied) / 2) / drawn.size
    bias = normal.inv_cdf(min(max(float(below), 0.5 / drawn.size), 1 - 0.5 / drawn.size))
    apart = jackknife.mean() - jackknife if jackknife.size else np.zeros(1)
    spread = float(np.square(apart).sum()) ** 1.5
    acceleration = float((apart**3).sum()) / (6 * spread) if spread > 0 else 0.0
    ends = []
    for tail in ((1 - level) / 2, (1 + level) / 2):
        z = bias + normal.inv_cdf(tail)
        shrunk = 1 - acceleration * z
        ends.append(normal.cdf(bias + z / shrunk) if shrunk > 0 else float(z > 0))
    return ends[0], ends[1]


def _again(statistic: Statistic, rows: list[Whole], chance: np.random.Generator) -> float:
    picked = chance.integers(len(rows), size=len(rows))
    return _defined(statistic, np.concatenate([rows[at] for at in picked]))


def _defined(statistic: Statistic, rows: Whole) -> float:
    try:
        return statistic(rows)
    except ValueError:
        return math.nan


def _rows_of(code: Whole) -> list[Whole]:
    order = np.argsort(code, kind="stable")
    return np.split(order, np.cumsum(np.bincount(code))[:-1])
