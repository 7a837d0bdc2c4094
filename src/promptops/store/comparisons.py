"""What was planned for a comparison when it was first looked at.

The error of a verdict is spent over the looks of one plan.  A second try with more samples, or in
another order, is no new plan but more looks; so the first plan stays.
"""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime

import msgspec

from promptops.store.database import translated


class LookPlan(msgspec.Struct, frozen=True):
    """The plan of a comparison."""

    samples: int
    """Per case and version, as planned at first."""
    seed: int
    """Of the order."""
    reached: int
    """Samples per case that its runs may have been extended to; `samples` at least."""
    created: str = ""
    """UTC, ISO 8601."""


class Comparisons:
    """The comparisons of a store."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def find(self, key: str) -> LookPlan | None:
        """The plan of a comparison that was begun before."""
        with translated(self._connection):
            row = self._connection.execute(
                "SELECT samples, seed, reached, created FROM comparisons WHERE key = ?", (key,)
            ).fetchone()
        return LookPlan(*row) if row else None

    def begin(self, key: str, samples: int, seed: int) -> LookPlan:
        """Write the plan of a comparison before its first look; the first one written stays."""
        created = datetime.now(UTC).isoformat(timespec="seconds")
        with translated(self._connection):
            self._connection.execute(
                "INSERT OR IGNORE INTO comparisons (key, samples, seed, created, reached)"
                " VALUES (?, ?, ?, ?, ?)",
                (key, samples, seed, created, samples),
            )
        found = self.find(key)
        assert found is not None
        return found

    def extend(self, key: str, reached: int) -> None:
        """Write that a comparison goes on to so many samples per case."""
        with translated(self._connection):
            self._connection.execute(
                "UPDATE comparisons SET reached = max(reached, ?) WHERE key = ?", (reached, key)
            )
