"""A request: one rendered chat request, exactly as it would be sent."""

from __future__ import annotations

import hashlib
from typing import Any, Literal

import msgspec

Role = Literal["system", "developer", "user", "assistant", "tool"]


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """One chat message. `content` is text, or a list of content parts as the field writes them."""

    role: Role
    content: str | list[dict[str, Any]] | None = None
    name: str | None = None
    tool_calls: list[dict[str, Any]] | None = None
    tool_call_id: str | None = None


class Request(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a model is asked. Two equal requests are the same question."""

    model: str
    messages: tuple[Message, ...]
    params: dict[str, Any] = {}
    tools: tuple[dict[str, Any], ...] = ()
    output_schema: dict[str, Any] | None = None


def canonical_json(value: object) -> bytes:
    """The one JSON encoding of a value: keys sorted, no blanks, UTF-8."""
    return msgspec.json.encode(value, order="deterministic")


def request_key(request: Request, endpoint: str = "") -> str:
    """SHA-256, as 64 hex digits, of the full request and the endpoint that answers it."""
    return hashlib.sha256(canonical_json([request, endpoint])).hexdigest()
