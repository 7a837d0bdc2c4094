"""A share put right for a judge that errs: Rogan and Gladen's estimator.

Rogan and Gladen, "Estimating prevalence from the results of a screening test", American Journal of
Epidemiology 107, 1978, 71-76.  Sensitivity is how often the judge says yes where people do,
specificity how often it says no where people do.
"""

from __future__ import annotations

import math


def rogan_gladen(apparent: float, specificity: float, sensitivity: float) -> float:
    """The true share behind an `apparent` share of yes: (p + sp − 1)/(se + sp − 1), cut to [0, 1].

    Raises:
        ValueError: a share is not in [0, 1], or sensitivity + specificity ≤ 1: such a judge knows
            nothing.
    """
    return min(1.0, max(0.0, _plain(apparent, specificity, sensitivity)))


def rogan_gladen_error(
    apparent: float,
    n: int,
    *,
    specificity: float,
    n_negative: int,
    sensitivity: float,
    n_positive: int,
) -> float:
    """The standard error of `rogan_gladen`, all three shares being estimates.

    `apparent` is of `n` judged samples, `specificity` of `n_negative` others that people called no,
    `sensitivity` of `n_positive` others that people called yes.  By the delta method (Rogan and
    Gladen 1978), θ the estimate before it is cut and J = se + sp − 1: the square is
    [p(1−p)/n + (1−θ)²·sp(1−sp)/n_negative + θ²·se(1−se)/n_positive]/J².  A normal approximation;
    with few labels or shares near 0 or 1 its intervals are too narrow (Lang and Reiczigel,
    "Confidence limits for prevalence of disease adjusted for estimated sensitivity and
    specificity", Preventive Veterinary Medicine 113, 2014).

    Raises:
        ValueError: as in `rogan_gladen`, or a count is below 1.
    """
    if min(n, n_negative, n_positive) < 1:
        raise ValueError("each share is of one sample at least")
    share = _plain(apparent, specificity, sensitivity)
    square = (
        apparent * (1 - apparent) / n
        + (1 - share) ** 2 * specificity * (1 - specificity) / n_negative
        + share**2 * sensitivity * (1 - sensitivity) / n_positive
    )
    return math.sqrt(square) / (sensitivity + specificity - 1)


def attenuated_margin(margin: float, sensitivity_lower: float, specificity_lower: float) -> float:
    """The margin to hold the judge's difference to: (se + sp − 1)·margin, in score units.

    A judge that errs equally on both arms shrinks every difference by that factor, so a drop of
    `margin` shows as this much.  The lower bounds of both rates keep a pass safe.

    Raises:
        ValueError: a rate is not in [0, 1], or the result is not positive.
    """
    shrunk = _informedness(sensitivity_lower, specificity_lower) * margin
    if not shrunk > 0:
        raise ValueError(f"a margin is positive, not {margin}")
    return shrunk


def _plain(apparent: float, specificity: float, sensitivity: float) -> float:
    informed = _informedness(sensitivity, specificity)
    if not 0 <= apparent <= 1:
        raise ValueError(f"a share lies in [0, 1], not at {apparent}")
    return (apparent + specificity - 1) / informed


def _informedness(sensitivity: float, specificity: float) -> float:
    """Youden's J = se + sp − 1, which must be positive."""
    if not (0 <= sensitivity <= 1 and 0 <= specificity <= 1):
        raise ValueError("sensitivity and specificity lie in [0, 1]")
    if sensitivity + specificity <= 1:
        raise ValueError("sensitivity + specificity must exceed 1: this judge knows nothing")
    return sensitivity + specificity - 1
