"""Exact sums of money and tokens.

Money is a whole number of a millionth of a millionth of a dollar: sums do not depend on the order
of additions, and what is given back leaves nothing behind.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, log10

UNITS_PER_USD = 10**12


@dataclass(frozen=True, slots=True)
class Amount:
    """What one call takes."""

    units: int
    tokens: int


@dataclass(slots=True)
class Tally:
    """What several calls take together."""

    calls: int = 0
    units: int = 0
    tokens: int = 0

    def add(self, amount: Amount) -> None:
        self.calls += 1
        self.units += amount.units
        self.tokens += amount.tokens

    def remove(self, amount: Amount) -> None:
        self.calls -= 1
        self.units -= amount.units
        self.tokens -= amount.tokens


def units(usd: float) -> int:
    """US dollars in units."""
    return round(usd * UNITS_PER_USD)


def dollars(amount: int) -> str:
    """Units as people read them: two digits that count, or cents from a dollar on."""
    value = amount / UNITS_PER_USD
    if not value:
        return "$0"
    digits = 2 if value >= 1 else 1 - floor(log10(value))
    return f"${value:,.{digits}f}"
