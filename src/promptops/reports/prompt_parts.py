"""Parts of a prompt on a page: fields, messages, JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from promptops.reports.page import Page


def write_fields(page: Page, fields: Mapping[str, Any]) -> None:
    """Names and values side by side; empty values are left out."""
    rows = [((name, "dim"), _short(value)) for name, value in fields.items() if value]
    page.table(("", ""), rows, flexible=1, wrap=True)


def write_messages(page: Page, messages: Iterable[Mapping[str, Any]]) -> None:
    """Chat messages, each below its role, line by line as they are."""
    for message in messages:
        rest = {key: value for key, value in message.items() if key not in {"role", "content"}}
        page.blank()
        page.line((str(message["role"]), "bold cyan"))
        content = message.get("content")
        if isinstance(content, str):
            _write_lines(page, content)
        elif content is not None:
            _write_lines(page, _pretty(content))
        for key, value in rest.items():
            if value:
                page.line((key, "dim"), indent=2)
                _write_lines(page, value if isinstance(value, str) else _pretty(value), indent=4)


def write_json(page: Page, title: str, value: Any) -> None:
    """A value as indented JSON below its title."""
    page.blank()
    page.line((title, "bold cyan"))
    _write_lines(page, _pretty(value))


def _write_lines(page: Page, text: str, *, indent: int = 2) -> None:
    """Text, each of its lines a line of the page (long ones wrap)."""
    for line in text.removesuffix("\n").split("\n"):
        words = line.expandtabs(4)
        if words.strip():
            page.paragraph(words, indent=indent)
        else:
            page.blank()


def _pretty(value: Any) -> str:
    """A value as indented JSON."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def _short(value: Any) -> str:
    if isinstance(value, str):
        return " ".join(value.split())
    if isinstance(value, Mapping):
        return "  ".join(f"{key} {_flat(inner)}" for key, inner in value.items())
    return _flat(value)


def _flat(value: Any) -> str:
    if isinstance(value, Mapping) and set(value) == {"type"}:
        return _flat(value["type"])
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
