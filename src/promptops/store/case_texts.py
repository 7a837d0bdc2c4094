"""The cases of datasets as runs saw them: what a reader sees of a case beside its samples."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from promptops.store.database import translated
from promptops.store.transaction import transaction

ROWS_AT_ONCE = 2000
BYTES_AT_ONCE = 4_000_000
"""Written in one transaction: what is held in memory, and how long others wait."""

UNREADABLE = (msgspec.MsgspecError, zlib.error, TypeError, ValueError)

_LEVEL = 1


class CaseText(msgspec.Struct, frozen=True, array_like=True):
    """A case without its id."""

    columns: dict[str, Any] = {}
    """Bounded by whoever writes them."""
    tags: tuple[str, ...] = ()
    group: str | None = None
    critical: bool = False


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(CaseText)

Row = tuple[str, str, int, bytes]
"""Dataset, case id, position, body."""


class CaseTexts:
    """The cases in a store, by the fingerprint of their dataset and their id.

    The fingerprint does not know the order of a dataset; a case's position is where it stood when
    the dataset was first met.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def lacks(self, dataset: str, cases: int) -> bool:
        """Whether fewer than so many cases of a dataset are kept: a kill or a repair left some."""
        with translated(self._connection):
            (kept,) = self._connection.execute(
                "SELECT count(*) FROM case_texts WHERE dataset = ?", (dataset,)
            ).fetchone()
        return bool(kept < cases)

    def keep(self, dataset: str, cases: Iterable[tuple[str, CaseText]]) -> None:
        """Write the cases of a dataset, id and text, in its order; what is there already stays.

        A part at a time: `cases` may be many.
        """
        rows: list[Row] = []
        size = 0
        for position, (case_id, text) in enumerate(cases):
            body = zlib.compress(_ENCODER.encode(text), _LEVEL)
            rows.append((dataset, case_id, position, body))
            size += len(body)
            if len(rows) >= ROWS_AT_ONCE or size >= BYTES_AT_ONCE:
                self._write(rows)
                rows, size = [], 0
        self._write(rows)

    def find(self, dataset: str, case_ids: Sequence[str]) -> dict[str, CaseText]:
        """Those of the asked cases that are kept, and not damaged, by their ids."""
        with translated(self._connection):
            # The order of the tables is ours, each case a step into the key: left to itself,
            # SQLite goes through the whole dataset.
            rows = self._connection.execute(
                "SELECT case_id, body FROM json_each(?1) AS asked CROSS JOIN case_texts"
                " ON dataset = ?2 AND case_id = asked.value",
                (msgspec.json.encode(case_ids).decode(), dataset),
            ).fetchall()
        found = {}
        for case_id, body in rows:
            try:
                found[case_id] = unpacked_case(body)
            except UNREADABLE:
                continue
        return found

    def _write(self, rows: Sequence[Row]) -> None:
        if not rows:
            return
        with translated(self._connection), transaction(self._connection):
            self._connection.executemany(
                "INSERT OR IGNORE INTO case_texts (dataset, case_id, position, body)"
                " VALUES (?, ?, ?, ?)",
                rows,
            )


def unpacked_case(body: bytes) -> CaseText:
    """The text in a row of the table as it was written.

    Raises:
        ValueError, TypeError, msgspec.MsgspecError, zlib.error: it is damaged.
    """
    return _DECODER.decode(zlib.decompress(body))
