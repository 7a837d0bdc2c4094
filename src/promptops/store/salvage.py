"""What can still be read of a damaged database file.

SQLite reads a table in the order of its key until it meets a damaged page.  So each table is read
from both ends, in many short ranges where its keys are spread evenly, and every row that comes is
looked at: a damaged page may bring rows that were never written.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from itertools import islice
from pathlib import Path
from types import NoneType
from typing import Any

import msgspec

from promptops.store.case_texts import unpacked_case
from promptops.store.migrations import rolled_back
from promptops.store.pages import Pages, records
from promptops.store.prompt_texts import unpacked_text
from promptops.store.runs import SampleRecord
from promptops.store.writing import checksum
from promptops.values.report import CaseReport, Report
from promptops.values.response import Response

Row = tuple[Any, ...]
Found = tuple[str, Mapping[str, Any]]
"""A table, and a row of it by column."""

# What others refer to comes first.
KEYS: dict[str, tuple[str, ...]] = {
    "accounts": ("id",),
    "responses": ("request_key", "sample"),
    "runs": ("id",),
    "samples": ("run", "arm", "case_id", "sample"),
    "comparisons": ("key",),
    "ledger": ("id",),
    "prices": ("digest",),
    "begun": ("run",),
    "prompt_texts": ("digest", "id"),
    "case_texts": ("dataset", "case_id"),
}

_NUMBER = (int, float, NoneType)
_COUNT = (int, NoneType)
# As they stand in the file, where an integer key is the row's number and its own column is empty.
_SHAPES: dict[str, tuple[Any, ...]] = {
    "accounts": (int, NoneType, str, str, str, str, int, str, str),
    "responses": (str, int, str, str, bytes, (bytes, NoneType), _COUNT),
    "runs": (str, str, str, str, str, str, (str, NoneType), str, bytes, (bytes, NoneType)),
    "samples": (str, str, str, int, str, bytes),
    "comparisons": (str, int, int, str, int),
    "ledger": (
        bytes, str, int, str, int, str, _COUNT, _COUNT, _COUNT, _NUMBER, _NUMBER, (str, NoneType),
    ),
    "prices": (str, str, str),
    "begun": (str, str, str, str, str, str),
    "prompt_texts": (str, str, bytes),
    "case_texts": (str, str, int, bytes),
}  # fmt: skip
_SHORTER = {("responses", 5), ("runs", 9)}
"""Rows from before their tables had all their columns."""
_DOCUMENTS = {"prices": "entry", "begun": "choices"}
"""Columns of JSON objects."""

ROWS_AT_ONCE = 500

LOST_ACCOUNT = "lost "
"""How the digest of an account begins that stands in for one that could not be read."""

_RESPONSES = msgspec.msgpack.Decoder(Response)
_SAMPLES = msgspec.msgpack.Decoder(SampleRecord)
_REPORTS = msgspec.msgpack.Decoder(Report)
_CASES = msgspec.msgpack.Decoder(list[CaseReport])


def carry_over(file: Path, source: sqlite3.Connection | None, target: sqlite3.Connection) -> None:
    """Write every row that can be read to another file.

    `file` is the damaged one; `source` is a connection that reads it, where there is one.

    Raises:
        OSError: the file cannot be read.
        sqlite3.Error: the other cannot be written.
    """
    columns = {table: _columns(target, table) for table in KEYS}
    first, *others = KEYS
    for tables in ([first], others):  # the others refer to the first
        asked = {table: columns[table] for table in tables}
        if source is not None:
            _write(target, _found_in_order(source, asked))
        with Pages(file) as pages:
            _write(target, _found_on_pages(pages, asked))


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    try:
        return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    except sqlite3.DatabaseError:
        return []


def _found_in_order(
    source: sqlite3.Connection, columns: Mapping[str, Sequence[str]]
) -> Iterator[Found]:
    """All rows of some tables that SQLite can read; some may come twice."""
    for table, wanted in columns.items():
        there = _columns(source, table)
        names = [each for each in wanted if each in there]
        if set(KEYS[table]) <= set(names):  # else there was no such table yet, or it is lost
            for row in _rows(source, table, names):
                yield table, dict(zip(names, row, strict=True))


def _rows(source: sqlite3.Connection, table: str, columns: Sequence[str]) -> Iterator[Row]:
    key = KEYS[table]
    places = [columns.index(each) for each in key]
    select = f"SELECT {', '.join(columns)} FROM {table} WHERE "  # noqa: S608 - our own words
    forwards, backwards = ", ".join(key), ", ".join(f"{each} DESC" for each in key)
    bounds = _bounds(table)
    for low, high in zip([None, *bounds], [*bounds, None], strict=True):
        given = [(sign, value) for sign, value in ((">=", low), ("<", high)) if value is not None]
        where = " AND ".join(["true", *(f"{key[0]} {sign} ?" for sign, _ in given)])
        values = [value for _, value in given]
        last: Row | None = None
        for row in _until_damage(source, f"{select}{where} ORDER BY {forwards}", values):
            place = tuple(row[each] for each in places)
            if last is not None and not _follows(place, last):
                break  # a page that leads back
            last = place
            yield row
        if last is not None:
            where += f" AND ({forwards}) > ({', '.join('?' * len(last))})"
            values += last
        yield from _until_damage(source, f"{select}{where} ORDER BY {backwards}", values)


def _bounds(table: str) -> list[str] | list[bytes]:
    """Where to cut a table whose keys are spread evenly, so that damage costs one part of it."""
    if table == "responses":
        return [f"{each:02x}" for each in range(1, 256)]
    if table == "ledger":
        return [bytes([each]) for each in range(1, 256)]
    return []


def _until_damage(source: sqlite3.Connection, query: str, values: Sequence[Any]) -> Iterator[Row]:
    with suppress(sqlite3.DatabaseError), closing(source.execute(query, tuple(values))) as found:
        yield from found


def _follows(place: Row, last: Row) -> bool:
    try:
        return place > last
    except TypeError:
        return False


def _fits(table: str, row: Mapping[str, Any]) -> bool:
    """Whether a row is one that was written: its bodies can be read, and fit their checksums."""
    try:
        if table == "responses":
            _RESPONSES.decode(row["body"])
            kept = row.get("checksum")
            return kept is None or kept == checksum(row["body"])
        if table == "samples":
            _SAMPLES.decode(row["body"])
        if table == "runs":
            _REPORTS.decode(row["report"])
            if row.get("cases") is not None:
                _CASES.decode(zlib.decompress(row["cases"]))
        if table == "prompt_texts":
            unpacked_text(row["digest"], row["id"], row["body"])
        if table == "case_texts":
            unpacked_case(row["body"])
        if table == "ledger":
            return isinstance(row["id"], bytes) and isinstance(row["account"], int)
        if table in _DOCUMENTS:
            msgspec.json.decode(row[_DOCUMENTS[table]], type=dict[str, Any])
    except (msgspec.MsgspecError, zlib.error, TypeError, ValueError):
        return False
    return True


def _found_on_pages(pages: Pages, columns: Mapping[str, Sequence[str]]) -> Iterator[Found]:
    """All rows of some tables that stand on any page, told by what their columns hold."""
    for values in records(pages):
        for table, names in columns.items():
            shape = _SHAPES[table]
            if len(values) != len(shape) and (table, len(values)) not in _SHORTER:
                continue
            if all(map(isinstance, values, shape)):
                told = [values[0], *values[2:]] if table == "accounts" else values
                yield table, dict(zip(names, told, strict=False))


def _write(target: sqlite3.Connection, rows: Iterator[Found]) -> None:
    """Write rows that fit, unless they are there, some at a time."""
    fitting = (found for found in rows if _fits(*found))
    while batch := list(islice(fitting, ROWS_AT_ONCE)):
        target.execute("BEGIN IMMEDIATE")
        try:
            for table, row in batch:
                with suppress(sqlite3.IntegrityError, UnicodeEncodeError, OverflowError):
                    _insert(target, table, row)
            target.execute("COMMIT")
        except BaseException:
            rolled_back(target)
            raise


def _insert(target: sqlite3.Connection, table: str, row: Mapping[str, Any]) -> None:
    if row.get("account") is not None:
        row = _with_account(target, table, row)
    names, places = ", ".join(row), ", ".join("?" * len(row))
    target.execute(
        f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({places})",  # noqa: S608 - our own words
        tuple(row.values()),
    )


def _with_account(
    target: sqlite3.Connection, table: str, row: Mapping[str, Any]
) -> Mapping[str, Any]:
    """A row whose account exists. What was spent counts, even if nobody knows for what."""
    account = row["account"]
    if target.execute("SELECT 1 FROM accounts WHERE id = ?", (account,)).fetchone():
        return row
    if table == "responses":
        return {**row, "account": None}
    target.execute(
        "INSERT OR IGNORE INTO accounts (id, run, suite, purpose, prompt, version, digest, model)"
        " VALUES (?1, '', '', 'sample', '', 0, ?2 || ?1, '')",
        (account, LOST_ACCOUNT),
    )
    return row
