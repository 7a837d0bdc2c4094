"""A share of answers and how well it is known, where answers come in clusters.

Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the
American Statistical Association 22, 1927, 209-212.  For clusters the same interval with the sample
size that they are worth: Korn and Graubard, "Confidence intervals for proportions with small
expected number of positive counts estimated from survey data", Survey Methodology 24, 1998,
193-201; Dean and Pagano, "Evaluating confidence interval methods for binomial proportions in
clustered surveys", Journal of Survey Statistics and Methodology 3, 2015, 484-503.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Share:
    """A share with an interval; all in [0, 1]."""

    value: float
    low: float
    high: float
    size: int
    """Answers that it is of."""
    worth: float
    """How many independent answers they are worth."""


def wilson(share: float, size: float, level: float = 0.95) -> tuple[float, float]:
    """Wilson's two-sided interval at `level` for a `share` seen in `size` independent trials.

    Raises:
        ValueError: the share or the level is not in its range, or there was no trial.
    """
    if not (0 <= share <= 1 and 0 < level < 1 and size > 0):
        raise ValueError(f"no interval for a share of {share} in {size} at level {level}")
    z = NormalDist().inv_cdf((1 + level) / 2)
    middle = share + z * z / (2 * size)
    half = z * math.sqrt(share * (1 - share) / size + z * z / (4 * size * size))
    whole = 1 + z * z / size
    low = 0.0 if share == 0 else max(0.0, (middle - half) / whole)
    high = 1.0 if share == 1 else min(1.0, (middle + half) / whole)
    return low, high


def clustered_share(
    hits: Sequence[float], clusters: Sequence[Hashable], level: float = 0.95
) -> Share:
    """The mean of `hits` in [0, 1]; those of one cluster (the answers to one case) go together.

    The size that they are worth is the number of answers over the design effect, the variance by
    clusters over that of independent answers; never more than the number of answers.  Where all
    hits are alike nothing tells the effect, and each cluster counts once.

    Raises:
        ValueError: there are no hits, they are not in [0, 1], or the lengths differ.
    """
    x: Array = np.asarray(hits, dtype=np.float64)
    if x.size == 0 or x.size != len(clusters):
        raise ValueError("every hit has a cluster, and there is one at least")
    if not bool(np.all((x >= 0) & (x <= 1))):
        raise ValueError("hits lie in [0, 1]")
    code = cluster_numbers(clusters)
    mean = float(x.mean())
    worth = _worth(x, code, mean)
    low, high = wilson(mean, worth, level)
    return Share(mean, low, high, int(x.size), worth)


def cluster_numbers(clusters: Sequence[Hashable]) -> npt.NDArray[np.intp]:
    """A number from 0 for each cluster, in the order in which they are met."""
    met: dict[Hashable, int] = {}
    return np.asarray([met.setdefault(each, len(met)) for each in clusters], dtype=np.intp)


def _worth(x: Array, code: npt.NDArray[np.intp], mean: float) -> float:
    count = int(code.max()) + 1
    independent = float(np.square(x - mean).mean())
    if independent == 0 or count < 2:
        return float(count)
    sums = np.bincount(code, weights=x - mean)
    clustered = float(np.square(sums).sum()) / x.size**2 * count / (count - 1)
    return min(float(x.size), independent / clustered) if clustered > 0 else float(x.size)
