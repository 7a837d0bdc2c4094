"""Which answers the runs of one suite used, noted down as they are used; the store has the answers.

A run may use millions, so the notes are on disk, in a file without a name that goes when it is
closed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import NamedTuple, Self

from promptops.store.database import translated
from promptops.values.account import Account, Purpose

_TABLES = """
    CREATE TABLE notes (
        key BLOB NOT NULL,
        number INTEGER NOT NULL,
        origin INTEGER NOT NULL,
        kept BLOB NOT NULL,
        PRIMARY KEY (key, number, origin)
    ) WITHOUT ROWID
"""
_NOTE = "INSERT OR IGNORE INTO notes VALUES (?, ?, ?, ?)"
# One answer that served two origins is recorded once, under the first of them.
_RANKED = """
    SELECT key, number, kept, min(rank) AS first FROM notes JOIN ranks USING (origin)
        GROUP BY key, number
"""
_OF_RANK = "SELECT key, number, kept FROM ranked WHERE first = ? ORDER BY key, number"


class Origin(NamedTuple):
    """What answers have in common that lie in one object; sorted, the order of the objects."""

    purpose: Purpose
    model: str
    prompt: str
    digest: str


class Noted(NamedTuple):
    """One answer."""

    key: str
    """Of its request, as it is recorded."""
    number: int
    """Which draw of that it is."""
    kept: str
    """The key that the store has it under."""


class Notes:
    """A context manager."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect("", isolation_level=None)
        self._connection.execute(_TABLES)
        self._connection.execute("BEGIN")
        self._origins: dict[Origin, int] = {}
        self._versions: dict[Origin, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def note(self, noted: Noted, account: Account) -> None:
        """An answer was used, on this account; the same one may be noted again.

        Raises:
            StoreError: there is no room for it.
        """
        origin = Origin(account.purpose, account.model, account.prompt, account.digest)
        number = self._origins.setdefault(origin, len(self._origins))
        self._versions[origin] = max(account.version, self._versions.get(origin, 0))
        row = (bytes.fromhex(noted.key), noted.number, number, bytes.fromhex(noted.kept))
        with translated(None):
            self._connection.execute(_NOTE, row)

    def version(self, origin: Origin) -> int:
        """The author's number of what an answer is of; 0 where there is no prompt."""
        return self._versions[origin]

    def origins(self) -> Sequence[Origin]:
        """All that were noted, sorted; after this nothing more is noted."""
        ranked = sorted(self._origins)
        with translated(None):
            self._connection.execute("CREATE TABLE ranks (origin INTEGER PRIMARY KEY, rank)")
            rows = [(self._origins[origin], rank) for rank, origin in enumerate(ranked)]
            self._connection.executemany("INSERT INTO ranks VALUES (?, ?)", rows)
            self._connection.execute(f"CREATE TABLE ranked AS {_RANKED}")
            self._connection.execute("CREATE INDEX by_rank ON ranked (first, key, number)")
        return ranked

    def of(self, rank: int) -> Iterator[Noted]:
        """The answers of the origin at that place of `origins`, sorted by key and number."""
        with translated(None), closing(self._connection.execute(_OF_RANK, (rank,))) as rows:
            for key, number, kept in rows:
                yield Noted(key.hex(), number, kept.hex())
