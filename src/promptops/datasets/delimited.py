"""Delimited text (RFC 4180): a header, then one record a row; every cell is text and stays text.

A cell that looks like a number or like JSON is not parsed.  A CRLF inside a quoted cell is read as
LF, so that a checkout that rewrites line ends does not change a dataset.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from promptops.datasets.text import MAX_ROW_BYTES, open_text, text_lines, too_large
from promptops.errors import InputError, Location

_TRUTH = {"true": True, "false": False}


class _Lines:
    """The lines of a file for the csv reader, with the size of the record so far."""

    def __init__(self, file: BinaryIO, display: str) -> None:
        self._lines = text_lines(file, display)
        self._display = display
        self.size = 0

    def __iter__(self) -> Iterator[str]:
        for number, text in self._lines:
            nul = text.find("\0")
            if nul >= 0:
                raise InputError(
                    "a NUL character", location=Location(self._display, number, nul + 1)
                )
            self.size += len(text)
            if self.size > MAX_ROW_BYTES:
                raise too_large(Location(self._display, number))
            yield text


def delimited_rows(place: Path, display: str, delimiter: str) -> Iterator[tuple[int, Any]]:
    """Yield the line where each record starts, and the record under the header's names."""
    # The csv module's own limit is process-wide; ours is on the whole record.
    csv.field_size_limit(max(csv.field_size_limit(), MAX_ROW_BYTES + 1))
    with open_text(place, display) as file:
        header: list[str] | None = None
        for line, record in _records(file, display, delimiter):
            if header is None:
                header = _header(record, Location(display, line), delimiter)
            elif len(record) != len(header):
                raise InputError(
                    f"{len(record)} cells where the header has {len(header)}",
                    location=Location(display, line),
                    hint=f'a cell that holds {delimiter!r} or a line end stands in "double quotes"',
                )
            else:
                yield line, _reserved(dict(zip(header, record, strict=True)), display, line)


def _records(file: BinaryIO, display: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    lines = _Lines(file, display)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    line = 1
    try:
        for record in reader:
            if record:  # not a blank line
                yield line, record
            line = reader.line_num + 1
            lines.size = 0
    except csv.Error as error:
        raise _broken(
            str(error), Location(display, line), Location(display, reader.line_num)
        ) from None


def _broken(text: str, start: Location, here: Location) -> InputError:
    if "unexpected end" in text:
        return InputError("a quoted cell in this row is never closed", location=start)
    if "new-line" in text:
        return InputError(
            "a carriage return outside of quotes", location=here, hint="end lines with LF or CRLF"
        )
    return InputError(f"not valid CSV: {text}", location=here, hint='write a quote in a cell as ""')


def _header(names: list[str], location: Location, delimiter: str) -> list[str]:
    if len(names) == 1 and (other := next((c for c in ",;\t" if c in names[0]), None)):
        raise InputError(
            f"the header is one cell that holds {other!r}: cells end with {delimiter!r} here",
            location=location,
            hint="commas go with .csv and tabs with .tsv",
        )
    for position, name in enumerate(names, 1):
        if not name.strip():
            raise InputError(f"column {position} has no name in the header", location=location)
        if name != name.strip():
            raise InputError(f"blanks around the column name {name!r}", location=location)
        if name in names[: position - 1]:
            raise InputError(f"duplicate column {name!r} in the header", location=location)
    return names


def _reserved(row: dict[str, Any], display: str, line: int) -> dict[str, Any]:
    """Give the reserved columns their types; an empty cell there means none given."""
    for name in ("id", "group", "tags", "critical"):
        if row.get(name) == "":
            del row[name]
    if "tags" in row:
        row["tags"] = [tag.strip() for tag in row["tags"].split(";") if tag.strip()]
    if "critical" in row:
        text = row["critical"]
        if text.lower() not in _TRUTH:
            raise InputError(
                f"'critical' is true or false, not {text[:40]!r}", location=Location(display, line)
            )
        row["critical"] = _TRUTH[text.lower()]
    return row
