"""JSON: a list of objects, or an object whose `cases` is that list."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from promptops.datasets.json_stream import JsonStream
from promptops.datasets.text import open_text
from promptops.datasets.wrapping import CASES, no_cases, refuse_unknown


def rows(place: Path, display: str) -> Iterator[tuple[int, Any]]:
    """Yield the line where each item starts, and the item."""
    with open_text(place, display) as file:
        stream = JsonStream(file, display)
        first = stream.peek()
        if not first:
            return
        if first == "[":
            yield from _items(stream)
        elif first == "{":
            yield from _wrapped(stream)
        else:
            raise no_cases(stream.fail("").location)
        stream.end()


def _items(stream: JsonStream) -> Iterator[tuple[int, Any]]:
    stream.take("[")
    if stream.peek() == "]":
        stream.take("]")
        return
    while True:
        line = stream.line
        yield line, stream.value()
        if stream.peek() == "]":
            stream.take("]")
            return
        stream.take(",]")


def _wrapped(stream: JsonStream) -> Iterator[tuple[int, Any]]:
    start = stream.fail("").location
    stream.take("{")
    seen: set[str] = set()
    while stream.peek() != "}":
        where = stream.fail("").location
        key = stream.value()
        refuse_unknown(key, where)
        if key in seen:
            raise stream.fail(f"duplicate key {key!r}")
        seen.add(key)
        stream.take(":")
        if key != CASES:
            stream.value()
        elif stream.peek() == "[":
            yield from _items(stream)
        else:
            raise no_cases(stream.fail("").location)
        if stream.peek() != "}":
            stream.take(",}")
            if stream.peek() == "}":
                raise stream.fail("not valid JSON: expected a key after ','")
    stream.take("}")
    if CASES not in seen:
        raise no_cases(start)
