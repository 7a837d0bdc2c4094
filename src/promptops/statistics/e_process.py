"""Evidence that may be looked at at any time: bets against a hypothesis, multiplied up.

Whoever bets a part λ of a stake on every pair, at odds that are fair if the hypothesis holds, gains
a factor of 1/a with a probability of at most a, ever (Ville 1939; Waudby-Smith and Ramdas,
"Estimating means of bounded random variables by betting", J. R. Stat. Soc. B 86(1), 2024).  So the
product of the bets needs no plan of looks: it holds after a run that was broken off, resumed, or
given more samples than were planned.  Here twelve stakes are bet side by side, and their mean
counts.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import numpy.typing as npt

from promptops.statistics.power import STAKES

Array = npt.NDArray[np.float64]

_FOREVER = 1e9


@cache
def stakes() -> Array:
    """The stakes λ, as an array."""
    return np.array(STAKES)


def log_e_regressed(differences: npt.ArrayLike, null: float = 0.0) -> float:
    """The logarithm of E against "the mean is at least `null`".

    E is the mean over λ of Π(1 − λ(d − null)/(1 − null)).

    `differences` is a vector in [−1, 1], `null` in [−1, 1).  Large when they lie below.  No pairs
    give 0.
    """
    return _log_mean(log_wealths(-np.asarray(differences, dtype=np.float64), -null))


def log_e_passed(differences: npt.ArrayLike, margin: float) -> float:
    """The logarithm of E against "the mean is at most −margin".

    E is the mean over λ of Π(1 + λ(d + m)/(1 − m)).

    `differences` is a vector in [−1, 1], `margin` in [0, 1).  Large when they lie above.
    """
    return _log_mean(log_wealths(np.asarray(differences, dtype=np.float64), -margin))


def log_wealths(differences: npt.ArrayLike, null: float) -> Array:
    """Logarithms of Π(1 + λ(d − null)/(1 + null)), one per stake.

    They are bets that the mean lies above `null`.

    `null` lies in (−1, 1].
    """
    values, counts = np.unique(np.asarray(differences, dtype=np.float64), return_counts=True)
    gains = (values - null) / (1 + null)
    grown: Array = np.log1p(stakes()[:, None] * gains[None, :]) @ counts.astype(np.float64)
    return grown


class Wager:
    """A bet that the mean of differences lies above `null` (or below it), as they come in.

    `null` lies in (−1, 1).
    """

    def __init__(self, null: float, *, below: bool = False) -> None:
        self._sign = -1.0 if below else 1.0
        self._null = self._sign * null
        self._at_hand, self._filled = np.zeros(len(STAKES)), np.zeros(len(STAKES))

    def add(self, differences: npt.ArrayLike, fills: npt.ArrayLike = ()) -> None:
        """Bet on further differences, and on what is set for such as are missing."""
        d, filled = self._grown(differences), self._grown(fills)
        self._at_hand += d
        self._filled += d + filled

    @property
    def log_e(self) -> float:
        """The logarithm of the evidence, of all differences or of those at hand alone: the less."""
        return min(_log_mean(self._at_hand), _log_mean(self._filled))

    def _grown(self, differences: npt.ArrayLike) -> Array:
        d = np.asarray(differences, dtype=np.float64)
        return log_wealths(self._sign * d, self._null)


def betting_low(differences: npt.ArrayLike, log_threshold: float) -> float:
    """The lowest mean that no bet has refuted by a factor of exp(log_threshold).

    To 1e-6, within [−1, 1]; it holds at all times at once.
    """
    return _lowest(np.asarray(differences, dtype=np.float64), log_threshold)


def betting_high(differences: npt.ArrayLike, log_threshold: float) -> float:
    """The highest such mean."""
    return -_lowest(-np.asarray(differences, dtype=np.float64), log_threshold)


def pairs_until(differences: npt.ArrayLike, null: float, log_threshold: float) -> float:
    """About how many further pairs like these the bets that their mean lies above `null` need.

    Every stake goes on growing as it did on `differences` with one pair of +1 and one of −1 added,
    so that few pairs which agree promise little.  0 where the threshold is reached; infinity where
    no stake grows, or none to speak of.
    """
    d = np.asarray(differences, dtype=np.float64)
    now = log_wealths(d, null)
    growth = log_wealths(np.append(d, [1.0, -1.0]), null) / (d.size + 2)
    if _log_mean(now) >= log_threshold:
        return 0.0
    low, high = 0.0, 1.0
    while _log_mean(now + high * growth) < log_threshold:
        low, high = high, 2 * high
        if high > _FOREVER:
            return math.inf
    while high - low > 0.5:
        middle = (low + high) / 2
        enough = _log_mean(now + middle * growth) >= log_threshold
        low, high = (low, middle) if enough else (middle, high)
    return high


def _lowest(d: Array, log_threshold: float) -> float:
    """The lowest mean that stands; the evidence against a mean falls as the mean rises."""
    low, high = -1.0, float(d.mean()) if d.size else -1.0
    while high - low > 1e-6:
        middle = (low + high) / 2
        refuted = _log_mean(log_wealths(d, middle)) >= log_threshold
        low, high = (middle, high) if refuted else (low, middle)
    return low


def _log_mean(logs: Array) -> float:
    top = float(logs.max())
    return top + math.log(float(np.exp(logs - top).mean()))
