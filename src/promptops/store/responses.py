"""Responses that were paid for, by request and sample index; written before they are scored."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Iterable
from concurrent.futures import Executor
from datetime import UTC, datetime
from itertools import islice

import msgspec

from promptops.errors import StoreError
from promptops.store.database import translated
from promptops.store.writing import Entry, Writer, checksum
from promptops.values.account import Account
from promptops.values.response import Response, Usage

Draw = tuple[str, int]
"""A request key and a sample index."""

KEYS_AT_ONCE = 2000
"""In one query that counts."""

_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Response)


class Responses:
    """The responses of a store.

    Writes are committed in groups by one thread: `keep` returns once its rows are on disk, and what
    arrives while one group is being written makes up the next.  Reading has a connection of its
    own, so that it never waits for a commit.
    """

    def __init__(
        self, connection: sqlite3.Connection, writing: sqlite3.Connection, thread: Executor
    ) -> None:
        self._connection = connection
        self._writer = Writer(writing, thread)

    def find(self, draws: Iterable[Draw]) -> dict[Draw, Response]:
        """Those of the asked responses that are kept.

        Raises:
            StoreError: one of them cannot be read any more.
        """
        found: dict[Draw, Response] = {}
        with translated(self._connection):
            for key, sample in draws:
                row = self._connection.execute(
                    "SELECT body, checksum FROM responses WHERE request_key = ? AND sample = ?",
                    (key, sample),
                ).fetchone()
                if row:
                    found[key, sample] = _decoded(key, sample, *row)
        return found

    def drawn_by(self, key: str, sample: int) -> str | None:
        """The run that drew a response; None where it is not kept, or an older store kept it."""
        with translated(self._connection):
            row = self._connection.execute(
                "SELECT accounts.run FROM responses JOIN accounts ON accounts.id = account"
                " WHERE request_key = ? AND sample = ?",
                (key, sample),
            ).fetchone()
        return row[0] if row else None

    def lacks(self, draws: Iterable[Draw]) -> bool:
        """Whether any of the asked responses is not kept."""
        with translated(self._connection):
            return any(
                self._connection.execute(
                    "SELECT 1 FROM responses WHERE request_key = ? AND sample = ?", draw
                ).fetchone()
                is None
                for draw in draws
            )

    def count_kept(self, keys: Iterable[str], first: int, end: int) -> int:
        """How many responses to these requests are kept with a sample index from `first` to `end`.

        `end` itself is outside.  A key that is given twice counts twice.
        """
        found, keys = 0, iter(keys)
        with translated(self._connection):
            while asked := list(islice(keys, KEYS_AT_ONCE)):
                found += self._connection.execute(
                    "SELECT count(*) FROM json_each(?1) AS asked JOIN responses"
                    " ON request_key = asked.value AND sample >= ?2 AND sample < ?3",
                    (msgspec.json.encode(sorted(asked)).decode(), first, end),
                ).fetchone()[0]
        return found

    async def keep(self, key: str, sample: int, response: Response, account: Account) -> None:
        """Write a response, and what it cost; both are on disk when this returns.

        The first response that is written for a draw stays.  The ledger has a row for each, because
        each was paid for.

        Raises:
            StoreError: they could not be written.
        """
        usage = response.usage
        await self._writer.write(
            Entry(
                key=key,
                sample=sample,
                account=account,
                at=_now(),
                body=_encoded(response),
                outcome="answered",
                tokens=_counts(usage),
                cost_usd=response.cost_usd,
                price=response.price,
            )
        )

    def lose(
        self, key: str, sample: int, account: Account, at_risk_usd: float | None
    ) -> Awaitable[None]:
        """Write that a call brought no answer and may be billed all the same.

        `at_risk_usd` is the most that it may have cost; None where that is not known.  It is
        written whether or not anybody waits, and on disk for who does.

        Raises:
            StoreError: to who waits: it could not be written.
        """
        return self._writer.write(
            Entry(
                key=key,
                sample=sample,
                account=account,
                at=_now(),
                outcome="lost",
                at_risk_usd=at_risk_usd,
            )
        )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _counts(usage: Usage | None) -> tuple[int | None, int | None, int | None]:
    if usage is None:
        return (None, None, None)
    return (usage.input_tokens, usage.output_tokens, usage.cached_input_tokens)


def _encoded(response: Response) -> bytes:
    try:
        return _ENCODER.encode(response)
    except (OverflowError, UnicodeEncodeError, TypeError) as error:
        raise StoreError(f"an answer could not be stored: {error}") from None


def decoded_response(body: bytes, kept: bytes | None) -> Response:
    """A response out of its body; `kept` is the body's checksum, which older rows have not.

    Raises:
        ValueError, TypeError, msgspec.MsgspecError: it is damaged.
    """
    if kept is not None and checksum(body) != kept:
        raise ValueError("its checksum does not fit")
    return _DECODER.decode(body)


def _decoded(key: str, sample: int, body: bytes, kept: bytes | None) -> Response:
    try:
        return decoded_response(body, kept)
    except (msgspec.MsgspecError, ValueError, TypeError) as error:
        raise StoreError(
            f"a kept response is damaged (request {key[:12]}, sample {sample}): {error}",
            hint="promptops cache verify --repair removes what is damaged; it is then drawn again",
        ) from None
