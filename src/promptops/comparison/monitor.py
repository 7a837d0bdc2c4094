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

from promptops.comparison.fills import Filled, as_high, as_low, least_evidence, least_z, most_z
from promptops.comparison.ledger import Pairs
from promptops.statistics.boundaries import power_boundaries, power_spent
from promptops.statistics.e_process import (
    betting_high,
    betting_low,
    log_e_passed,
    log_e_regressed,
)
from promptops.statistics.paired import normal_tail
from promptops.statistics.power import fewest_pairs_to_pass
from promptops.statistics.sign_flip import SequentialSignFlip
from promptops.values.report import Interval

_P_STEPS = 14


@dataclass(frozen=True, slots=True)
class Levels:
    """What a metric is tested at."""

    margin: float
    alpha: float
    """For a pass, and for each end of the interval."""
    share: float
    """For a drop or a rise: alpha, or this metric's part of it."""
    planned_part: float
    """The part of either that the planned looks spend; the rest is bet."""


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


@dataclass(frozen=True, slots=True)
class Finding:
    """What a kind of test is sure of."""

    passed: bool = False
    dropped: bool = False
    rose: bool = False
    material: bool = False

    def joined(self, other: Finding) -> Finding:
        """What either of them is sure of."""
        return Finding(
            self.passed or other.passed,
            self.dropped or other.dropped,
            self.rose or other.rose,
            self.material or other.material,
        )


class Monitor:
    """The sequential tests of one metric.

    `shares` are the parts of the budget at which it will be looked, as planned; they rise to 1.
    """

    def __init__(self, levels: Levels, shares: Sequence[float]) -> None:
        self.levels = levels
        self.pairs = Pairs()
        self._shares = tuple(shares)
        self._looked = 0
        self._ends: list[tuple[int, int]] = []
        """How many pairs there were at each planned look, scored and missing."""
        self._falls, self._rises = SequentialSignFlip(), SequentialSignFlip()
        self._highest_z: list[float] = []
        """The statistic at each planned look, as high as missing pairs may make it."""
        self._most_evidence = 0.0
        """The logarithm of the largest bet against "no drop" so far."""
        self._dropped = False
        self._last: Interval = (-1.0, 1.0)

    def look(self, new: Pairs, *, planned: bool) -> Reading:
        """Take in the pairs since the last look, and look.

        A look that is not planned, and every look after the last planned one, rests on the bets
        alone.
        """
        self.pairs.extend(new)
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
        found = self._bet(low, high)
        bet = found != Finding() or self._refuted_above(high)
        if planned:
            found = found.joined(self._tested(low, high))
            critical = self._critical(levels.alpha)
            self._last = (
                min(each.interval(critical)[0] for each in low.statistics),
                max(each.interval(critical)[1] for each in high.statistics),
            )
        ends = self._last
        if bet or not planned:
            threshold = -log((1 - levels.planned_part) * levels.alpha)
            ends = (
                max(ends[0], min(betting_low(each, threshold) for each in low.sets)),
                min(ends[1], max(betting_high(each, threshold) for each in high.sets)),
            )
        delta = sum(pairs.differences) / pairs.count
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

    def _bet(self, low: Filled, high: Filled) -> Finding:
        """What the bets have found: at any time."""
        levels = self.levels
        part = 1 - levels.planned_part
        for_pass, for_change = -log(part * levels.alpha), -log(part * levels.share)
        margin = levels.margin
        against_no_drop = least_evidence(high, log_e_regressed)
        self._most_evidence = max(self._most_evidence, against_no_drop)
        return Finding(
            passed=least_evidence(low, lambda d: log_e_passed(d, margin)) >= for_pass,
            dropped=against_no_drop >= for_change,
            rose=least_evidence(low, lambda d: log_e_passed(d, 0.0)) >= for_change,
            material=least_evidence(high, lambda d: log_e_regressed(d, -margin)) >= for_change,
        )

    def _refuted_above(self, high: Filled) -> bool:
        """Whether the bets are sure that no rise is beyond the margin: a pass, mirrored.

        No verdict rests on it; an interval that is cut in one direction is cut in the other.
        """
        part = (1 - self.levels.planned_part) * self.levels.alpha
        margin = self.levels.margin
        return least_evidence(high, lambda d: log_e_regressed(d, margin)) >= -log(part)

    def _tested(self, low: Filled, high: Filled) -> Finding:
        """What the tests of a planned look have found."""
        levels = self.levels
        far = self._critical(levels.share)
        highest = most_z(high)
        self._highest_z.append(highest)
        return Finding(
            passed=least_z(low, -levels.margin) >= self._critical(levels.alpha),
            dropped=highest <= -far and self._flipped(self._falls),
            rose=least_z(low) >= far and self._flipped(self._rises),
            material=most_z(high, -levels.margin) <= -far,
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
        bets = (1 - self.levels.planned_part) * share
        if bets > 0 and self._most_evidence >= -log(bets):
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
