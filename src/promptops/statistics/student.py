"""Quantiles of Student's t distribution."""

from __future__ import annotations

import math
from statistics import NormalDist

_FRACTION_STEPS = 300
_TINY = 1e-300


def student_quantile(p: float, degrees: float) -> float:
    """What a t variable with `degrees` > 0 degrees of freedom stays below with probability `p`.

    By bisection of the distribution function, to about eight digits.

    Raises:
        ValueError: `p` is not in (0, 1), or `degrees` not positive.
    """
    if not 0 < p < 1 or degrees <= 0:
        raise ValueError(f"no t quantile for p={p}, degrees={degrees}")
    if p < 0.5:
        return -student_quantile(1 - p, degrees)
    low, high = 0.0, max(2.0, NormalDist().inv_cdf(p))
    while student_cdf(high, degrees) < p:
        low, high = high, high * 2
    for _ in range(200):
        middle = (low + high) / 2
        if student_cdf(middle, degrees) < p:
            low = middle
        else:
            high = middle
        if high - low <= 1e-12 * high:
            break
    return (low + high) / 2


def student_cdf(t: float, degrees: float) -> float:
    """P(T ≤ t), through the regularised incomplete beta function (DLMF 8.17)."""
    if t == 0:
        return 0.5
    whole = degrees + t * t
    tail = _beta_regularised(degrees / 2, 0.5, degrees / whole, t * t / whole) / 2
    return 1 - tail if t > 0 else tail


def _beta_regularised(a: float, b: float, x: float, y: float) -> float:
    """I_x(a, b) by its continued fraction (DLMF 8.17.22), evaluated by Lentz's method.

    `y` is 1 − x, given apart because the difference would lose the digits that matter.
    """
    if x <= 0 or y <= 0:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):
        return 1 - _beta_regularised(b, a, y, x)
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log(y)
    )
    c, d = 1.0, 1 / _off_zero(1 - (a + b) * x / (a + 1))
    fraction = d
    for m in range(1, _FRACTION_STEPS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for step in (even, odd):
            d = 1 / _off_zero(1 + step * d)
            c = _off_zero(1 + step / c)
            fraction *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return front * fraction / a


def _off_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
