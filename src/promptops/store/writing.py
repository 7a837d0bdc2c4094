"""One thread that writes what was paid for, in groups of what arrives together."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from itertools import count
from threading import Lock
from typing import Literal

import msgspec

from promptops.errors import StoreError
from promptops.store.database import primary_code, store_error
from promptops.store.migrations import rolled_back
from promptops.values.account import Account

CHECKSUM_BYTES = 16
"""Of a body's SHA-256, kept beside it."""

ATTEMPTS = 3
"""At a group whose commit may or may not have reached the disk. Its rows have their ids before."""

# What ails the file ails every row.
_OF_THE_FILE = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_IOERR,
}
_PASSING = {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CONSTRAINT}
"""What another attempt may mend: a constraint, when an account went away meanwhile."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What is written of one call."""

    key: str
    sample: int
    account: Account
    at: str
    """UTC, ISO 8601."""
    outcome: Literal["answered", "lost"]
    body: bytes | None = None
    """The encoded response; None where there is none."""
    tokens: tuple[int | None, int | None, int | None] = (None, None, None)
    """Input, output, cached input."""
    cost_usd: float | None = None
    at_risk_usd: float | None = None
    price: str | None = None


class _Waiting(msgspec.Struct, frozen=True):
    entry: Entry
    id: bytes
    """Of its ledger row; made before it is written, so that writing it twice writes it once."""
    done: asyncio.Future[None]


def checksum(body: bytes) -> bytes:
    """What is kept beside a body, so that damage to it is seen: 16 bytes of its SHA-256."""
    return hashlib.sha256(body).digest()[:CHECKSUM_BYTES]


class Writer:
    """Writes what was paid for.

    What `write` returns is done once its rows are on disk.  What arrives while one group is being
    written makes up the next.  The writing goes on when those who wait are cancelled, and closing
    waits for it.
    """

    def __init__(self, connection: sqlite3.Connection, thread: Executor) -> None:
        self._connection = connection
        self._thread = thread
        self._lock = Lock()
        self._waiting: list[_Waiting] = []
        self._at_work = False
        self._accounts: dict[Account, int] = {}
        # In order within a run, so that its rows lie together; apart from all others.
        self._id = os.urandom(8)
        self._ids = count()

    def write(self, entry: Entry) -> asyncio.Future[None]:
        """Write an entry, whether or not anybody waits for it.

        What is returned is done when it is on disk, and holds a StoreError where it could not be
        written.
        """
        done = asyncio.get_running_loop().create_future()
        mine = _Waiting(entry, self._id + next(self._ids).to_bytes(8, "big"), done)
        with self._lock:
            self._waiting.append(mine)
            start, self._at_work = not self._at_work, True
        if start:
            self._start()
        return done

    def _start(self) -> None:
        try:
            self._thread.submit(self._work)
        except RuntimeError:
            with self._lock:
                self._waiting.clear()
                self._at_work = False
            raise StoreError("the store is closed: nothing can be written any more") from None

    def _work(self) -> None:
        while True:
            with self._lock:
                group, self._waiting = self._waiting, []
                if not group:
                    self._at_work = False
                    return
            _tell(group, self._write(group))

    def _write(self, group: Sequence[_Waiting]) -> list[StoreError | None]:
        """Write a group; what went wrong with each of its entries."""
        error: Exception | None = None
        for _ in range(ATTEMPTS):
            try:
                self._commit(group)
            except sqlite3.Error as raised:
                error = raised
                if primary_code(raised) not in _PASSING:
                    break
            except Exception as raised:  # noqa: BLE001 - those who wait must hear of it
                error = raised
                break
            else:
                return [None] * len(group)
        if isinstance(error, sqlite3.Error) and primary_code(error) in _OF_THE_FILE:
            return [store_error(error, self._connection) for _ in group]
        if len(group) == 1:
            return [StoreError(f"an answer could not be stored: {error}")]
        return [said for each in group for said in self._write([each])]

    def _commit(self, group: Sequence[_Waiting]) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            accounts = [self._account(each.entry.account) for each in group]
            self._connection.executemany(_KEEP, _response_rows(group, accounts))
            self._connection.executemany(_ENTER, _ledger_rows(group, accounts))
            self._connection.execute("COMMIT")
        except BaseException:
            rolled_back(self._connection)
            self._accounts.clear()  # some of them may have been made in this transaction
            raise

    def _account(self, account: Account) -> int:
        known = self._accounts.get(account)
        if known is None:
            fields = msgspec.structs.astuple(account)
            self._connection.execute(_OPEN_ACCOUNT, fields)
            known = self._connection.execute(_FIND_ACCOUNT, fields).fetchone()[0]
            self._accounts[account] = known
        return known


_KEEP = """
    INSERT INTO responses (request_key, sample, model, created, body, checksum, account)
    VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (request_key, sample) DO NOTHING
"""
_ENTER = """
    INSERT INTO ledger (id, at, account, request_key, sample, outcome, input_tokens,
        output_tokens, cached_input_tokens, cost_usd, at_risk_usd, price)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING
"""
_OPEN_ACCOUNT = """
    INSERT INTO accounts (run, suite, purpose, prompt, version, digest, model)
    VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (run, suite, purpose, prompt, version, digest, model) DO NOTHING
"""
_FIND_ACCOUNT = """
    SELECT id FROM accounts WHERE run = ? AND suite = ? AND purpose = ? AND prompt = ?
        AND version = ? AND digest = ? AND model = ?
"""


def _response_rows(
    group: Sequence[_Waiting], accounts: Sequence[int]
) -> Iterator[tuple[str | int | bytes, ...]]:
    for each, account in zip(group, accounts, strict=True):
        entry = each.entry
        if entry.body is not None:
            model, body = entry.account.model, entry.body
            yield entry.key, entry.sample, model, entry.at, body, checksum(body), account


def _ledger_rows(
    group: Sequence[_Waiting], accounts: Sequence[int]
) -> Iterator[tuple[str | int | float | bytes | None, ...]]:
    for each, account in zip(group, accounts, strict=True):
        entry = each.entry
        yield (
            each.id, entry.at, account, entry.key, entry.sample, entry.outcome, *entry.tokens,
            entry.cost_usd, entry.at_risk_usd, entry.price,
        )  # fmt: skip


def _tell(group: Sequence[_Waiting], errors: Sequence[StoreError | None]) -> None:
    """Wake those who wait, each in the loop where it waits."""
    outcomes: dict[asyncio.AbstractEventLoop, list[_Outcome]] = {}
    for each, error in zip(group, errors, strict=True):
        outcomes.setdefault(each.done.get_loop(), []).append((each.done, error))
    for loop, told in outcomes.items():
        with suppress(RuntimeError):  # it is closed: nobody waits any more
            loop.call_soon_threadsafe(_settle, told)


_Outcome = tuple[asyncio.Future[None], StoreError | None]


def _settle(told: Sequence[_Outcome]) -> None:
    for done, error in told:
        if done.cancelled():
            continue
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)
