"""JSON without its loose ends: a key said twice, NaN, numbers that would be rounded are errors.

The scanner is the standard library's; its hooks see every object and number, and it says where it
stopped, which the faster decoders do not.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

MIN_INTEGER, MAX_INTEGER = -(2**63), 2**64 - 1
_MAX_INTEGER_DIGITS = 20

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)


class RefusedError(ValueError):
    """Valid to the scanner, but not to us. `word` is the text in the file that is refused."""

    def __init__(self, message: str, word: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.word = word
        self.hint = hint


class DuplicateKeyError(RefusedError):
    """One object says a key twice; `word` is the key itself."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise DuplicateKeyError(f"duplicate key {key!r}", key)
            seen.add(key)
    return made


def _constant(word: str) -> Any:
    raise RefusedError(f"{word} is not JSON", word, 'write null, or text such as "NaN"')


def _integer(word: str) -> int:
    # The length is looked at first: reading an integer of many digits takes quadratic time.
    if len(word) <= _MAX_INTEGER_DIGITS and MIN_INTEGER <= (value := int(word)) <= MAX_INTEGER:
        return value
    digits = len(word.lstrip("-"))
    raise RefusedError(
        f"an integer of {digits} digits does not fit 64 bits", word, "quote it to keep it as text"
    )


def _float(word: str) -> float:
    value = float(word)
    if math.isinf(value):
        raise RefusedError(
            f"the number {word[:40]} is too large", word, "quote it to keep it as text"
        )
    return value


DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer, parse_float=_float
)

FAULTS = (json.JSONDecodeError, RefusedError, RecursionError)
"""What `DECODER.decode` and `.raw_decode` raise."""


def explain(error: Exception, text: str, start: int = 0) -> tuple[str, int, str | None]:
    """What was wrong with the JSON value at `start` of `text`: message, position in text, hint."""
    if isinstance(error, json.JSONDecodeError):
        what = error.msg.removesuffix(" at").removesuffix(" starting")
        return f"not valid JSON: {what[:1].lower()}{what[1:]}", error.pos, None
    if isinstance(error, DuplicateKeyError):
        return error.message, _find_duplicate(text, start, error.word), error.hint
    if isinstance(error, RefusedError):
        found = (match for match in _TOKEN.finditer(text, start) if match[0] == error.word)
        first = next(found, None)
        return error.message, first.start() if first else start, error.hint
    return "nested too deep", start, None


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
