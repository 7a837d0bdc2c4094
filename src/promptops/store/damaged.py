"""A connection that reads a damaged database file, whose start may be lost."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from promptops.store.database import beside
from promptops.store.migrations import migrate
from promptops.store.pages import Pages

HEADER_BYTES = 100
_PAGES_AND_FREE_ONES = slice(28, 40)
_PAGES_VALID_FOR = slice(92, 96)
_FIRST_ENTRY = b"\x01\0\0\0\0"


@contextmanager
def readable(file: Path, copy: Path) -> Iterator[sqlite3.Connection | None]:
    """A connection that reads a damaged file, or a copy of it with another start; None if none can.

    The file itself is not changed.  A start (the first page: settings, and where each table begins)
    that cannot be read is replaced by that of a new store, whose first tables begin at the same
    pages.
    """
    with readable_as_it_is(file) as connection:
        if connection is not None:
            yield connection
            return
    start = _start_of_a_new_one(copy, maps_pages=_maps_pages(file))
    for length in (HEADER_BYTES, len(start)):
        _copy(file, copy, start[:length])
        with closing(_opened(copy)) as connection:
            if _has_tables(connection):
                yield connection
                return
    yield None


@contextmanager
def readable_as_it_is(file: Path) -> Iterator[sqlite3.Connection | None]:
    """A connection that reads a damaged file by its own start; None where that is lost."""
    if not file.stat().st_size:  # SQLite would delete the log of an empty one
        yield None
        return
    with closing(_opened(file)) as connection:
        yield connection if _has_tables(connection) else None


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


def _maps_pages(file: Path) -> bool:
    """Whether pages can be moved: then the second page maps those behind it, else it is a table's.

    Its first entry is of the third page, where a table begins (type 1), below no other (page 0).
    "Database File Format", sqlite.org/fileformat2.html, section 1.8.
    """
    with Pages(file) as pages:
        return pages.page(2)[: len(_FIRST_ENTRY)] == _FIRST_ENTRY


def _start_of_a_new_one(scratch: Path, *, maps_pages: bool) -> bytes:
    """The first page of a new store; its number of pages is left for SQLite to find out."""
    scratch.unlink(missing_ok=True)
    with closing(sqlite3.connect(scratch, isolation_level=None)) as connection:
        if maps_pages:
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
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
