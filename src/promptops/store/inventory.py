"""What is kept: how much, by prompt, since when, what it cost once; and the size of the file."""

from __future__ import annotations

import sqlite3
from collections.abc import Hashable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from promptops.store.database import FILE, FOLDER, beside, store_error, translated
from promptops.values.account import Purpose

K = TypeVar("K", bound=Hashable)

PAGES_AT_ONCE = 1000
"""Given back to the file system in one step, where others may be writing."""

_INCREMENTAL = 2
_IN_THE_WAY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL)


class Amount(msgspec.Struct, frozen=True):
    """How much some responses are."""

    responses: int = 0
    bytes: int = 0
    """Of their bodies."""
    cost_usd: float = 0.0
    """What they cost once, as far as that is known: so about what drawing them again would."""
    unpriced: int = 0
    """Responses whose cost is not known; `cost_usd` is without them."""

    def __add__(self, other: Amount) -> Amount:
        return Amount(
            self.responses + other.responses,
            self.bytes + other.bytes,
            self.cost_usd + other.cost_usd,
            self.unpriced + other.unpriced,
        )


class Share(msgspec.Struct, frozen=True):
    """What is kept of one prompt, for one purpose."""

    prompt: str
    """Empty where nothing says whose the responses are."""
    purpose: Purpose | None
    """None: they were drawn before it was written down."""
    amount: Amount


class Texts(msgspec.Struct, frozen=True):
    """How much of what reports show beside answers there is."""

    prompts: int = 0
    """Texts of prompts' versions."""
    cases: int = 0
    """Cases of datasets."""
    bytes: int = 0
    """Of both, as they are kept: compressed."""

    def __add__(self, other: Texts) -> Texts:
        return Texts(
            self.prompts + other.prompts, self.cases + other.cases, self.bytes + other.bytes
        )


class Contents(msgspec.Struct, frozen=True):
    """What a store holds."""

    file_bytes: int
    """Of the file, and of the log beside it."""
    free_bytes: int
    """Within the file, for what is kept next."""
    total: Amount
    runs: int
    oldest: str | None
    """When the first of the responses was drawn (UTC, ISO 8601); None where there are none."""
    newest: str | None
    shares: list[Share]
    """The largest first."""
    texts: Texts = Texts()
    """What else reports show."""


class _Priced(msgspec.Struct, frozen=True, tag="response"):
    """As much of a response as says what it cost."""

    cost_usd: float | None = None


_PRICES = msgspec.msgpack.Decoder(_Priced)

# Whose a response is: its account's prompt, else that of a run that used it.
_OWNERS = """
    INSERT OR IGNORE INTO temp.owners SELECT samples.request_key, runs.prompt
        FROM runs JOIN samples ON samples.run = runs.id
"""
_BODIES = """
    SELECT coalesce(accounts.prompt, owners.prompt, ''), accounts.purpose, responses.body
        FROM responses LEFT JOIN accounts ON accounts.id = responses.account
        LEFT JOIN temp.owners
            ON responses.account IS NULL AND owners.request_key = responses.request_key
"""
_SPAN = "SELECT min(created), max(created), total(account IS NULL) FROM responses"


def contents(connection: sqlite3.Connection, root: Path) -> Contents:
    """What the store of the project at `root` holds, as of one moment.

    Raises:
        StoreError: it cannot be read.
    """
    with translated(connection):
        find_owners(connection, wanted=False)
        connection.execute("BEGIN")
        try:
            oldest, newest, unaccounted = connection.execute(_SPAN).fetchone()
            find_owners(connection, wanted=bool(unaccounted))
            rows = connection.execute(_BODIES)
            found = amounts(((prompt, purpose), body) for prompt, purpose, body in rows)
            (runs,) = connection.execute("SELECT count(*) FROM runs").fetchone()
            texts = texts_among(connection)
        finally:
            connection.execute("COMMIT")
        pages, size = (
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("freelist_count", "page_size")
        )
    shares = [Share(prompt, purpose, amount) for (prompt, purpose), amount in found.items()]
    shares.sort(key=lambda each: (-each.amount.bytes, each.prompt, each.purpose or ""))
    return Contents(
        file_bytes=file_bytes(root),
        free_bytes=pages * size,
        total=sum(found.values(), Amount()),
        runs=runs,
        oldest=oldest,
        newest=newest,
        shares=shares,
        texts=texts,
    )


def texts_among(
    connection: sqlite3.Connection, prompts: str = "true", cases: str = "true"
) -> Texts:
    """How much those texts and cases are for which a condition of SQL of ours holds."""
    counts = [
        connection.execute(
            f"SELECT count(*), ifnull(sum(length(body)), 0) FROM {table} WHERE {where}"  # noqa: S608
        ).fetchone()
        for table, where in (("prompt_texts", prompts), ("case_texts", cases))
    ]
    return Texts(counts[0][0], counts[1][0], counts[0][1] + counts[1][1])


def file_bytes(root: Path) -> int:
    """How large the file of a store is, with the log beside it; 0 where there is none."""
    file = root / FOLDER / FILE
    return sum(each.stat().st_size for each in (file, beside(file)[0]) if each.exists())


def shrink(connection: sqlite3.Connection, *, alone: bool) -> bool:
    """Give free pages back to the file system; answers whether that could be done.

    A file whose pages cannot be moved one by one is written anew, but only when no run is under way
    (`alone`): that holds the file for as long as it takes.

    Raises:
        StoreError: the file cannot be read or written.
    """
    try:
        if alone:
            connection.execute("VACUUM")
        elif connection.execute("PRAGMA auto_vacuum").fetchone()[0] == _INCREMENTAL:
            while connection.execute("PRAGMA freelist_count").fetchone()[0]:
                connection.execute(f"PRAGMA incremental_vacuum({PAGES_AT_ONCE})").fetchall()
        else:
            return False
        # The file keeps its size until the log is copied into it.
        mode = "TRUNCATE" if alone else "PASSIVE"
        (held, *_) = connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF in _IN_THE_WAY:
            return False
        raise store_error(error, connection) from None
    return not held


def unaccounted(connection: sqlite3.Connection) -> int:
    """How many responses were kept before it was written down whom they were drawn for.

    Raises:
        StoreError: the store cannot be read.
    """
    with translated(connection):
        (count,) = connection.execute(
            "SELECT count(*) FROM responses WHERE account IS NULL"
        ).fetchone()
    return int(count)


def find_owners(connection: sqlite3.Connection, *, wanted: bool) -> None:
    """Fill the temporary table `owners`: request key to the prompt of a run that used it.

    Only responses without an account need it; it is left empty where it is not `wanted`.
    """
    connection.execute(
        "CREATE TEMP TABLE IF NOT EXISTS owners (request_key TEXT PRIMARY KEY, prompt TEXT)"
    )
    connection.execute("DELETE FROM temp.owners")
    if wanted:
        connection.execute(_OWNERS)


def amounts(bodies: Iterable[tuple[K, bytes]]) -> dict[K, Amount]:
    """How much bodies are, added up by whatever stands before each."""
    found: dict[K, list[Any]] = {}
    for key, body in bodies:
        sums = found.setdefault(key, [0, 0, 0.0, 0])
        cost = _cost(body)
        sums[0] += 1
        sums[1] += len(body)
        sums[2] += cost or 0.0
        sums[3] += cost is None
    return {key: Amount(*sums) for key, sums in found.items()}


def _cost(body: bytes) -> float | None:
    try:
        return _PRICES.decode(body).cost_usd
    except msgspec.DecodeError:  # damaged: `verify` tells of it
        return None
