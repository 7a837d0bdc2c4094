"""How far a statistic must lie out at each of several looks, so that all looks together err rarely.

Error spending (Lan and DeMets, "Discrete sequential boundaries for clinical trials", Biometrika
70(3), 1983): of the accepted error, a look at the share t of the budget may have spent at most
α(t), whatever the looks before it were.  The critical values follow from the recursion of Armitage,
McPherson and Rowe ("Repeated significance tests on accumulating data", J. R. Stat. Soc. A 132(2),
1969): the density of the running sum among the paths that no earlier look has stopped.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Spending = Callable[[float], float]
"""Share of the budget in (0, 1] to the error that may have been spent by then; never falling."""

EXPONENT = 2.0
"""Of the power family: little is spent on early looks, where a verdict rests on few pairs."""
_REACH = 8.5
"""Standard deviations below the mean at which a density ends: the rest is below 1e-16."""
_NODES_A_PANEL = 16
_STEPS_A_PANEL = 5
"""How many times the narrowest step a panel of nodes is wide: enough for nine digits."""
_MOST_PANELS = 40
_WINDOW = 9
"""Steps that a path makes at most between two looks: more has a probability below 1e-18."""
_SQRT_TWO_PI = math.sqrt(2 * math.pi)
_TINY = 1e-15


def power_spent(alpha: float, share: float, exponent: float = EXPONENT) -> float:
    """α·tᵖ (Kim and DeMets, "Design and analysis of group sequential tests based on the type I
    error spending rate function", Biometrika 74(1), 1987), for a share t of the budget.
    """
    return float(alpha * min(1.0, max(0.0, share)) ** exponent)


@lru_cache(maxsize=64)
def power_boundaries(alpha: float, shares: tuple[float, ...]) -> tuple[float, ...]:
    """One-sided critical values for `shares` of the budget, when α·t² is spent by share t."""
    return boundaries(lambda share: power_spent(alpha, share), shares)


def boundaries(spending: Spending, shares: Sequence[float]) -> tuple[float, ...]:
    """The one-sided critical value of a standard normal statistic at each look.

    `shares` are the parts of the budget at which it is looked, rising, in (0, 1].  A look whose
    allowance is nothing has the value infinity.  To about six digits, where the looks are no closer
    than a hundredth of the budget.

    Raises:
        ValueError: `shares` do not rise, or lie outside (0, 1].
    """
    if any(b <= a for a, b in zip([0.0, *shares], shares, strict=False)) or max(shares) > 1 + 1e-12:
        raise ValueError("the shares of the budget must rise within (0, 1]")
    found: list[float] = []
    spent, before = 0.0, 0.0
    nodes, weights = np.zeros(1), np.ones(1)  # all paths start at nought
    for share, following in zip(shares, [*shares[1:], math.inf], strict=True):
        step = math.sqrt(share - before)
        allowance = spending(share) - spent
        bound = _bound(nodes, weights, step, allowance)
        if math.isfinite(bound):
            spent += allowance
        found.append(bound / math.sqrt(share))
        finest = min(step, math.sqrt(following - share))
        nodes, weights = _carried(nodes, weights, step, bound, (math.sqrt(share), finest))
        before = share
    return tuple(found)


def _bound(nodes: Array, weights: Array, step: float, allowance: float) -> float:
    """Where the next sum must end, so that the paths beyond have the probability `allowance`."""
    if allowance < _TINY:
        return math.inf
    top = float(nodes.max())
    near = nodes > top - 2 * _WINDOW * step
    found = _tail_quantile(nodes[near], weights[near], step, allowance)
    if found > top - _WINDOW * step:  # the paths that were left out never come so far
        return found
    return _tail_quantile(nodes, weights, step, allowance)


def _tail_quantile(nodes: Array, weights: Array, step: float, allowance: float) -> float:
    """By Newton's method, kept in its bracket."""
    top = float(nodes.max())
    low, high = float(nodes.min()) - 10 * step, top + 40 * step
    at = top
    for _ in range(200):
        out = (at - nodes) / step
        beyond = float(weights @ _upper_tail(out)) - allowance
        low, high = (at, high) if beyond > 0 else (low, at)
        slope = float(weights @ np.exp(-out * out / 2)) / (_SQRT_TWO_PI * step)
        newton = at + beyond / slope if slope > 1e-300 else math.inf
        following = newton if low < newton < high else (low + high) / 2
        if abs(following - at) < 1e-9 * step:
            return following
        at = following
    return at


def _carried(
    nodes: Array, weights: Array, step: float, bound: float, scales: tuple[float, float]
) -> tuple[Array, Array]:
    """The density of the next sum below its bound, as nodes and masses (Gauss-Legendre,
    panel by panel).

    `scales` are its spread, and the narrowest of the steps to it and from it.
    """
    spread, finest = scales
    top = min(bound, _REACH * spread)
    reach = top + _REACH * spread
    # The kernels are as narrow as the steps: they must be resolved over the whole reach.
    panels = min(_MOST_PANELS, max(4, math.ceil(reach / (_STEPS_A_PANEL * finest))))
    places, shares = _legendre()
    width = reach / panels
    starts = top - reach + width * np.arange(panels)
    onto = starts[:, None] + width * (places[None, :] + 1) / 2
    density = np.empty_like(onto)
    firsts = np.searchsorted(nodes, starts - _WINDOW * step)
    ends = np.searchsorted(nodes, starts + width + _WINDOW * step)
    for panel, (first, end) in enumerate(zip(firsts.tolist(), ends.tolist(), strict=True)):
        out = (onto[panel, :, None] - nodes[None, first:end]) / step
        density[panel] = np.exp(-out * out / 2) @ weights[first:end]
    masses = density * shares[None, :] * (width / 2) / (_SQRT_TWO_PI * step)
    return onto.ravel(), masses.ravel()


@cache
def _legendre() -> tuple[Array, Array]:
    places, weights = np.polynomial.legendre.leggauss(_NODES_A_PANEL)
    return places, weights


def _upper_tail(z: Array) -> Array:
    return np.array([math.erfc(each / math.sqrt(2)) / 2 for each in z.tolist()])
