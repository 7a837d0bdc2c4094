"""Paths into JSON values, and how alike two values are.

A path is a JSON Pointer (RFC 6901: `/items/0/price`, the empty text for the whole) or dotted
(`items[0].price`, with or without `$.` before it).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from promptops.scorers.comparing.numbers import Tolerance, as_number

Steps = tuple[str, ...]

_DOTTED = re.compile(r"(?:\A|\.)([^.\[\]]+)|\[([0-9]+)\]|\[(?:'([^']*)'|\"([^\"]*)\")\]")
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")
MAX_DEPTH = 200


def parse_path(path: str) -> Steps:
    """The keys and indices of a path, as text.

    Raises:
        ValueError: it is neither a pointer nor a dotted path.
    """
    if path in ("", "$"):
        return ()
    if path.startswith("/"):
        if re.search(r"~(?![01])", path):
            raise ValueError(f"{path!r}: in a JSON Pointer ~ is written ~0")
        return tuple(
            step.replace("~1", "/").replace("~0", "~") for step in path.removeprefix("/").split("/")
        )
    bare = path.removeprefix("$").removeprefix(".")
    steps, end = [], 0
    while end < len(bare):
        match = _DOTTED.match(bare, end)
        if not match or (end == 0 and bare.startswith(".")):
            raise ValueError(f"{path!r} is no path; write  items[0].price  or  /items/0/price")
        steps.append(next(part for part in match.groups() if part is not None))
        end = match.end()
    return tuple(steps)


def look_up(value: Any, steps: Steps) -> Any:
    """What stands at the end of a path.

    Raises:
        LookupError: there is nothing there.
    """
    for step in steps:
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and _INDEX.fullmatch(step) and int(step) < len(value):
            value = value[int(step)]
        else:
            raise LookupError(step)
    return value


def same(  # noqa: PLR0911  one return per kind of value
    found: Any,
    expected: Any,
    tolerance: Tolerance,
    text: Callable[[str], str],
    depth: int = 0,
) -> bool:
    """Whether two JSON values are equal: numbers within the tolerance, texts after `text`.

    True is no 1, lists keep their order, 1 and 1.0 are one number.
    """
    if depth > MAX_DEPTH:
        return False
    if isinstance(found, dict) and isinstance(expected, dict):
        return found.keys() == expected.keys() and all(
            same(found[key], expected[key], tolerance, text, depth + 1) for key in expected
        )
    if isinstance(found, list) and isinstance(expected, list):
        return len(found) == len(expected) and all(
            same(one, other, tolerance, text, depth + 1)
            for one, other in zip(found, expected, strict=True)
        )
    if isinstance(found, str) and isinstance(expected, str):
        return text(found) == text(expected)
    if _is_number(found) and _is_number(expected):
        try:
            return tolerance.allows(as_number(found), as_number(expected))
        except ValueError:  # thousands of digits: beyond any tolerance
            return bool(found == expected)
    return type(found) is type(expected) and bool(found == expected)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
