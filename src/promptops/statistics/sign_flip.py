"""The sign-flip test, looked at several times: could chance alone have brought such a sum?

If nothing changed, the arms of a pair are exchangeable, and every difference could as well have had
the other sign (Fisher, "The Design of Experiments", 1935, section 21).  Given the sizes |d|, the
sums at all looks then have a known distribution, and at each look the test rejects the lowest sums
whose probability, with all that was rejected before, stays within what may be spent by then.  So
its level holds however few pairs differ.  With one look and differences in {−1, 0, 1} it is
McNemar's exact test, one-sided.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import lgamma, log

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Levels = npt.NDArray[np.int64]

STEPS = 200
"""Sizes are taken in steps of half a hundredth."""
PATHS = 9_999
SEED = 20_240
_SPREADS = 12
"""Standard deviations of a binomial that are kept: less than 1e-30 lies beyond."""
_ROUNDING = 1e-12
_MOST_BITS = 1_024


@dataclass(frozen=True, slots=True)
class FlipLook:
    """What one look came to."""

    rejected: bool
    """The sum is so low that chance alone seldom brings it, now or at an earlier look."""
    spent: float
    """Probability under chance alone of having rejected by now."""
    critical_losses: int | None
    """The fewest losses that would have been rejected at this look; None where none would have, and
    where the sizes differ."""


class SequentialSignFlip:
    """The test that the sum of paired differences is not lower than chance would have it.

    Exact while all differences have the same size: a random walk of losses, conditional on how many
    pairs differ at each look.  Elsewhere a seeded Monte Carlo test: the data's own path of sums is
    one of 10,000 that are equally likely under chance, and the lowest are rejected (Dwass,
    "Modified randomization tests for nonparametric hypotheses", Ann. Math. Stat. 28(1), 1957).  The
    order of differences within a look changes nothing, and the mirrored data have mirrored paths.
    """

    def __init__(self) -> None:
        self._seen: list[tuple[Levels, float]] = []
        self._walk: _Walk | _Paths = _Walk()
        self.rejected = False

    @property
    def looks(self) -> int:
        """How many there have been."""
        return len(self._seen)

    def look(self, differences: npt.ArrayLike, allowed: float) -> FlipLook:
        """Take in the differences since the last look, a vector in [−1, 1], and look.

        `allowed` is the error that may have been spent by now, over all looks together.
        """
        steps = np.rint(np.asarray(differences, dtype=np.float64) * STEPS).astype(np.int64)
        steps = steps[steps != 0]
        self._seen.append((steps, allowed))
        if isinstance(self._walk, _Walk) and not self._walk.takes(steps):
            self._walk = _Paths()
            for earlier, then in self._seen[:-1]:
                self.rejected = self._walk.look(earlier, then).rejected or self.rejected
        found = self._walk.look(steps, allowed)
        self.rejected = self.rejected or found.rejected
        return FlipLook(self.rejected, found.spent, found.critical_losses)

    def at(self, allowances: Sequence[float]) -> list[bool]:
        """Whether the test would have rejected by each look so far, with other allowances."""
        again = self._walk.again([steps for steps, _ in self._seen], allowances)
        return list(accumulate(again, operator.or_))


class _Walk:
    """The losses among the pairs that differ, all by the same size: a walk with even odds."""

    def __init__(self) -> None:
        self._size: int | None = None
        self._losses = 0
        self._lowest = 0
        """The number of losses that the first mass belongs to."""
        self._mass: Array = np.ones(1)
        self._spent = 0.0

    def takes(self, steps: Levels) -> bool:
        """Whether all sizes are still the same."""
        sizes = np.abs(steps)
        same = sizes.size == 0 or int(sizes.min()) == int(sizes.max())
        return same and (sizes.size == 0 or self._size in {None, int(sizes[0])})

    def look(self, steps: Levels, allowed: float) -> FlipLook:
        if steps.size:
            self._size = int(abs(steps[0]))
        self._losses += int((steps < 0).sum())
        lowest, masses = _binomial(int(steps.size))
        self._mass = np.convolve(self._mass, masses)
        self._lowest += lowest
        beyond = np.cumsum(self._mass[::-1])
        count = int(np.searchsorted(beyond, allowed - self._spent + _ROUNDING, side="right"))
        critical = None
        if count:
            self._spent += float(beyond[count - 1])
            critical = self._lowest + self._mass.size - count
            self._mass = self._mass[: self._mass.size - count]
        self._trim()
        return FlipLook(critical is not None and self._losses >= critical, self._spent, critical)

    def again(self, seen: Sequence[Levels], allowances: Sequence[float]) -> list[bool]:
        """The same looks with other allowances."""
        fresh = _Walk()
        pairs = zip(seen, allowances, strict=True)
        return [fresh.look(steps, allowed).rejected for steps, allowed in pairs]

    def _trim(self) -> None:
        """Drop the ends that have no weight; the masses of many looks would otherwise pile up."""
        kept = np.flatnonzero(self._mass > 1e-40)
        if kept.size == 0:
            self._mass = np.zeros(1)
            return
        self._lowest += int(kept[0])
        self._mass = self._mass[kept[0] : kept[-1] + 1]


class _Paths:
    """Sums of randomly signed sizes, the data's own among them."""

    def __init__(self) -> None:
        self._chance = np.random.default_rng(SEED)
        self._sums = np.zeros(PATHS, dtype=np.int64)
        self._alive = np.ones(PATHS, dtype=bool)
        self._own = 0
        self._own_alive = True
        self._spent = 0
        self._history: list[tuple[Levels, int]] = []

    def look(self, steps: Levels, allowed: float) -> FlipLook:
        self._own += int(steps.sum())
        sizes, counts = np.unique(np.abs(steps), return_counts=True)
        for size, count in zip(sizes.tolist(), counts.tolist(), strict=True):
            heads = _heads(self._chance, count)
            heads *= 2 * size
            self._sums += heads - size * count
        self._history.append((self._sums.copy(), self._own))
        rejected = self._reject(allowed)
        return FlipLook(rejected, self._spent / (PATHS + 1), None)

    def again(self, seen: Sequence[Levels], allowances: Sequence[float]) -> list[bool]:
        """The same looks with other allowances."""
        assert len(seen) == len(self._history)
        fresh, found = _Paths(), []
        for (fresh._sums, fresh._own), allowed in zip(self._history, allowances, strict=True):
            found.append(fresh._reject(allowed))
        return found

    def _reject(self, allowed: float) -> bool:
        """Reject the lowest living paths that the error allows; whether our own is among them."""
        most = int((PATHS + 1) * allowed + _ROUNDING) - self._spent
        living = np.sort(self._sums[self._alive])
        if self._own_alive:
            living = np.insert(living, np.searchsorted(living, self._own), self._own)
        if most <= 0 or living.size == 0:
            return False
        # Equal sums stand or fall together, so that the order of paths says nothing.
        limit = living[most] if most < living.size else living[-1] + 1
        count = int(np.searchsorted(living, limit, side="left"))
        self._spent += count
        self._alive &= self._sums >= limit
        rejected = self._own_alive and self._own < limit
        self._own_alive = self._own_alive and not rejected
        return bool(rejected)


def _heads(chance: np.random.Generator, coins: int) -> Levels:
    """How many of so many coins show heads, once for every path; bits are the quickest coins."""
    if coins > _MOST_BITS:
        return chance.binomial(coins, 0.5, PATHS)
    heads = np.zeros(PATHS, dtype=np.int64)
    while coins > 0:
        width = next((bits for bits in (8, 16, 32) if coins <= bits), 64)
        thrown = np.frombuffer(chance.bytes(PATHS * width // 8), dtype=f"<u{width // 8}")
        heads += np.bitwise_count(thrown >> max(0, width - coins))
        coins -= width
    return heads


def _binomial(trials: int) -> tuple[int, Array]:
    """The lowest number that has weight, and the masses of Binomial(trials, ½) from there."""
    reach = int(_SPREADS * trials**0.5 / 2) + 1
    low, high = max(0, trials // 2 - reach), min(trials, (trials + 1) // 2 + reach)
    half = -trials * log(2)
    logs = [
        lgamma(trials + 1) - lgamma(k + 1) - lgamma(trials - k + 1) + half
        for k in range(low, high + 1)
    ]
    return low, np.exp(np.array(logs))
