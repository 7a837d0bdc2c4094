"""Responses that were paid for, by request and sample index; written before they are scored."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import islice

import msgspec

from promptops.store.database import translated
from promptops.values.response import Response

Draw = tuple[str, int]
"""A request key and a sample index."""

KEYS_AT_ONCE = 2000
"""In one query that counts."""

_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Response)


class Responses:
    """The responses of a store.

    Writes are committed in groups by one thread: `keep` returns once its row is on disk, and the
    rows that arrive while one group is being written make up the next.
    """

    def __init__(self, connection: sqlite3.Connection, writer: ThreadPoolExecutor) -> None:
        self._connection = connection
        self._writer = writer
        self._waiting: list[tuple[str, int, str, str, bytes]] = []
        self._flush: asyncio.Task[None] | None = None

    def find(self, draws: Iterable[Draw]) -> dict[Draw, Response]:
        """Those of the asked responses that are kept."""
        found: dict[Draw, Response] = {}
        with translated():
            for key, sample in draws:
                row = self._connection.execute(
                    "SELECT body FROM responses WHERE request_key = ? AND sample = ?",
                    (key, sample),
                ).fetchone()
                if row:
                    found[key, sample] = _DECODER.decode(row[0])
        return found

    def lacks(self, draws: Iterable[Draw]) -> bool:
        """Whether any of the asked responses is not kept."""
        with translated():
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
        with translated():
            while asked := list(islice(keys, KEYS_AT_ONCE)):
                found += self._connection.execute(
                    "SELECT count(*) FROM json_each(?1) AS asked JOIN responses"
                    " ON request_key = asked.value AND sample >= ?2 AND sample < ?3",
                    (msgspec.json.encode(sorted(asked)).decode(), first, end),
                ).fetchone()[0]
        return found

    async def keep(self, key: str, sample: int, model: str, response: Response) -> None:
        """Write a response; on disk when this returns. The first one written for a draw stays."""
        created = datetime.now(UTC).isoformat(timespec="seconds")
        self._waiting.append((key, sample, model, created, _ENCODER.encode(response)))
        if self._flush is None or self._flush.done():
            self._flush = asyncio.create_task(self._write_groups())
        await asyncio.shield(self._flush)

    async def _write_groups(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            group, self._waiting = self._waiting, []
            await loop.run_in_executor(self._writer, self._write, group)

    def _write(self, group: list[tuple[str, int, str, str, bytes]]) -> None:
        with translated():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                self._connection.executemany(
                    "INSERT OR IGNORE INTO responses VALUES (?, ?, ?, ?, ?)", group
                )
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")
