"""1 when the number in the answer is the expected one, within a tolerance; else 0.

The answer must hold exactly one number: none, several (`9/10` holds two) and malformed ones
(`1.234,5`) score 0.  Text around the number is fine, digits inside words (`GPT4`) are not numbers,
commas group thousands.  Where an answer holds several, `pattern` says which is meant: a regular
expression with `{number}` in the number's place, such as `Total: {number}`.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Annotated, ClassVar

from msgspec import Meta

from promptops.scorers.comparing.numbers import (
    Tolerance,
    as_number,
    find_numbers,
    parse_number,
    parse_tolerance,
)
from promptops.scorers.comparing.patterns import Pattern, TooExpensiveError
from promptops.scorers.comparing.text import shown
from promptops.scorers.scorer import Expected, OptionError, ScorerOptions, Subject
from promptops.values.score import Score, Scored, Unscorable

MAX_CANDIDATES = 5_000
MAX_WORK = 50_000_000
"""Characters that a pattern may be tried on, all numbers of one answer taken together."""
_PLACE = "{number}"
_MARK = "\ue0f0"
"""Stands in the number's place while a pattern is tried; of the private use area."""


class Options(ScorerOptions, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a suite may write."""

    TEMPLATES: ClassVar = ("expected",)

    expected: Annotated[
        str | int | float,
        Meta(description="The right number; a template over the case."),
    ]
    tolerance: Annotated[
        float | str,
        Meta(description="How far off still counts: an amount (0.5), or a share ('5%')."),
    ] = 0.0
    pattern: Annotated[
        str | None, Meta(description="Regular expression with {number} where the number stands.")
    ] = None


@dataclass(frozen=True, slots=True)
class _Prepared:
    tolerance: Tolerance
    pattern: Pattern | None


def prepare(options: Options) -> _Prepared:
    try:
        tolerance = parse_tolerance(options.tolerance)
    except ValueError as error:
        raise OptionError(str(error), option="tolerance") from None
    if options.pattern is None:
        return _Prepared(tolerance, None)
    if options.pattern.count(_PLACE) != 1:
        raise OptionError(
            "the pattern must hold {number} once",
            option="pattern",
            hint="for example  pattern: 'Total: {number}'",
        )
    try:
        return _Prepared(tolerance, Pattern(options.pattern.replace(_PLACE, _MARK)))
    except ValueError:
        raise OptionError(
            f"{options.pattern!r} is not a usable regular expression", option="pattern"
        ) from None


def check(_options: Options, expected: Expected, _prepared: object) -> str | None:
    try:
        as_number(expected("expected"))
    except ValueError as error:
        return f"'expected': {error}"
    return None


def score(_options: Options, subject: Subject) -> Scored:
    prepared: _Prepared = subject.prepared
    try:
        expected = as_number(subject.expected("expected"))
    except ValueError as error:
        return Unscorable(f"'expected': {error}")
    try:
        found = _found(subject.answer, prepared.pattern)
    except TooExpensiveError as error:
        return Unscorable(str(error))
    if not isinstance(found, Decimal):
        return found
    if prepared.tolerance.allows(found, expected):
        return Score(1.0, "equal")
    return Score(0.0, "different", f"expected {expected}, got {found}")


def _found(answer: str, pattern: Pattern | None) -> Decimal | Score:
    places = list(islice(find_numbers(answer), MAX_CANDIDATES))
    if pattern is not None:
        if len(places) * len(answer) > MAX_WORK:
            raise TooExpensiveError("too many numbers in too long an answer to try the pattern on")
        places = [place for place in places if pattern.found_in(_marked(answer, *place))]
    texts = [answer[start:end] for start, end in places]
    if not texts:
        return Score(0.0, "no_number", f"no number in {shown(answer)}")
    if len(texts) > 1:
        return Score(0.0, "several_numbers", f"several numbers: {', '.join(texts[:5])}")
    try:
        return parse_number(texts[0])
    except ValueError as error:
        return Score(0.0, "malformed_number", str(error))


def _marked(answer: str, start: int, end: int) -> str:
    return answer[:start].replace(_MARK, "") + _MARK + answer[end:].replace(_MARK, "")
