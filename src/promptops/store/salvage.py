"""What can still be read of a damaged database file.

SQLite reads a table in the order of its key until it meets a damaged page.  So each table is read
from both ends, in many short ranges where its keys are spread evenly, and every row that comes is
looked at: a damaged page may bring rows that were never written.
"""

from __future__ import annotations

import shutil
import sqlite3
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from itertools import islice
from pathlib import Path
from types import NoneType
from typing import Any

import msgspec

from promptops.store.database import beside
from promptops.store.migrations import migrate, rolled_back
from promptops.store.pages import Pages, records
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
}  # fmt: skip
_SHORTER = {("responses", 5), ("runs", 9)}
"""Rows from before their tables had all their columns."""
_DOCUMENTS = {"prices": "entry", "begun": "choices"}
"""Columns of JSON objects."""

ROWS_AT_ONCE = 500

HEADER_BYTES = 100
_PAGES_AND_FREE_ONES = slice(28, 40)
_PAGES_VALID_FOR = slice(92, 96)

_RESPONSES = msgspec.msgpack.Decoder(Response)
_SAMPLES = msgspec.msgpack.Decoder(SampleRecord)
_REPORTS = msgspec.msgpack.Decoder(Report)
_CASES = msgspec.msgpack.Decoder(list[CaseReport])


@contextmanager
def readable(file: Path, copy: Path) -> Iterator[sqlite3.Connection | None]:
    """A connection that reads a damaged file, or a copy of it with another start; None if none can.

    The file itself is not changed.  A start (the first page: settings, and where each table begins)
    that cannot be read is replaced by that of a new store, whose first tables begin at the same
    pages.
    """
    if file.stat().st_size:  # SQLite would delete the log of an empty one
        with closing(_opened(file)) as connection:
            if _has_tables(connection):
                yield connection
                return
    start = _start_of_a_new_one(copy)
    for length in (HEADER_BYTES, len(start)):
        _copy(file, copy, start[:length])
        with closing(_opened(copy)) as connection:
            if _has_tables(connection):
                yield connection
                return
    yield None


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


def _opened(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{file.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None
    )
    connection.text_factory = _text
    return connection


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")  # such a row is refused when it is written


def _has_tables(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("PRAGMA writable_schema = ON")  # also: read on where sizes disagree
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
        found = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        return "responses" in {row[0] for row in found}
    except sqlite3.DatabaseError:
        return False


def _start_of_a_new_one(scratch: Path) -> bytes:
    """The first page of a new store; its number of pages is left for SQLite to find out."""
    scratch.unlink(missing_ok=True)
    with closing(sqlite3.connect(scratch, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        migrate(connection)
    page = bytearray(scratch.read_bytes()[: 1 << 16])
    del page[int.from_bytes(page[16:18], "big") :]
    page[_PAGES_AND_FREE_ONES] = bytes(12)
    page[_PAGES_VALID_FOR] = bytes(4)
    return bytes(page)


def _copy(file: Path, copy: Path, start: bytes) -> None:
    for old, new in zip((file, *beside(file)), (copy, *beside(copy)), strict=True):
        new.unlink(missing_ok=True)
        if old.exists() and not old.name.endswith("-shm"):
            shutil.copyfile(old, new)
            new.chmod(0o600)
    with copy.open("r+b") as opened:
        opened.write(start)


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
        " VALUES (?1, '', '', 'sample', '', 0, 'lost ' || ?1, '')",
        (account,),
    )
    return row
