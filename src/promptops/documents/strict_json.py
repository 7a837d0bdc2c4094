"""Strict JSON: exactly one value, no key twice, no NaN, no infinity, no endless numbers or nesting.

The scanner is the standard library's; its hooks see every object and number, and it says where it
stopped, which the faster decoders do not.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any

MIN_INTEGER, MAX_INTEGER = -(2**63), 2**64 - 1
"""What a dataset can keep."""

MAX_DIGITS = 400
_SHOWN = 80

# Possessive, so that a long text costs no memory.
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)


class RefusedError(ValueError):
    """Valid to the scanner, but not to us. `word` is the text in the file that is refused."""

    def __init__(self, message: str, word: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.word = word
        self.hint = hint


class DuplicateKeyError(RefusedError):
    """One object says a key twice; `word` is the key itself."""


FAULTS = (json.JSONDecodeError, RefusedError, RecursionError)
"""What a decoder's `decode` and `raw_decode` raise; `explain` puts it into words."""


def strict_json(text: str) -> Any:
    """The one JSON value that `text` is, blanks around it aside.

    Raises:
        ValueError: it is anything else; the message says what, in plain words, and where.
    """
    try:
        return _ANY_SIZE.decode(text)
    except FAULTS as error:
        message, at, _ = explain(error, text)
        line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
        raise ValueError(f"{message} (line {line}, column {column})") from None


def explain(error: Exception, text: str, start: int = 0) -> tuple[str, int, str | None]:
    """What was wrong with the JSON value at `start` of `text`: message, position in text, hint."""
    if isinstance(error, json.JSONDecodeError):
        what = error.msg.removesuffix(" at").removesuffix(" starting")
        if what == "Extra data":
            what = "something follows the end of the value"
        return f"not valid JSON: {what[:1].lower()}{what[1:]}", error.pos, None
    if isinstance(error, DuplicateKeyError):
        return error.message, _find_duplicate(text, start, error.word), error.hint
    if isinstance(error, RefusedError):
        found = (match for match in _TOKEN.finditer(text, start) if match[0] == error.word)
        first = next(found, None)
        return error.message, first.start() if first else start, error.hint
    return "nested too deep", start, None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise DuplicateKeyError(f"duplicate key {key[:_SHOWN]!r}", key)
            seen.add(key)
    return made


def _constant(word: str) -> Any:
    raise RefusedError(f"{word} is not JSON", word, 'write null, or text such as "NaN"')


# The length is looked at first: reading an integer of many digits takes quadratic time.


def _kept_integer(word: str) -> int:
    if len(word) <= len(str(MIN_INTEGER)) and MIN_INTEGER <= (value := int(word)) <= MAX_INTEGER:
        return value
    raise _too_long(word, "does not fit 64 bits")


def _any_integer(word: str) -> int:
    if len(word) > MAX_DIGITS:
        raise _too_long(word, "is too long")
    return int(word)


def _too_long(word: str, why: str) -> RefusedError:
    digits = len(word.lstrip("-"))
    return RefusedError(f"an integer of {digits} digits {why}", word, "quote it to keep it as text")


def _float(word: str) -> float:
    value = float(word)
    if math.isinf(value):
        raise RefusedError(
            f"the number {word[:40]} is too large", word, "quote it to keep it as text"
        )
    return value


def _decoder(parse_int: Callable[[str], int]) -> json.JSONDecoder:
    return json.JSONDecoder(
        object_pairs_hook=_object,
        parse_constant=_constant,
        parse_int=parse_int,
        parse_float=_float,
    )


DECODER = _decoder(_kept_integer)
"""For what is kept: integers of 64 bits. What is only looked at may hold longer ones."""

_ANY_SIZE = _decoder(_any_integer)


def _find_duplicate(text: str, start: int, key: str) -> int:
    """Where an object first says `key` for the second time."""
    counts: list[int] = []
    before: re.Match[str] | None = None
    for token in _TOKEN.finditer(text, start):
        word = token[0]
        if word in ("{", "["):
            counts.append(0)
        elif word in ("}", "]") and counts:
            counts.pop()
        elif word == ":" and counts and before and _text(before[0]) == key:
            counts[-1] += 1
            if counts[-1] > 1:
                return before.start()
        before = token
    return start


def _text(word: str) -> Any:
    try:
        return json.loads(word)
    except ValueError:
        return None
