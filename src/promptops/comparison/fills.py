"""Pairs that miss a side: set to what speaks most against the finding that is tried."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from math import ceil, floor

from promptops.comparison.ledger import Pairs
from promptops.statistics.paired import PairedStatistic, paired_estimate, paired_statistic

BINARY = frozenset({-1.0, 0.0, 1.0})


Statistics = Sequence[PairedStatistic]
"""Every statistic that the whole data might have; the least favourable of them counts."""


def as_low(pairs: Pairs) -> Statistics:
    """The missing pairs as low as they may be: against a pass, and against a rise."""
    wide = [low if -low >= high else high for low, high in _ends(pairs)]
    return _filled(pairs, pairs.lowest, wide, floor)


def as_high(pairs: Pairs) -> Statistics:
    """The missing pairs as high as they may be: against a drop."""
    wide = [high if high >= -low else low for low, high in _ends(pairs)]
    return _filled(pairs, pairs.highest, wide, ceil)


def least_z(filled: Statistics, null: float = 0.0) -> float:
    """The statistic as low as the missing pairs may make it."""
    return min(each.z(null) for each in filled)


def most_z(filled: Statistics, null: float = 0.0) -> float:
    """The statistic as high as the missing pairs may make it."""
    return max(each.z(null) for each in filled)


def _ends(pairs: Pairs) -> list[tuple[float, float]]:
    return list(zip(pairs.lowest, pairs.highest, strict=True))


def _filled(
    pairs: Pairs, ends: array[float], wide: list[float], outwards: Callable[[float], int]
) -> Statistics:
    d = pairs.differences
    if not ends:
        return [paired_statistic(d)]
    statistics = [paired_statistic(d)]
    for fill in (ends, array("d", wide)):  # a wider spread can speak against more than a lower mean
        statistics.append(paired_estimate(d + fill))
        if set(d) <= BINARY:
            # The lost score may have been 0 or 1 as all others are: then the statistic is Tango's.
            statistics.append(paired_statistic(d + array("d", map(outwards, fill))))
    return statistics
