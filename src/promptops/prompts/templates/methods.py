"""The methods that templates may call, each with a bound on what it makes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from promptops.prompts.templates.meter import (
    MAX_ARGUMENT,
    MAX_TEXT,
    TemplateError,
    counted,
    joined,
    meter,
    text_of,
    too_large,
)

_MAX_COMPARISONS = 100_000_000
_LINE_ENDS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"

_PLAIN = frozenset(
    (
        "capitalize",
        "casefold",
        "count",
        "endswith",
        "find",
        "index",
        "isalnum",
        "isalpha",
        "isascii",
        "isdecimal",
        "isdigit",
        "islower",
        "isnumeric",
        "isspace",
        "istitle",
        "isupper",
        "lower",
        "partition",
        "removeprefix",
        "removesuffix",
        "startswith",
        "swapcase",
        "title",
        "upper",
    )
)
_PADDED = frozenset(("center", "ljust", "rjust", "zfill"))
_BACKWARDS = frozenset(("rfind", "rindex", "rpartition"))
_STRIPPED = frozenset(("strip", "lstrip", "rstrip"))
_SPLIT = frozenset(("split", "rsplit"))

ALLOWED: dict[type, frozenset[str]] = {
    str: _PLAIN
    | _PADDED
    | _BACKWARDS
    | _STRIPPED
    | _SPLIT
    | {"replace", "join", "splitlines", "expandtabs"},
    list: frozenset(("count", "index")),
    tuple: frozenset(("count", "index")),
    dict: frozenset(("get", "keys", "values", "items")),
}


def call_method(method: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call a bound method of a text, list, tuple or mapping.

    Raises:
        TemplateError: the method is not allowed, or its result would be too large.
    """
    owner, name = method.__self__, method.__name__
    kind = next((kind for kind in ALLOWED if isinstance(owner, kind)), None)
    if kind is None or name not in ALLOWED[kind]:
        raise TemplateError(f"{name!r} cannot be called in a template")
    if kind is str:
        if name == "join":
            return joined_with(owner, *args, **kwargs)
        check = _check(name)
        if check:
            check(owner, *args, **kwargs)
    result = method(*args, **kwargs)
    if kind is dict and name != "get":
        result = list(counted(result))
    return meter().made(result)


def joined_with(separator: str, items: Any) -> str:
    """The texts of the items with a separator between them."""
    texts = [text_of(item) for item in counted(items)]
    if len(separator) * len(texts) > MAX_TEXT:
        raise too_large("the text")
    parts = [part for text in texts for part in (separator, text)]
    return joined(parts[1:])


def check_width(_text: str, width: Any = 0, *_: Any) -> None:
    """Refuse to pad to a width beyond reason."""
    if isinstance(width, int) and width > MAX_ARGUMENT:
        raise TemplateError(f"a width above {MAX_ARGUMENT:,}", "pad less")


def check_replace(text: str, old: Any = "", new: Any = "", count: Any = -1) -> None:
    """Refuse a replacement whose result would be too large."""
    if not isinstance(old, str) or not isinstance(new, str):
        return
    times = text.count(old)
    if isinstance(count, int) and count >= 0:
        times = min(times, count)
    if len(text) + times * (len(new) - len(old)) > MAX_TEXT:
        raise too_large("the text")


def check_strip(text: str, characters: Any = None) -> None:
    """Refuse to strip so many characters that looking for each takes too long."""
    if isinstance(characters, str) and len(text) * len(characters) > _MAX_COMPARISONS:
        raise too_large("the work of stripping")


def check_indent(text: str, width: Any, *_: Any) -> None:
    """Refuse an indentation whose result would be too large."""
    pad = len(width) if isinstance(width, str) else width if isinstance(width, int) else 0
    lines = 1 + sum(text.count(end) for end in _LINE_ENDS)
    if len(text) + pad * lines > MAX_TEXT:
        raise too_large("the text")


def _check_backwards(text: str, wanted: Any = "", *_: Any) -> None:
    # Searching from the end compares every place with the whole text that is looked for.
    if isinstance(wanted, str) and len(text) * len(wanted) > _MAX_COMPARISONS:
        raise too_large("the work of searching")


def _check_split(text: str, sep: Any = None, maxsplit: Any = -1) -> None:
    if isinstance(sep, str) and sep:
        _check_backwards(text, sep) if len(sep) > 10 else None
        pieces = text.count(sep)
    else:
        pieces = len(text) // 2
    if isinstance(maxsplit, int) and maxsplit >= 0:
        pieces = min(pieces, maxsplit)
    meter().pay(80 * pieces)


def _check_lines(text: str, *_: Any) -> None:
    meter().pay(80 * sum(text.count(end) for end in _LINE_ENDS))


def _check_tabs(text: str, tabsize: Any = 8) -> None:
    if isinstance(tabsize, int) and len(text) + text.count("\t") * tabsize > MAX_TEXT:
        raise too_large("the text")


def _check(name: str) -> Callable[..., None] | None:
    if name in _PADDED:
        return check_width
    if name in _BACKWARDS:
        return _check_backwards
    if name in _STRIPPED:
        return check_strip
    if name in _SPLIT:
        return _check_split
    return {
        "replace": check_replace,
        "splitlines": _check_lines,
        "expandtabs": _check_tabs,
    }.get(name)
