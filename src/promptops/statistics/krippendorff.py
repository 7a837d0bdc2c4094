"""Do the reviewers agree?  Krippendorff's α.

Krippendorff, "Computing Krippendorff's Alpha-Reliability", Annenberg School for Communication,
University of Pennsylvania, 2011: 1 is perfect agreement, 0 what chance gives.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Whole = npt.NDArray[np.intp]

Level = Literal["nominal", "ordinal", "interval"]


def krippendorff_alpha(ratings: npt.ArrayLike, level: Level) -> float:
    """α of `ratings`, reviewers × units, NaN where a reviewer gave none.

    α = 1 − (n − 1)·Σ o_ck δ²_ck / Σ n_c n_k δ²_ck over the coincidences o_ck of the values c and k
    in units, each unit weighing 1/(its ratings − 1); n_c counts the value c among the n ratings
    that can be paired (Krippendorff 2011).  δ² is 1 for different values (nominal),
    (c − k)² (interval), or that of the values' middle ranks (ordinal).

    Raises:
        ValueError: `ratings` has not two dimensions, has an infinite value, no unit has two
            ratings, or the ratings that can be paired do not vary: α is not defined then.
    """
    table: Array = np.asarray(ratings, dtype=np.float64)
    if table.ndim != 2:
        raise ValueError("ratings are a table of reviewers and units")
    if level not in {"nominal", "ordinal", "interval"}:
        raise ValueError(f"no such level of measurement: {level}")
    values, unit = _pairable(table)
    _, code, counts = np.unique(values, return_inverse=True, return_counts=True)
    if counts.size == 1:
        raise ValueError(
            "all ratings are the same value: agreement is not defined without variation"
        )
    if level == "nominal":
        observed, expected = _different(code, unit), _different(code, np.zeros_like(unit))
    else:
        scale = (np.cumsum(counts) - counts / 2)[code] if level == "ordinal" else values
        scale = _unit_range(scale)
        observed, expected = _squared(scale, unit), _squared(scale, np.zeros_like(unit))
    return 1 - observed / expected


def _pairable(table: Array) -> tuple[Array, Whole]:
    """The ratings in units that have two or more, and the number of the unit of each."""
    given = ~np.isnan(table)
    kept = given & (given.sum(axis=0) >= 2)
    if not bool(kept.any()):
        raise ValueError("fewer than two ratings can be paired: no unit has two")
    values = table.T[kept.T]
    if not bool(np.isfinite(values).all()):
        raise ValueError("a rating is infinite")
    _, unit = np.unique(np.nonzero(kept.T)[0], return_inverse=True)
    return values, unit


def _unit_range(scale: Array) -> Array:
    """Shifted and stretched to [0, 1], which α does not notice and squares survive."""
    scale = scale / np.abs(scale).max()
    stretched: Array = (scale - scale.min()) / np.ptp(scale)
    return stretched


# Disagreement of all ordered pairs of ratings within a group, each group's over (its size − 1).  If
# every rating is in one group this is Σ n_c n_k δ²/(n − 1).  The matrix of coincidences is never
# written out: it has a cell for every two values that occur.


def _squared(scale: Array, group: Whole) -> float:
    """Of squared distances: Σ_{a,b} (a − b)² = 2·size·Σ (a − mean)²."""
    sizes = np.bincount(group).astype(np.float64)
    means = np.bincount(group, weights=scale) / sizes
    squares = np.bincount(group, weights=np.square(scale - means[group]))
    return float((2 * sizes * squares / (sizes - 1)).sum())


def _different(code: Whole, group: Whole) -> float:
    """Of values that differ: Σ_{a,b} [a ≠ b] = size² − Σ_c count_c²."""
    sizes = np.bincount(group).astype(np.float64)
    cell = group * (int(code.max()) + 1) + code
    first, together = np.unique(cell, return_index=True, return_counts=True)[1:]
    same = np.bincount(group[first], weights=np.square(together.astype(np.float64)))
    return float(((np.square(sizes) - same) / (sizes - 1)).sum())
