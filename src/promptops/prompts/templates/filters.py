"""The filters and tests that templates may use: Jinja2's own where bounded ones exist, else ours.

What is left out: what makes markup, what is random, and what reaches beyond data.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jinja2 import Undefined
from jinja2.filters import FILTERS
from jinja2.tests import TESTS
from markupsafe import escape

from promptops.prompts.templates.meter import (
    MAX_ARGUMENT,
    MAX_TEXT,
    SCALARS,
    TemplateError,
    check_data,
    counted,
    meter,
    text_of,
    too_large,
    value_bytes,
)
from promptops.prompts.templates.methods import (
    check_indent,
    check_replace,
    check_strip,
    check_width,
    joined_with,
)
from promptops.prompts.templates.operators import binary, formatted

_DATA = (*SCALARS, list, tuple, dict, range, Undefined)
_MAX_INDENT = 16

_ON_ITEMS = (
    "batch",
    "groupby",
    "list",
    "map",
    "max",
    "min",
    "reject",
    "rejectattr",
    "select",
    "selectattr",
    "slice",
    "sort",
    "unique",
)
_ON_TEXT = {  # to the longest text it takes
    "capitalize": MAX_TEXT,
    "center": MAX_TEXT,
    "indent": MAX_TEXT,
    "lower": MAX_TEXT,
    "replace": MAX_TEXT,
    "title": 1_000_000,
    "trim": MAX_TEXT,
    "truncate": MAX_TEXT,
    "upper": MAX_TEXT,
    "wordcount": 1_000_000,
    "wordwrap": 200_000,
}
_AS_THEY_ARE = (
    "abs",
    "count",
    "d",
    "default",
    "dictsort",
    "filesizeformat",
    "first",
    "float",
    "int",
    "items",
    "last",
    "length",
    "round",
)
_COUNTS = frozenset(("batch", "slice", "round", "indent", "wordwrap", "truncate", "center", "int"))
_LEFT_OUT_TESTS = frozenset(("callable", "escaped", "filter", "test"))


def bounded_filters() -> dict[str, Callable[..., Any]]:
    """Name to filter, for an environment."""
    found = {name: _guarded(name, FILTERS[name], _as_items) for name in _ON_ITEMS}
    found |= {name: _guarded(name, FILTERS[name], _as_text(name)) for name in _ON_TEXT}
    found |= {name: _guarded(name, FILTERS[name], None) for name in _AS_THEY_ARE}
    own: dict[str, Callable[..., Any]] = {
        "e": _escaped,
        "escape": _escaped,
        "format": _formatted,
        "join": _joined,
        "reverse": _reversed,
        "string": text_of,
        "sum": _sum,
        "tojson": _json,
        "urlencode": _guarded_urlencode,
    }
    return found | {name: _guarded(name, function, None) for name, function in own.items()}


def bounded_tests() -> dict[str, Callable[..., Any]]:
    """Name to test, for an environment."""
    tests: Mapping[str, Any] = TESTS
    return {
        name: _guarded(name, test, None)
        for name, test in tests.items()
        if name not in _LEFT_OUT_TESTS
    }


def _guarded(
    name: str, function: Callable[..., Any], prepare: Callable[..., Any] | None
) -> Callable[..., Any]:
    """The filter with every argument checked, and its result made whole and paid for."""
    skipped = 1 if hasattr(function, "jinja_pass_arg") else 0
    counts = name in _COUNTS

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        meter().step()
        _check_arguments(name, args[skipped:], kwargs, counts=counts)
        if prepare is not None:
            value = prepare(*args[skipped:], **kwargs)
            args = (*args[:skipped], value, *args[skipped + 1 :])
        result = function(*args, **kwargs)
        if isinstance(result, Iterator):
            result = list(counted(result))
        return meter().made(result)

    return run


def _check_arguments(
    name: str, args: tuple[Any, ...], kwargs: dict[str, Any], *, counts: bool
) -> None:
    for value in (*args, *kwargs.values()):
        if not isinstance(value, _DATA):
            raise TemplateError(f"{name!r} takes data, not a {type(value).__name__.lower()}")
    if counts:
        for value in (*args[1:], *kwargs.values()):
            if isinstance(value, int) and abs(value) > MAX_ARGUMENT:
                raise TemplateError(f"{name!r} takes numbers up to {MAX_ARGUMENT:,}")


def _as_items(value: Any, *_: Any, **__: Any) -> list[Any]:
    return list(counted(value))


def _as_text(name: str) -> Callable[..., Any]:
    longest = _ON_TEXT[name]
    check = _CHECKS.get(name)

    def prepare(value: Any, *args: Any, **kwargs: Any) -> str:
        text = text_of(value)
        if len(text) > longest:
            raise TemplateError(f"{name!r} takes texts of up to {longest:,} characters")
        if check is not None:
            check(text, *args, **kwargs)
        return text

    return prepare


def _check_wrap(text: str, *args: Any, **kwargs: Any) -> None:
    between = kwargs.get("wrapstring", args[2] if len(args) > 2 else None)
    if isinstance(between, str) and len(text) * max(len(between), 1) > MAX_TEXT:
        raise too_large("the text")


def _check_indentation(text: str, width: Any = 4, *_: Any, **__: Any) -> None:
    check_indent(text, width)


def _check_replacement(text: str, old: Any, new: Any, count: Any = None) -> None:
    check_replace(text, text_of(old), text_of(new), -1 if count is None else count)


def _check_trim(text: str, chars: Any = None) -> None:
    check_strip(text, chars)


_CHECKS: dict[str, Callable[..., None]] = {
    "center": check_width,
    "indent": _check_indentation,
    "replace": _check_replacement,
    "trim": _check_trim,
    "wordwrap": _check_wrap,
}


def _escaped(value: Any) -> str:
    text = text_of(value)
    if len(text) + 4 * sum(text.count(mark) for mark in "&<>'\"") > MAX_TEXT:
        raise too_large("the text")
    return str(escape(text))


def _formatted(template: Any, *args: Any, **kwargs: Any) -> str:
    if args and kwargs:
        raise TemplateError("'format' takes values by place or by name, not both")
    return formatted(text_of(template), kwargs or args)


def _joined(items: Any, d: Any = "", attribute: Any = None) -> str:
    if attribute is not None:
        raise TemplateError("'join' takes no attribute", "write |map(attribute='…')|join")
    return joined_with(text_of(d), items)


def _reversed(value: Any) -> Any:
    return value[::-1] if isinstance(value, str) else list(counted(value))[::-1]


def _sum(items: Any, attribute: Any = None, start: Any = 0) -> Any:
    if attribute is not None:
        raise TemplateError("'sum' takes no attribute", "write |map(attribute='…')|sum")
    total = start
    for item in counted(items):
        if not isinstance(item, (int, float)):
            raise TemplateError("'sum' adds numbers", "use |join for texts")
        total = binary("+", total, item)
    return total


def _json(value: Any, indent: Any = None) -> str:
    """JSON as a prompt shows it: nothing is escaped for HTML, nor for being beyond ASCII."""
    if indent is not None and not (isinstance(indent, int) and 0 <= indent <= _MAX_INDENT):
        raise TemplateError(f"'tojson' indents by 0 to {_MAX_INDENT}")
    if isinstance(value, Undefined):
        return text_of(value)
    size = value_bytes(value)
    check_data(value)
    # every entry costs at least 16 bytes in `size`, and none is nested deeper than the value may be
    entries = size // 16
    if size > MAX_TEXT * 4 or (indent and entries * indent * _depth(value) > 4 * MAX_TEXT):
        raise too_large("the text")
    return json.dumps(value, ensure_ascii=False, indent=indent)


def _depth(value: Any) -> int:
    deepest, pending = 0, [(value, 0)]
    while pending:
        item, depth = pending.pop()
        deepest = max(deepest, depth)
        if isinstance(item, dict):
            item = list(item.values())
        if isinstance(item, (list, tuple)):
            pending.extend((each, depth + 1) for each in item)
    return deepest


def _guarded_urlencode(value: Any) -> str:
    if not isinstance(value, (dict, list, tuple)):
        value = text_of(value)
    else:
        check_data(value)
    if value_bytes(value) > MAX_TEXT // 8:
        raise too_large("the text")
    return str(FILTERS["urlencode"](value))
