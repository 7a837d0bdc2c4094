"""What the bets on one metric have found: at any time, planned or not."""

from __future__ import annotations

from math import log

from promptops.comparison.ledger import Pairs
from promptops.comparison.levels import Finding, Levels
from promptops.statistics.e_process import Wager, betting_high, betting_low
from promptops.values.report import Interval


class Bets:
    """The bets on the pairs so far, missing ones at their worst."""

    def __init__(self, levels: Levels) -> None:
        self._levels = levels
        margin = levels.margin
        self._pass, self._rise = Wager(-margin), Wager(0.0)
        self._drop, self._material = Wager(0.0, below=True), Wager(-levels.material, below=True)
        self._no_rise_beyond = Wager(margin, below=True)
        """A pass, mirrored: no verdict rests on it, but an interval that is cut in one direction is
        cut in the other."""
        self.most_against_no_drop = 0.0
        """The logarithm of the largest evidence of a drop so far."""

    def add(self, new: Pairs) -> None:
        """Take in further pairs."""
        for wager in (self._pass, self._rise):
            wager.add(new.differences, new.lowest)
        for wager in (self._drop, self._material, self._no_rise_beyond):
            wager.add(new.differences, new.highest)
        self.most_against_no_drop = max(self.most_against_no_drop, self._drop.log_e)

    def found(self) -> Finding:
        """What they are sure of now."""
        for_change = -log(self._levels.unplanned * self._levels.share)
        return Finding(
            passed=self._pass.log_e >= self._threshold,
            dropped=self._drop.log_e >= for_change,
            rose=self._rise.log_e >= for_change,
            material=self._material.log_e >= for_change,
        )

    def cuts(self) -> bool:
        """Whether they have refuted anything that a verdict, or its mirror image, is about."""
        return self.found() != Finding() or self._no_rise_beyond.log_e >= self._threshold

    def interval(self, pairs: Pairs) -> Interval:
        """All means that they have not refuted, given all pairs so far."""
        d = pairs.differences
        lows = [d, d + pairs.lowest] if pairs.missing else [d]
        highs = [d, d + pairs.highest] if pairs.missing else [d]
        return (
            min(betting_low(each, self._threshold) for each in lows),
            max(betting_high(each, self._threshold) for each in highs),
        )

    @property
    def _threshold(self) -> float:
        return -log(self._levels.unplanned * self._levels.alpha)
