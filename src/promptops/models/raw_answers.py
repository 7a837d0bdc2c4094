"""What a provider's own JSON says of how an answer ended and what it used.

The client below translates answers into OpenAI's format.  It raises where usage is missing, and so
loses what was paid for; and what it does not know of finish reasons becomes `stop`.
"""

from __future__ import annotations

import json
import math
from typing import Any, NamedTuple

import msgspec

LARGEST = 2**53
"""No count of tokens; and above it, floats are no longer exact."""

_Fields = dict[str, msgspec.Raw]


class RawAnswer(NamedTuple):
    """One body, as it came or mended."""

    body: bytes
    """With a usage that says nothing in place of one that is missing or holds no numbers."""
    finish_reason: str = ""
    """As the provider said it; empty where it did not, or in a format that is not known."""


class _Format(NamedTuple):
    """The keys of one provider's format."""

    mark: str
    """By which an answer is known to be in it."""
    usage: str
    nothing: Any
    """A usage that says nothing, as the client below can read it."""


_FORMATS = (
    _Format("choices", "usage", None),  # OpenAI and all who speak as it does
    _Format("stop_reason", "usage", {"input_tokens": 0, "output_tokens": 0}),  # Anthropic
    _Format("candidates", "usageMetadata", {}),  # Gemini
    _Format("promptFeedback", "usageMetadata", {}),  # Gemini, of a prompt that it blocked
    _Format("stopReason", "usage", {"inputTokens": 0, "outputTokens": 0, "totalTokens": 0}),
)
"""The last one is Bedrock's."""


class _Ending(msgspec.Struct):
    finish_reason: Any = None
    finishReason: Any = None  # noqa: N815  # as Gemini writes it


_FIELDS = msgspec.json.Decoder(_Fields)
_ENDINGS = msgspec.json.Decoder(list[_Ending])


def read_raw(body: bytes) -> RawAnswer:
    """What the body of an answer says; what is no JSON object is left as it is."""
    fields = _fields(body)
    shape = next((each for each in _FORMATS if each.mark in fields), None)
    if shape is None:
        return RawAnswer(body)
    reason = _reason(fields)
    if _sound(fields.get(shape.usage), shape.nothing):
        return RawAnswer(body, reason)
    fields[shape.usage] = msgspec.Raw(msgspec.json.encode(shape.nothing))
    return RawAnswer(msgspec.json.encode(fields), reason)


def _fields(body: bytes) -> _Fields:
    """The object's values by key, unread; empty where it is none."""
    try:
        return _FIELDS.decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError):
        pass
    try:  # Python's own reader takes more for JSON, as the client below does: NaN, lone surrogates
        value = json.loads(body)
        pairs = value.items() if isinstance(value, dict) else ()
        return {key: msgspec.Raw(json.dumps(each).encode()) for key, each in pairs}
    except (ValueError, RecursionError):
        return {}


def _sound(usage: msgspec.Raw | None, nothing: Any) -> bool:
    if usage is None or bytes(usage) == b"null":
        return nothing is None
    try:
        found = msgspec.json.decode(usage)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return False
    return isinstance(found, dict) and _countable(found)


def _countable(value: Any) -> bool:
    """Whether every number in it could be a count, or a price."""
    if isinstance(value, dict):
        return all(map(_countable, value.values()))
    if isinstance(value, list):
        return all(map(_countable, value))
    if isinstance(value, int | float):
        return math.isfinite(value) and 0 <= value < LARGEST
    return True


def _reason(fields: _Fields) -> str:
    for key in ("stop_reason", "stopReason", "finish_reason"):
        if key in fields:
            return _word(fields[key])
    for key in ("choices", "candidates"):
        if key in fields:
            return _first(fields[key])
    return ""


def _word(raw: msgspec.Raw) -> str:
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return ""
    return value if isinstance(value, str) else ""


def _first(raw: msgspec.Raw) -> str:
    try:
        endings = _ENDINGS.decode(raw)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return ""
    said = endings[0].finish_reason or endings[0].finishReason if endings else None
    return said if isinstance(said, str) else ""
