"""Labels by way of a spreadsheet: a table to fill in, and what comes back read strictly.

Column `label` is the one to fill in.  The columns that name an answer (or a pair), and the rule by
which it was chosen, are ours and stay as they are; what stands in the others is for the reader, and
is not read again.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from promptops.documents.tree import decode_text
from promptops.errors import InputError, Location, did_you_mean
from promptops.values.label import Chosen

Kind = Literal["answer", "pair"]

MAX_BYTES = 64 * 1024 * 1024

IDS: Mapping[Kind, tuple[str, ...]] = {
    "answer": ("metric", "case", "output"),
    "pair": ("metric", "case", "first", "second"),
}
"""The columns that say what a row is about."""
CHOSEN = "chosen"
"""The rule by which the row was chosen; empty, or not there, where somebody picked it."""
FILLED = ("label", "comment")
SHOWN: Mapping[Kind, tuple[str, ...]] = {"answer": ("answer",), "pair": ("answer 1", "answer 2")}
INPUT = "input: "
"""Begins the name of a column that shows one of a case's columns."""
EXPECTED = "expected"
CHOICES = "choices"
"""What may be written in `label`."""

_BYTE_ORDER_MARK = "\ufeff"
"""Without it the most used spreadsheet takes UTF-8 for another encoding; the others skip it."""
_DELIMITERS = ",;\t"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")
_RULES: Mapping[str, Chosen] = {rule: rule for rule in get_args(Chosen)}


@dataclass(frozen=True, slots=True)
class Row:
    """One row that came back."""

    line: int
    """Where it starts in the file, from 1."""
    cells: Mapping[str, str]
    """Of the columns in `IDS`, `CHOSEN` and `FILLED`, without blanks around them."""
    problem: str = ""
    """Why it cannot be read; empty where it can."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet that came back."""

    kind: Kind
    rows: list[Row]


def sheet_text(
    kind: Kind, rows: Sequence[Mapping[str, str]], cell: Callable[[str], str] = str
) -> str:
    """A table with a row for each of `rows` (RFC 4180: lines end in CR LF).

    `cell` makes text that others wrote safe to open in a spreadsheet.
    """
    extra = sorted({name for row in rows for name in row if name.startswith(INPUT)})
    told = [name for name in (EXPECTED, CHOICES) if any(name in row for row in rows)]
    header = [*IDS[kind], CHOSEN, *FILLED, *told, *extra, *SHOWN[kind]]
    paper = io.StringIO(newline="")
    writer = csv.writer(paper)
    writer.writerow(cell(name) for name in header)
    writer.writerows([cell(row.get(name, "")) for name in header] for row in rows)
    return _BYTE_ORDER_MARK + paper.getvalue()


def read_sheet(data: bytes, path: str) -> Sheet:
    """A sheet that was filled in; `path` is for messages.

    Commas, semicolons or tabs part its cells: spreadsheets of different places differ.

    Raises:
        InputError: it is no such sheet: not UTF-8, no table, a column missing or unknown. What is
            wrong with a single row stands in that row.
    """
    if len(data) > MAX_BYTES:
        raise InputError(
            f"larger than {MAX_BYTES // 1024 // 1024} MB", location=Location(path), hint="split it"
        )
    if data.startswith(_UTF_16) or b"\0" in data[:512]:
        raise InputError(
            "not UTF-8 text", location=Location(path), hint="save the sheet as CSV UTF-8"
        )
    text = decode_text(data, path)
    first = text.split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=first.count)
    records = _records(text, path, delimiter)
    line, header = next(iter(records), (1, []))
    kind = _kind(header, Location(path, line, 1))
    rows = [_row(line, header, record, kind) for line, record in records[1:]]
    return Sheet(kind, rows)


def _records(text: str, path: str, delimiter: str) -> list[tuple[int, list[str]]]:
    """Each record that is not blank, and the line where it starts."""
    csv.field_size_limit(max(csv.field_size_limit(), MAX_BYTES + 1))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    found: list[tuple[int, list[str]]] = []
    line = 1
    try:
        for record in reader:
            if any(each.strip() for each in record):
                found.append((line, record))
            line = reader.line_num + 1
    except csv.Error as error:
        raise InputError(f"not valid CSV: {error}", location=Location(path, line)) from None
    return found


def _kind(header: Sequence[str], location: Location) -> Kind:
    if not header:
        raise InputError("no table in the file", location=location, hint=_HOW)
    kind: Kind = "pair" if {"first", "second"} & set(header) else "answer"
    needed = (*IDS[kind], FILLED[0])
    for name in needed:
        if name not in header:
            raise InputError(f"no column {name!r}", location=location, hint=_HOW)
    known = {*IDS[kind], CHOSEN, *FILLED, EXPECTED, CHOICES, *SHOWN[kind]}
    for at, name in enumerate(header):
        if name in header[:at] and name.strip():
            raise InputError(f"the column {name!r} is there twice", location=location)
        if name.strip() and name not in known and not name.startswith(INPUT):
            raise InputError(
                f"unknown column {name!r}", location=location, hint=did_you_mean(name, known)
            )
    return kind


_HOW = "promptops review SUITE --export FILE writes a sheet to fill in"


def _row(line: int, header: Sequence[str], record: Sequence[str], kind: Kind) -> Row:
    given = dict(zip(header, record, strict=False))
    cells = {name: given.get(name, "").strip() for name in (*IDS[kind], CHOSEN, *FILLED)}
    return Row(line, cells, _problem(header, record, cells, kind))


def _problem(
    header: Sequence[str], record: Sequence[str], cells: Mapping[str, str], kind: Kind
) -> str:
    if any(each.strip() for each in record[len(header) :]):
        return f"{len(record)} cells where the header has {len(header)}"
    for name in IDS[kind]:
        if not cells[name]:
            return f"no {name}"
    for name in IDS[kind][2:]:
        if not _DIGEST.match(cells[name]):
            return f"{name!r} is not as it was written: {cells[name][:24]!r}"
    if cells[CHOSEN] not in _RULES:
        return f"{CHOSEN!r} is not as it was written: {cells[CHOSEN][:24]!r}"
    return ""


def rule_of(row: Row) -> Chosen:
    """By which rule a row without a problem was chosen."""
    return _RULES[row.cells[CHOSEN]]


def filled(rows: Iterable[Row]) -> list[Row]:
    """The rows with a label, and those with anything wrong in them."""
    return [row for row in rows if row.cells["label"] or (row.problem and row.cells["comment"])]
