"""`gate.json` out of a build that anybody may have had: decoded strictly, and bounded."""

from __future__ import annotations

import math
from typing import Any

import msgspec

from promptops.errors import InputError
from promptops.values.gate import SCHEMA, GateFile

LARGEST = 8_000_000
"""Bytes. `promptops gate` keeps below 5 MB."""

LONGEST_TEXT = 400_000
MOST_ITEMS = 50_000
MOST_SUITES = 1_000
MOST_MESSAGES = 500
"""Of one version; messages are paired, which takes time by the square of them."""
MOST_MESSAGES_OF_ALL = 20_000
_DEEPEST = 100
_LARGEST_NUMBER = 1e15
_LARGEST_SEED = 2**63


def decode_gate(data: bytes, name: str = "gate.json") -> GateFile:
    """What the gate came to.

    Raises:
        InputError: it is no such file, or holds more, longer, deeper or larger things than a gate
            writes, or contradicts itself.
    """
    if len(data) > LARGEST:
        raise InputError(f"{name} is larger than {LARGEST:,} bytes")
    try:
        _bound(msgspec.json.decode(data), name)
        file = msgspec.json.decode(data, type=GateFile)
    except RecursionError:
        raise InputError(f"{name} is nested too deep") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(
            f"{name} is not what `promptops gate --format json` prints: {error}"
        ) from None
    _hold_together(file, name)
    return file


def _bound(value: Any, name: str) -> None:
    """Hold every text, list and number to a size that a report can have."""
    waiting: list[tuple[Any, int]] = [(value, 0)]
    while waiting:
        each, depth = waiting.pop()
        if depth > _DEEPEST:
            raise InputError(f"{name} is nested too deep")
        if isinstance(each, str):
            if len(each) > LONGEST_TEXT:
                raise InputError(f"{name} holds a text of {len(each):,} characters")
        elif isinstance(each, int | float):
            most = _LARGEST_SEED if isinstance(each, int) else _LARGEST_NUMBER
            if not (math.isfinite(each) and abs(each) <= most):
                raise InputError(f"{name} holds a number beyond all that is measured")
        elif isinstance(each, list | dict):
            if len(each) > MOST_ITEMS:
                raise InputError(f"{name} holds a list of {len(each):,} entries")
            inside = [*each, *each.values()] if isinstance(each, dict) else each
            waiting.extend((one, depth + 1) for one in inside)


def _hold_together(file: GateFile, name: str) -> None:
    if file.schema != SCHEMA:
        raise InputError(
            f"{name} is {file.schema[:80]!r}, where {SCHEMA!r} is read",
            hint="use the same version of promptops for the gate and for the comment",
        )
    if file.gate.may_merge != (file.gate.exit_code == 0):
        raise InputError(f"{name} contradicts itself: may_merge beside its exit code")
    if max(len(file.gate.suites), len(file.reports)) > MOST_SUITES:
        raise InputError(f"{name} holds more than {MOST_SUITES:,} suites")
    sides = [side for pair in file.prompts.values() for side in (pair.baseline, pair.candidate)]
    counts = [len(side.messages) for side in sides if side is not None]
    if max(counts, default=0) > MOST_MESSAGES or sum(counts) > MOST_MESSAGES_OF_ALL:
        raise InputError(f"{name} holds a prompt of more messages than a prompt has")
