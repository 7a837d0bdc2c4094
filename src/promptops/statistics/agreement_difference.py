"""Does one judge agree with people better than another?  A difference of α on the same answers."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
import numpy.typing as npt

from promptops.statistics.agreement import Agreement
from promptops.statistics.bootstrap import bca_interval
from promptops.statistics.krippendorff import Level, krippendorff_alpha

Whole = npt.NDArray[np.intp]


def alpha_difference(
    people: Sequence[float],
    before: Sequence[float],
    after: Sequence[float],
    clusters: Sequence[Hashable],
    scale: Level,
    *,
    level: float = 0.95,
    seed: int = 0,
) -> Agreement | None:
    """α of `after` with people minus α of `before` with people, with a two-sided interval.

    Both judges rate the same answers, so what makes an answer hard falls on both alike.  The
    interval draws clusters again (`bca_interval`).  None where it is not defined.

    Raises:
        ValueError: the lengths differ.
    """
    table = np.asarray([people, before, after], dtype=np.float64)

    def of(rows: Whole) -> float:
        drawn = table[:, rows]
        better = krippendorff_alpha(drawn[[0, 2]], scale)
        return better - krippendorff_alpha(drawn[[0, 1]], scale)

    try:
        value = of(np.arange(table.shape[1]))
    except ValueError:
        return None
    interval = bca_interval(of, clusters, level=level, seed=seed)
    return None if interval is None else Agreement(value, *interval)
