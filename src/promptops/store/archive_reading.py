"""Taking in responses from a file that another store was exported to.

The file may come from anybody, so nothing in it is believed that can be looked at: every line is
read strictly and put aside, and what was put aside is entered at once, when all of it was right.
"""

from __future__ import annotations

import gzip
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, BinaryIO

import msgspec

from promptops.errors import InputError, Location
from promptops.store.archive import (
    FAMILY,
    SCHEMA,
    End,
    Entry,
    Header,
    Owner,
    PriceEntry,
    Redact,
    entry_digest,
    hide,
    pack,
)
from promptops.store.database import translated
from promptops.store.transaction import transaction
from promptops.store.writing import checksum
from promptops.values.request import canonical_json
from promptops.values.response import Response
from promptops.values.step import Step

MOST_LINE_BYTES = 32 * 1024 * 1024
MOST_BYTES = 8 * 1024 * 1024 * 1024
"""Of a file when it is no longer compressed."""

_LINES = msgspec.json.Decoder(Header | PriceEntry | Entry | End)
_BROKEN = (gzip.BadGzipFile, EOFError, zlib.error)

_INCOMING = {
    "incoming_prices": "digest TEXT PRIMARY KEY, model TEXT, entry TEXT",
    "incoming_accounts": "id INTEGER PRIMARY KEY, run, suite, purpose, prompt, version, digest,"
    " model, UNIQUE (run, suite, purpose, prompt, version, digest, model)",
    "incoming": "request_key TEXT, sample INTEGER, model TEXT, created TEXT, body BLOB,"
    " checksum BLOB, account INTEGER, PRIMARY KEY (request_key, sample)",
}
"""Temporary tables: what comes in is looked at whole before anything of it is taken in."""

_TAKE_PRICES = """
    INSERT INTO prices (digest, model, entry) SELECT digest, model, entry FROM incoming_prices
        WHERE true ON CONFLICT (digest) DO NOTHING
"""
_TAKE_ACCOUNTS = """
    INSERT INTO accounts (run, suite, purpose, prompt, version, digest, model)
        SELECT run, suite, purpose, prompt, version, digest, model FROM incoming_accounts
        WHERE true ON CONFLICT (run, suite, purpose, prompt, version, digest, model) DO NOTHING
"""
_TAKE_RESPONSES = """
    INSERT INTO responses (request_key, sample, model, created, body, checksum, account)
        SELECT request_key, sample, incoming.model, created, body, checksum, ours.id FROM incoming
        LEFT JOIN incoming_accounts AS theirs ON theirs.id = incoming.account
        LEFT JOIN accounts AS ours
            ON (ours.run, ours.suite, ours.purpose, ours.prompt, ours.version, ours.digest,
                ours.model) = (theirs.run, theirs.suite, theirs.purpose, theirs.prompt,
                theirs.version, theirs.digest, theirs.model)
        WHERE true ON CONFLICT (request_key, sample) DO NOTHING
"""


class Imported(msgspec.Struct, frozen=True):
    """What was taken in."""

    responses: int
    """That the store had not."""
    present: int
    """Responses for whose place there was one already, which stayed."""
    prices: int
    """That the store had not."""


def import_from(
    file: BinaryIO, shown: str, connection: sqlite3.Connection, redact: Redact
) -> Imported:
    """Take in what `export_to` wrote: all of it, or nothing.

    What the store has already stays as it is, and the ledger too: nothing was spent here.  `shown`
    is the file's name in messages.

    Raises:
        InputError: the file is damaged, cut off, or no export; up to which line it was right.
        StoreError: the store cannot be written.
    """
    incoming = _Incoming(connection, redact)
    read = 0
    try:
        with translated(connection):
            for line in _lines(file):
                incoming.take(line)
                read += 1
        incoming.hold_complete()
    except (_RefusedError, *_BROKEN) as error:
        lines = "the line before it was" if read == 1 else f"the {read:,} lines before it were"
        before = f"{lines} right; " if read else ""
        raise InputError(
            f"{_told(error)}; nothing was imported",
            location=Location(shown, read + 1),
            hint=f"{before}`promptops cache export FILE` makes such a file",
        ) from None
    return incoming.enter()


class _RefusedError(Exception):
    """A line that `export_to` never writes."""


def _told(error: Exception) -> str:
    if isinstance(error, EOFError):
        return "the file is cut off"
    if isinstance(error, gzip.BadGzipFile | zlib.error):
        return f"the file is damaged, or no export: {error}"
    return str(error)


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """The lines, as long as neither one of them nor all of them are larger than any export."""
    total = 0
    with gzip.GzipFile("", "rb", fileobj=file) as packed:
        while line := packed.readline(MOST_LINE_BYTES + 1):
            total += len(line)
            if len(line) > MOST_LINE_BYTES or total > MOST_BYTES:
                raise _RefusedError("more than an export can hold")
            yield line


class _Incoming:
    """Lines, each looked at and then put aside, until all of them are entered at once."""

    def __init__(self, connection: sqlite3.Connection, redact: Redact) -> None:
        with translated(connection):
            _clear(connection)
        self._connection = connection
        self._redact = redact
        self._accounts: dict[Owner, int] = {}
        self._counts = {"prices": 0, "responses": 0}
        self._begun = self._ended = False

    def take(self, line: bytes) -> None:
        """Look at the next line.

        Raises:
            _RefusedError: it is not what an export holds there.
        """
        try:
            read = _LINES.decode(line)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            raise _RefusedError(f"not a line of an export: {error}") from None
        if isinstance(read, Header) is self._begun or self._ended:
            raise _RefusedError("this line does not belong here")
        if isinstance(read, Header):
            _check_schema(read.schema)
            self._begun = True
        elif isinstance(read, PriceEntry):
            self._price(read)
        elif isinstance(read, Entry):
            self._response(read)
        else:
            self._ended = True
            if self._counts != {"prices": read.prices, "responses": read.responses}:
                raise _RefusedError("lines are missing before this one")

    def hold_complete(self) -> None:
        """Hold that there was a last line.

        Raises:
            _RefusedError: there was none.
        """
        if not self._ended:
            raise _RefusedError("the file is cut off" if self._begun else "the file is empty")

    def enter(self) -> Imported:
        """Take in what was put aside."""
        connection = self._connection
        with translated(connection), transaction(connection):
            prices = connection.execute(_TAKE_PRICES).rowcount
            connection.execute(_TAKE_ACCOUNTS)
            responses = connection.execute(_TAKE_RESPONSES).rowcount
        return Imported(responses, self._counts["responses"] - responses, prices)

    def _price(self, read: PriceEntry) -> None:
        if entry_digest(read.entry) != read.digest:
            raise _RefusedError(f"the price of {read.model[:80]} is not the one it says it is")
        row = (read.digest, read.model, canonical_json(read.entry).decode())
        self._put("prices", "INSERT INTO incoming_prices VALUES (?, ?, ?)", row)

    def _response(self, read: Entry) -> None:
        response = read.response
        try:
            body = pack(response)
            datetime.fromisoformat(read.created)
        except (OverflowError, ValueError) as error:
            raise _RefusedError(f"no response: {error}") from None
        if checksum(body).hex() != read.checksum:
            raise _RefusedError("the response's checksum does not fit")
        _check_amounts(response)
        safe, hidden = hide(response, self._redact)
        body = pack(safe) if hidden else body
        row = (read.key, read.sample, read.model, read.created, body, checksum(body))
        self._put(
            "responses",
            "INSERT INTO incoming VALUES (?, ?, ?, ?, ?, ?, ?)",
            (*row, self._account(read.account)),
        )

    def _account(self, account: Owner | None) -> int | None:
        if account is None:
            return None
        if account not in self._accounts:
            known = self._accounts[account] = len(self._accounts) + 1
            fields = msgspec.structs.astuple(account)
            self._connection.execute(
                "INSERT INTO incoming_accounts VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (known, *fields)
            )
        return self._accounts[account]

    def _put(self, kind: str, statement: str, row: Sequence[Any]) -> None:
        try:
            self._connection.execute(statement, row)
        except sqlite3.IntegrityError:
            raise _RefusedError("the same thing stands in it twice") from None
        self._counts[kind] += 1


def _check_schema(schema: str) -> None:
    if schema != SCHEMA:
        hint = "a newer promptops may read it" if schema.startswith(FAMILY) else "no export"
        raise _RefusedError(f"{schema[:80]!r} is not {SCHEMA!r}: {hint}")


def _check_amounts(response: Response) -> None:
    """Refuse amounts below nothing, which would take from every sum."""
    priced: tuple[Response | Step, ...] = (response, *response.steps)
    for each in priced:
        usage = each.usage
        tokens = usage and (usage.input_tokens, usage.output_tokens, usage.cached_input_tokens)
        if min((each.cost_usd or 0.0, each.latency_seconds or 0.0, *(tokens or ()))) < 0:
            raise _RefusedError("the response has an amount below zero")


def _clear(connection: sqlite3.Connection) -> None:
    for name, columns in _INCOMING.items():
        connection.execute(f"CREATE TEMP TABLE IF NOT EXISTS {name} ({columns})")
        connection.execute(f"DELETE FROM temp.{name}")  # noqa: S608 - our own names
