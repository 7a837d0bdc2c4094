"""Numbers out of text, strictly, and how near two of them are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

MAX_CHARACTERS = 60
"""A number written longer than this is no answer that anybody meant."""

# A number begins where no letter or digit stands before it, so that `GPT4` and `H2O` hold none; a
# minus between digits (a date, a range) is no sign.
_TOKEN = re.compile(r"(?<!\w)[-+\u2212]?\.?[0-9][0-9.,]*(?:[eE][-+]?[0-9]+)?")
_NUMBER = re.compile(
    r"[-+\u2212]?(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)?(?:(?<=[0-9])|(?=\.))(?:\.[0-9]+)?"
    r"(?:[eE][-+]?[0-9]{1,3})?"
)
_TOLERANCE = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?%")


def parse_number(text: str) -> Decimal:
    """The number that `text` is: sign, thousands in groups of three by comma, decimal point,
    exponent.

    Raises:
        ValueError: it is no such number (`9/10`, `NaN`, `1.234,5`, `10 km`).
    """
    bare = text.strip()
    if not bare or len(bare) > MAX_CHARACTERS or not _NUMBER.fullmatch(bare):
        raise ValueError(f"{bare[:40]!r} is not a number")
    return Decimal(bare.replace(",", "").replace("\u2212", "-"))


def as_number(value: Any) -> Decimal:
    """A case's value as a number.

    Raises:
        ValueError: it is none; true and false are none.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError(f"{value!r:.40} is not a number")  # noqa: TRY004  the case's, not ours
    return parse_number(value) if isinstance(value, str) else parse_number(repr(value))


def find_numbers(text: str) -> Iterator[tuple[int, int]]:
    """Where what looks like a number stands in `text`: start and end, a closing point left out."""
    for match in _TOKEN.finditer(text):
        token = match[0].rstrip(".,")
        yield match.start(), match.start() + len(token)


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far from the expected number still counts: an amount, or a share of the expected one."""

    amount: Decimal = Decimal(0)
    relative: bool = False

    def allows(self, found: Decimal, expected: Decimal) -> bool:
        room = self.amount * abs(expected) if self.relative else self.amount
        return abs(found - expected) <= room


def parse_tolerance(value: float | str) -> Tolerance:
    """A tolerance as a suite writes it: `0.5`, or `5%` of the expected value.

    Raises:
        ValueError: it is neither.
    """
    if isinstance(value, str):
        match = _TOLERANCE.fullmatch(value.strip())
        if not match:
            raise ValueError(f"{value!r} is neither an amount (0.5) nor a share ('5%')")
        return Tolerance(Decimal(match[1]) / 100, relative=True)
    if not 0 <= value < float("inf"):
        raise ValueError(f"{value!r} is not an amount of zero or more")
    return Tolerance(Decimal(repr(value)))
