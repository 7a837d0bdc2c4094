"""JSON Lines: one object a line; blank lines are skipped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from promptops.datasets.text import open_text, text_lines
from promptops.documents.strict_json import DECODER, FAULTS, explain
from promptops.errors import InputError, Location


def rows(place: Path, display: str) -> Iterator[tuple[int, Any]]:
    """Yield each line's number and value."""
    with open_text(place, display) as file:
        for line, text in text_lines(file, display):
            if not text.strip():
                continue
            try:
                yield line, DECODER.decode(text.rstrip())
            except FAULTS as error:
                message, at, hint = explain(error, text)
                if line == 1 and text.startswith("["):
                    hint = "this looks like one JSON list: name the file .json"
                where = Location(display, line, at + 1)
                raise InputError(message, location=where, hint=hint) from None
