"""Entries of price lists as they were when a cost was worked out by them."""

from __future__ import annotations

import sqlite3

from promptops.store.database import translated


class PriceEntries:
    """The price entries of a store, by their digests; a cost names the one it was worked out by."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def keep(self, digest: str, model: str, entry: str) -> None:
        """Write an entry (canonical JSON); one that is there already stays."""
        with translated(self._connection):
            self._connection.execute(
                "INSERT INTO prices (digest, model, entry) VALUES (?, ?, ?)"
                " ON CONFLICT (digest) DO NOTHING",
                (digest, model, entry),
            )

    def find(self, digest: str) -> tuple[str, str] | None:
        """The model and the entry (canonical JSON) of a digest."""
        with translated(self._connection):
            row = self._connection.execute(
                "SELECT model, entry FROM prices WHERE digest = ?", (digest,)
            ).fetchone()
        return (row[0], row[1]) if row else None
