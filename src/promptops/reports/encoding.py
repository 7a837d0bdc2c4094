"""Our values as JSON that parses everywhere and acts nowhere.

The text is UTF-8: no NaN, no lone surrogates.  Whatever could act in a
terminal, a log or a page is written as a JSON escape, so the parsed values are exact.
"""

from __future__ import annotations

import json
import math
import re

import msgspec

LARGE = 4_000_000
"""Bytes above which a JSON text is kept to ASCII, by escapes."""

_NOT_ASCII = re.compile(rb"[\x80-\xff]+")
_LONE_SURROGATES = re.compile("[\ud800-\udfff]")

_ACTIVE = re.compile(
    # DEL and C1; every character of format (direction, joiners, tags); breaks; private use
    "[\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\ue000-\uf8ff\ufeff\ufff9-\ufffb\U000110bd\U000110cd"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U0010ffff]"
    "|[<>&]"  # `</script>`, `<!--` and entities, should somebody paste it into a page
    r"|#(?=#\w*\[)"  # commands in the log of a build
)


def encode(value: object) -> str:
    r"""Any value of ours as indented JSON, ended by a line break.

    Keys keep their order.  A number that JSON cannot hold becomes null; a lone surrogate, which no
    strict parser takes, becomes its code as text (`\ud800`).
    """
    try:
        data = msgspec.json.encode(value)
        data = msgspec.json.format(data, indent=2)
    except (ValueError, OverflowError):  # a lone surrogate, a number of more than 64 bits
        text = _mended(value)
    else:
        if (
            len(data) > LARGE and not data.isascii()
        ):  # one wide character would make every character of a text wide
            data = _NOT_ASCII.sub(lambda found: _escapes(found[0].decode()).encode(), data)
        text = data.decode()
        del data  # a report of many cases is large: one copy at a time
    text = _ACTIVE.sub(_escaped, text)
    text += "\n"
    return text


def _mended(value: object) -> str:
    return json.dumps(
        _plain(msgspec.to_builtins(value, str_keys=True)),
        ensure_ascii=False,
        allow_nan=False,
        indent=2,
    )


def _plain(value: object) -> object:
    """The same value with nothing in it that JSON or UTF-8 cannot hold."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {_text(str(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _text(text: str) -> str:
    if text.isascii():
        return text
    return _LONE_SURROGATES.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _escaped(found: re.Match[str]) -> str:
    return _escapes(found[0])


def _escapes(text: str) -> str:
    units = text.encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
