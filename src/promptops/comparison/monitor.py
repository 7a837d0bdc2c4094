"""One metric, looked at as its pairs come in: is it surely worse, surely no worse, surely better?

Two tests share the error.  The planned looks have critical values that together spend four fifths
of it; what is left is bet, and so holds at a look that nobody planned: after a budget that ran out,
a run that was resumed, or more samples than were planned at first.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf, log

from promptops.comparison.bets import Bets
from promptops.comparison.fills import Statistics, as_high, as_low, least_z, most_z
from promptops.comparison.ledger import Pairs
from promptops.comparison.levels import Finding, Levels
from promptops.statistics.boundaries import power_boundaries, power_spent
from promptops.statistics.paired import normal_tail
from promptops.statistics.power import fewest_pairs_to_pass
from promptops.statistics.sign_flip import SequentialSignFlip
from promptops.values.report import Interval

_P_STEPS = 14


@dataclass(frozen=True, slots=True)
class Reading:
    """What one look found."""

    pairs: int
    """Scored on both sides."""
    missing: int
    delta: float
    interval: Interval
    """Of the delta; each end at level alpha, over all looks together."""
    passed: bool = False
    """Surely no drop beyond the margin."""
    dropped: bool = False
    """Surely a drop."""
    rose: bool = False
    """Surely a rise."""
    material: bool = False
    """The drop is surely one beyond the margin."""
    level: float = 0.0
    """One-sided error of this look alone: what a fixed look as strict as this one would have."""


class Monitor:
    """The sequential tests of one metric.

    `shares` are the parts of the budget at which it will be looked, as planned; they rise to 1.
    """

    def __init__(self, levels: Levels, shares: Sequence[float]) -> None:
        self.levels = levels
        self.pairs = Pairs()
        self._bets = Bets(levels)
        self._shares = tuple(shares)
        self._looked = 0
        self._ends: list[tuple[int, int]] = []
        """How many pairs there were at each planned look, scored and missing."""
        self._falls, self._rises = SequentialSignFlip(), SequentialSignFlip()
        self._highest_z: list[float] = []
        """The statistic at each planned look, as high as missing pairs may make it."""
        self._dropped = False
        self._last: Interval = (-1.0, 1.0)

    def look(self, new: Pairs, *, planned: bool) -> Reading:
        """Take in the pairs since the last look, and look.

        A look that is not planned, and every look after the last planned one, rests on the bets
        alone.
        """
        self.pairs.extend(new)
        self._bets.add(new)
        planned = planned and self._looked < len(self._shares) and self.levels.planned_part > 0
        if planned:
            self._looked += 1
            self._ends.append((self.pairs.count, self.pairs.missing))
        if not self.pairs.count:
            self._highest_z.extend([inf] * planned)
            return Reading(0, self.pairs.missing, 0.0, (-1.0, 1.0))
        return self._read(planned=planned)

    def _read(self, *, planned: bool) -> Reading:
        levels, pairs = self.levels, self.pairs
        low, high = as_low(pairs), as_high(pairs)
        enough = pairs.count >= fewest_pairs_to_pass(levels.alpha, levels.margin)
        found = self._bets.found()
        if planned:
            found = found.joined(self._tested(low, high))
            critical = self._critical(levels.alpha)
            self._last = (
                min(each.interval(critical)[0] for each in low),
                max(each.interval(critical)[1] for each in high),
            )
        ends = self._last
        if not planned or self._bets.cuts():
            bet = self._bets.interval(pairs)
            ends = (max(ends[0], bet[0]), min(ends[1], bet[1]))
        delta = low[0].mean
        self._dropped = self._dropped or found.dropped
        return Reading(
            pairs=pairs.count,
            missing=pairs.missing,
            delta=delta,
            interval=(min(ends[0], delta), max(ends[1], delta)),
            passed=found.passed and enough,
            dropped=found.dropped,
            rose=found.rose,
            material=found.dropped and found.material,
            level=self._level(),
        )

    def _tested(self, low: Statistics, high: Statistics) -> Finding:
        """What the tests of a planned look have found."""
        levels = self.levels
        far = self._critical(levels.share)
        highest = most_z(high)
        self._highest_z.append(highest)
        return Finding(
            passed=least_z(low, -levels.margin) >= self._critical(levels.alpha),
            dropped=highest <= -far and self._flipped(self._falls),
            rose=least_z(low) >= far and self._flipped(self._rises),
            material=most_z(high, -levels.material) <= -far,
        )

    def repeated_p(self) -> float:
        """The smallest share of error at which this metric would have dropped by now.

        A p-value that holds over all looks (Jennison and Turnbull, "Group Sequential Methods with
        Applications to Clinical Trials", 2000, section 9.2); between 1e-6 and 1, where 1 stands
        for anything above one half.
        """
        if not self._drops_at(0.5):
            return 1.0
        low, high = log(1e-6), log(0.5)
        for _ in range(_P_STEPS):
            middle = (low + high) / 2
            low, high = (low, middle) if self._drops_at(exp(middle)) else (middle, high)
        # Where few pairs differ, a smaller error may reject what a larger one passes over.
        return min(exp(high), self.levels.share) if self._dropped else exp(high)

    def _drops_at(self, share: float) -> bool:
        """Whether the tests for a drop, at another share of the error, have fired at any look."""
        bet = self.levels.unplanned * share
        if bet > 0 and self._bets.most_against_no_drop >= -log(bet):
            return True
        spent = self.levels.planned_part * share
        if spent <= 0 or min(self._highest_z, default=0.0) >= 0:
            return False
        shares = self._shares[: self._looked]
        self._flipped(self._falls)
        flipped = self._falls.at([power_spent(spent, share) for share in shares])
        looks = zip(self._highest_z, power_boundaries(spent, shares), flipped, strict=True)
        return any(z <= -bound and fell for z, bound, fell in looks)

    def _level(self) -> float:
        """Of the last planned look; the whole error where looks are not planned."""
        if not self._looked:
            return self.levels.alpha
        return normal_tail(self._critical(self.levels.alpha))

    def _critical(self, level: float) -> float:
        spent = self.levels.planned_part * level
        return power_boundaries(spent, self._shares)[self._looked - 1]

    def _flipped(self, test: SequentialSignFlip) -> bool:
        """Whether a sign-flip test has rejected, once it has caught up with the looks so far."""
        spent = self.levels.planned_part * self.levels.share
        falls = test is self._falls
        for at in range(test.looks, self._looked):
            test.look(self._gained(at, falls=falls), power_spent(spent, self._shares[at]))
        return test.rejected

    def _gained(self, look: int, *, falls: bool) -> array[float]:
        """What a planned look brought, for the test of a drop; mirrored, for that of a rise."""
        start, first = self._ends[look - 1] if look else (0, 0)
        end, last = self._ends[look]
        filled = self.pairs.highest if falls else self.pairs.lowest
        found = self.pairs.differences[start:end] + filled[first:last]
        return found if falls else array("d", (-d for d in found))
