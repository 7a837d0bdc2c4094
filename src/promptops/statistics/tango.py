"""Binary pairs: the score statistic of a difference of paired proportions, and its interval.

Tango, "Equivalence test and confidence interval for the difference in proportions for the paired-
sample design", Statistics in Medicine 17, 1998, 891-908.  The variance is that of the model under
the null, so the statistic keeps its level where few pairs differ.
"""

from __future__ import annotations

import math

TOLERANCE = 1e-9


def tango_z(losses: int, wins: int, pairs: int, null: float = 0.0) -> float:
    """The standardised distance of (wins − losses)/pairs from `null`; positive above it.

    Of `pairs` T ≥ 1 pairs, `wins` went from 0 to 1 and `losses` from 1 to 0.  For the null Δ₀
    z = (wins − losses − T·Δ₀) / √(T·(2q + Δ₀(1 − Δ₀))), q being the maximum likelihood estimate of
    the chance of a loss when the difference is Δ₀.  At Δ₀ = 0 this is McNemar's
    (wins − losses)/√(wins + losses), and 0 where no pair differs.

    Raises:
        ValueError: the counts are negative or do not fit, or `null` is not in (−1, 1).
    """
    _check(losses, wins, pairs)
    if not -1 < null < 1:
        raise ValueError(f"a difference of proportions lies between -1 and 1, not at {null}")
    # One side is computed and the other mirrored, so that swapping the arms mirrors every digit.
    if null < 0:
        return -_z(wins, losses, pairs, -null)
    return _z(losses, wins, pairs, null)


def tango_interval(losses: int, wins: int, pairs: int, critical: float) -> tuple[float, float]:
    """All differences that lie at most `critical` > 0 standard errors from the data.

    By bisection, to 1e-9 and never too narrow; within [−1, 1].  The plain estimate lies within.

    Raises:
        ValueError: the counts are negative or do not fit, or `critical` is not positive.
    """
    _check(losses, wins, pairs)
    if not critical > 0:
        raise ValueError(f"a critical value is positive, not {critical}")
    return -_upper(wins, losses, pairs, critical), _upper(losses, wins, pairs, critical)


def _upper(losses: int, wins: int, pairs: int, critical: float) -> float:
    """The upper end: z falls as the null rises, so what lies beyond it is rejected."""
    inside, outside = (wins - losses) / pairs, 1.0
    while outside - inside > TOLERANCE:
        null = (inside + outside) / 2
        if tango_z(losses, wins, pairs, null) < -critical:
            outside = null
        else:
            inside = null
    return outside


def _z(losses: int, wins: int, pairs: int, null: float) -> float:
    """The statistic for `null` ≥ 0."""
    spread = 2 * _loss_chance(losses, wins, pairs, null) + null * (1 - null)
    if spread == 0:
        return 0.0
    return (wins - losses - pairs * null) / math.sqrt(pairs * spread)


def _loss_chance(losses: int, wins: int, pairs: int, null: float) -> float:
    """The likeliest chance of a loss if that of a win is larger by `null` ≥ 0.

    The larger root of 2T·q² + b·q + c = 0 (Tango 1998), written so that nothing cancels.
    """
    b = (2 * pairs - wins + losses) * null - wins - losses
    c = -losses * null * (1 - null)
    root = math.sqrt(b * b - 8 * pairs * c)
    return -2 * c / (root + b) if b > 0 else (root - b) / (4 * pairs)


def _check(losses: int, wins: int, pairs: int) -> None:
    if losses < 0 or wins < 0 or pairs < 1 or losses + wins > pairs:
        raise ValueError(f"{losses} losses and {wins} wins do not fit {pairs} pairs")
