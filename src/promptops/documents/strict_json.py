"""Strict JSON: exactly one value, no duplicate key, no NaN, no infinity, no endless nesting."""

from __future__ import annotations

import json
import math
from collections import Counter
from typing import Any

MAX_DIGITS = 400


def strict_json(text: str) -> Any:
    """The one JSON value that `text` is, blanks around it aside.

    Raises:
        ValueError: it is anything else; the message says what, in plain words.
    """
    try:
        return json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_float=_float,
            parse_int=_int,
        )
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":
            raise ValueError(f"text after the JSON value, at character {error.pos + 1}") from None
        where = f"line {error.lineno}, column {error.colno}"
        raise ValueError(f"not JSON: {error.msg.lower()} ({where})") from None
    except RecursionError:
        raise ValueError("not usable JSON: nested too deeply") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        counts = Counter(key for key, _ in pairs)
        double = next(key for key, count in counts.items() if count > 1)
        raise ValueError(f"not usable JSON: the key {double[:80]!r} stands there twice")
    return value


def _constant(word: str) -> Any:
    raise ValueError(f"not JSON: {word} is no JSON number")


def _int(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise ValueError(f"not usable JSON: a whole number of {len(text)} digits")
    return int(text)


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"not usable JSON: {text[:40]} is too large a number")
    return value
