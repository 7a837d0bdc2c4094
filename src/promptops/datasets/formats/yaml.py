"""YAML, in the strict subset of every file here: a list, or a mapping whose `cases` is one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from promptops.datasets.text import bad_utf8, open_text
from promptops.datasets.wrapping import CASES, no_cases, refuse_unknown
from promptops.documents.yaml_reader import read_yaml_rows
from promptops.errors import Location


def rows(place: Path, display: str) -> Iterator[tuple[int, Any]]:
    """Yield the line where each item starts, and the item."""
    with open_text(place, display) as file:
        try:
            rest = yield from read_yaml_rows(file, display, CASES)
        except UnicodeDecodeError:
            raise bad_utf8(file, display) from None
    if rest.value is None or isinstance(rest.value, list):
        return
    if not isinstance(rest.value, dict):
        raise no_cases(Location(display, 1))
    for key in rest.value:
        refuse_unknown(key, rest.locate((key,)))
    if not isinstance(rest.value.get(CASES), list):
        raise no_cases(rest.locate((CASES,)))
