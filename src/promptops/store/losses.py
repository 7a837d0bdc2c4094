"""What a damaged file had that could not be carried over, as far as it can still be counted."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import suppress

import msgspec

from promptops.store.salvage import KEYS, LOST_ACCOUNT


class Lost(msgspec.Struct, frozen=True):
    """Rows of one table that are gone, or may be."""

    table: str
    rows: int | None
    """How many; None where nobody knows, nor whether it is any at all."""
    of: int | None
    """How many there were."""


def lost(source: sqlite3.Connection, target: sqlite3.Connection) -> Iterator[Lost]:
    """What of each table is in the damaged file, which `source` reads, and not in the new one."""
    for table in KEYS:
        had = _had(source, table)
        if had is None:
            yield Lost(table, None, None)
            continue
        missing = had - _has(target, table)
        if missing > 0:
            yield Lost(table, missing, had)


def _had(source: sqlite3.Connection, table: str) -> int | None:
    """How many rows a table has, by whichever of its trees is the fullest that can be read.

    None where none can.
    """
    try:
        if not source.execute(f"PRAGMA table_info({table})").fetchall():
            return 0  # there was no such table yet
        listed = source.execute(f"PRAGMA index_list({table})").fetchall()
    except sqlite3.DatabaseError:
        return None
    counts: list[int] = []
    indices = (f'INDEXED BY "{name}"' for _, name, _, origin, _ in listed if origin != "pk")
    for way in ("NOT INDEXED", *indices):
        with suppress(sqlite3.DatabaseError):
            query = f"SELECT count(*) FROM {table} {way}"  # noqa: S608 - our own words
            counts.append(source.execute(query).fetchone()[0])
    return max(counts, default=None)


def _has(target: sqlite3.Connection, table: str) -> int:
    """How many rows there are that stood in the damaged file."""
    query = f"SELECT count(*) FROM {table}"  # noqa: S608 - our own words
    if table == "accounts":  # some may stand in for those that are lost
        query += f" WHERE digest NOT LIKE '{LOST_ACCOUNT}%'"
    return int(target.execute(query).fetchone()[0])
