"""The sign-flip test: could the sum of these differences have come about by chance alone?

If nothing changed, the arms of a pair are exchangeable, and every difference could as well have had
the other sign.  For differences in {−1, 0, 1} this is McNemar's exact test.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

DRAWS = 9_999
STEPS = 1_000
SEED = 20_240


def sign_flip_p(differences: npt.ArrayLike) -> float:
    """P(Σ ±|d| ≤ Σ d) over all signs: small when the differences are surely negative.

    `differences` is a vector in [−1, 1].  Exact where all non-zero |d| are equal (a binomial tail);
    elsewhere a seeded Monte Carlo estimate over 9,999 draws, which counts the data as one of them
    and so never falls below 1/10,000 (Davison and Hinkley, "Bootstrap Methods and their
    Application", 1997, section 4.2); |d| is then taken in steps of a thousandth.
    """
    d = np.asarray(differences, dtype=np.float64)
    d = d[d != 0]
    if d.size == 0:
        return 1.0
    sizes = np.abs(d)
    if float(np.ptp(sizes)) < 1e-12:
        return _binomial_tail(int((d > 0).sum()), int(d.size))
    levels, counts = np.unique(np.rint(sizes * STEPS).astype(np.int64), return_counts=True)
    observed = int(np.rint(d * STEPS).astype(np.int64).sum())
    chance = np.random.default_rng(SEED)
    totals = np.zeros(DRAWS, dtype=np.int64)
    for level, count in zip(levels.tolist(), counts.tolist(), strict=True):
        totals += level * (2 * chance.binomial(count, 0.5, DRAWS) - count)
    return (1 + int((totals <= observed).sum())) / (1 + DRAWS)


def _binomial_tail(wins: int, trials: int) -> float:
    """P(X ≤ wins) for X ~ Binomial(trials, ½)."""
    half = -trials * math.log(2)
    terms = (
        math.exp(math.lgamma(trials + 1) - math.lgamma(k + 1) - math.lgamma(trials - k + 1) + half)
        for k in range(wins + 1)
    )
    return min(1.0, math.fsum(terms))
