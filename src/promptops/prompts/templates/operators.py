"""The operators of templates, each with a bound on what it makes."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

from promptops.prompts.templates.meter import (
    MAX_INTEGER_BITS,
    MAX_TEXT,
    MAX_VALUE_BYTES,
    TemplateError,
    check_data,
    meter,
    text_of,
    too_large,
    value_bytes,
)

_SEQUENCES = (str, list, tuple)
_SPEC = re.compile(
    r"%(?:\([^()]*\))?[-+ #0]*(?P<width>\*|\d+)?(?:\.(?P<exact>\*|\d+)?)?[hlL]?(?P<kind>[a-zA-Z])?"
)
_MAX_WIDTH = 1000


def binary(symbol: str, left: Any, right: Any) -> Any:
    """Apply a binary operator.

    Raises:
        TemplateError: the result would be too large, or these operands have none here.
    """
    current = meter()
    current.step()
    if symbol == "*":
        _check_repeat(left, right)
    elif symbol == "**":
        _check_power(left, right)
    elif symbol == "+":
        _check_sum(left, right)
    elif symbol == "%" and isinstance(left, str):
        return current.made(formatted(left, right))
    return current.made(_OPERATORS[symbol](left, right))


def unary(symbol: str, operand: Any) -> Any:
    """Apply a unary operator."""
    current = meter()
    current.step()
    return current.made(operator.neg(operand) if symbol == "-" else operator.pos(operand))


_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "**": operator.pow,
    "%": operator.mod,
}


def _check_repeat(left: Any, right: Any) -> None:
    if isinstance(left, int) and isinstance(right, int):
        if left.bit_length() + right.bit_length() > MAX_INTEGER_BITS:
            raise too_large("the number")
        return
    items, times = (left, right) if isinstance(left, _SEQUENCES) else (right, left)
    if not isinstance(items, _SEQUENCES) or not isinstance(times, int):
        return
    if isinstance(items, str):
        if len(items) * times > MAX_TEXT:
            raise too_large("the text")
    elif value_bytes(items) * times > MAX_VALUE_BYTES:
        raise too_large("the list")


def _check_power(left: Any, right: Any) -> None:
    if not isinstance(left, int) or not isinstance(right, int):
        return
    if max(left.bit_length(), 1) * abs(right) > MAX_INTEGER_BITS:
        raise too_large("the number")


def _check_sum(left: Any, right: Any) -> None:
    if isinstance(left, str) and isinstance(right, str):
        if len(left) + len(right) > MAX_TEXT:
            raise too_large("the text")
    elif (
        isinstance(left, (list, tuple))
        and isinstance(right, (list, tuple))
        and value_bytes(left) + value_bytes(right) > MAX_VALUE_BYTES
    ):
        raise too_large("the list")


def formatted(template: str, values: Any) -> str:
    """`template % values`, with bounded widths and a bounded result.

    Raises:
        TemplateError: a width is above 1,000 or taken from a value, or the result too large.
    """
    specs, widths, quoted = 0, 0, False
    for spec in _SPEC.finditer(template):
        specs += 1
        quoted = quoted or spec["kind"] in ("r", "a")
        for digits in (spec["width"], spec["exact"]):
            if digits == "*":
                raise TemplateError("a width taken from a value is not allowed", "write the number")
            width = int(digits[:8]) if digits else 0
            if width > _MAX_WIDTH:
                raise TemplateError(f"'%' pads to {_MAX_WIDTH:,} characters at most", "pad less")
            widths += width
    parts = values if isinstance(values, tuple) else (values,)
    if isinstance(values, dict):
        parts = (*values.values(), values)
    longest = max((_printed_length(part, quoted=quoted) for part in parts), default=0)
    if len(template) + widths + specs * longest > MAX_TEXT:
        raise too_large("the text")
    text: str = template % values
    return text


def _printed_length(value: Any, *, quoted: bool) -> int:
    """An upper bound on the length of a value's text, or of its representation."""
    if isinstance(value, str):
        return 10 * len(value) + 2 if quoted else len(value)
    if isinstance(value, (list, tuple, dict)):
        check_data(value)
        return 4 * value_bytes(value)
    text_of(value)
    return 1400
