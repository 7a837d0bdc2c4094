"""Several questions at once: Holm for p-values, e-BH for e-values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate

LEAST_SHARE = 1e-300
"""Of the largest weight: a smaller one could divide to infinity."""


def holm(p_values: Sequence[float], weights: Sequence[float] | None = None) -> list[float]:
    """Adjusted p-values, in the order given: reject those up to α, and the family errs at most α.

    Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of
    Statistics 6, 1979.  With `weights` > 0 (their scale does not matter) the hypotheses are taken
    in the order of p/w, and each p is multiplied by the weight of all not yet rejected over its
    own; never below the one before it, at most 1.  Valid under any dependence.

    Raises:
        ValueError: a p-value is not in [0, 1], a weight is not positive and finite, or there are
            not as many weights as p-values.
    """
    if not all(0 <= p <= 1 for p in p_values):
        raise ValueError("p-values lie in [0, 1]")
    shares = _shares([1.0] * len(p_values) if weights is None else weights)
    if len(shares) != len(p_values):
        raise ValueError(f"{len(p_values)} p-values need as many weights, not {len(shares)}")
    order = sorted(range(len(p_values)), key=lambda i: p_values[i] / shares[i])
    # Summed from the end: subtracting what was rejected would leave rounding behind.
    waiting = list(accumulate(shares[i] for i in reversed(order)))[::-1]
    adjusted, highest = [0.0] * len(p_values), 0.0
    for i, weight in zip(order, waiting, strict=True):
        highest = max(highest, min(1.0, p_values[i] * (weight / shares[i])))
        adjusted[i] = highest
    return adjusted


def e_bh(e_values: Sequence[float], fdr: float) -> list[bool]:
    """Which hypotheses to reject so that at most `fdr` of the rejected are true, on average.

    Wang and Ramdas, "False discovery rate control with e-values", J. R. Stat. Soc. B 84, 2022: of K
    e-values reject the k largest, k the largest number for which the k-th largest is at least
    K/(k·fdr).  Valid under any dependence.

    Raises:
        ValueError: an e-value is negative or not a number, or `fdr` is not in (0, 1].
    """
    if not 0 < fdr <= 1:
        raise ValueError(f"a false discovery rate lies in (0, 1], not at {fdr}")
    if not all(e >= 0 for e in e_values):
        raise ValueError("e-values are not negative")
    order = sorted(range(len(e_values)), key=lambda i: e_values[i], reverse=True)
    enough = [k for k, i in enumerate(order, 1) if e_values[i] * k * fdr >= len(e_values)]
    rejected = set(order[: max(enough, default=0)])
    return [i in rejected for i in range(len(e_values))]


def _shares(weights: Sequence[float]) -> list[float]:
    """The weights over the largest of them, so that no sum can overflow."""
    largest = max(weights, default=1.0)
    if not all(0 < w < math.inf and w / largest > LEAST_SHARE for w in weights):
        raise ValueError("weights are positive, finite and comparable")
    return [w / largest for w in weights]
