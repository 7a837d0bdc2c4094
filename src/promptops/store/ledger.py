"""The ledger: what every call cost, whoever's answer is kept.

A row is written for each call that was paid for or may have been, and never taken away: pruning
responses changes nothing that was spent.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from promptops.store.database import translated
from promptops.values.account import Purpose

Dimension = Literal["prompt", "version", "model", "judge", "day", "suite", "run"]

_COLUMNS: dict[Dimension, str] = {
    "prompt": "accounts.prompt",
    "version": "accounts.version",
    "model": "accounts.model",
    "judge": "iif(accounts.purpose = 'judge', accounts.prompt, '')",
    "day": "substr(ledger.at, 1, 10)",
    "suite": "accounts.suite",
    "run": "accounts.run",
}

_SUMS = """
    count(*),
    total(outcome = 'lost'),
    total(outcome = 'answered' AND cost_usd IS NULL),
    total(outcome = 'lost' AND at_risk_usd IS NULL),
    total(outcome = 'answered' AND (input_tokens IS NULL OR output_tokens IS NULL)),
    total(input_tokens),
    total(output_tokens),
    total(cached_input_tokens),
    total(cost_usd),
    total(at_risk_usd)
"""

# A judge's calls stand under the judge's own prompt; what belongs to a prompt is what its runs did.
_OF_NAME = """
    (?2 IS NULL OR accounts.suite = ?2 OR accounts.prompt = ?2 OR accounts.run IN
        (SELECT run FROM accounts WHERE prompt = ?2 AND purpose = 'sample'))
"""


class Spent(msgspec.Struct, frozen=True):
    """What calls came to. Amounts are sums of what is known; what is not known is counted."""

    key: tuple[str | int, ...] = ()
    """Its value on each dimension that was asked for, in that order; versions are integers."""
    purpose: Purpose | None = None
    """Samples, judges and embeddings stand apart; None where they are added up."""
    calls: int = 0
    """Answered and lost ones."""
    lost_calls: int = 0
    """Sent, perhaps billed, and without an answer."""
    unpriced_calls: int = 0
    """Answered, at a price that is not known: `cost_usd` is without them."""
    unbounded_calls: int = 0
    """Lost, and nobody knows what at most they cost: `at_risk_usd` is without them."""
    unmetered_calls: int = 0
    """Answered, without a count of tokens: the tokens are without them."""
    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int = 0
    cost_usd: float = 0.0
    at_risk_usd: float = 0.0
    """The most that the lost calls may have cost."""


class Ledger:
    """The ledger of a store. `Responses` writes it, in the transaction that keeps a response."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def spent(
        self, by: Sequence[Dimension], since: str | None = None, name: str | None = None
    ) -> list[Spent]:
        """What was spent, one element per purpose and per value of the dimensions, sorted by them.

        `since` is the start of a UTC time in ISO 8601, as `2026-05-01`.  `name` is a prompt or a
        suite; what was spent to judge a prompt belongs to it.
        """
        columns = [*(_COLUMNS[each] for each in by), "accounts.purpose"]
        places = ", ".join(str(at + 1) for at in range(len(columns)))
        rows = self._ask(
            f"SELECT {', '.join(columns)}, {_SUMS} FROM ledger"  # noqa: S608 - our own words
            " JOIN accounts ON accounts.id = ledger.account"
            f" WHERE (?1 IS NULL OR ledger.at >= ?1) AND {_OF_NAME}"
            f" GROUP BY {places} ORDER BY {places}",
            (since, name),
        )
        wide = len(by)
        return [_spent(tuple(row[:wide]), row[wide], row[wide + 1 :]) for row in rows]

    def of_run(self, run: str) -> Spent:
        """All that a run spent, on whatever purpose."""
        rows = self._ask(
            f"SELECT {_SUMS} FROM accounts CROSS JOIN ledger ON ledger.account = accounts.id"  # noqa: S608
            " WHERE accounts.run = ?",
            (run,),
        )
        return _spent((), None, rows[0])

    def _ask(self, query: str, values: tuple[str | None, ...]) -> list[tuple[Any, ...]]:
        with translated(self._connection):
            return self._connection.execute(query, values).fetchall()


def _spent(key: tuple[str | int, ...], purpose: Purpose | None, sums: Sequence[float]) -> Spent:
    counts, amounts = map(int, sums[:-2]), sums[-2:]
    return Spent(key, purpose, *counts, *amounts)
