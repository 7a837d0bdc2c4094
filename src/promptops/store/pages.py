"""The rows on the pages of a database file, whether or not a way leads to them.

Where a page high up in a table is lost, SQLite finds nothing below it, though most rows are there.
The format: "Database File Format", sqlite.org/fileformat2.html, sections 1.6 (pages), 2.1 (records)
and 4.1 (the write-ahead log).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from promptops.store.database import beside

Value = None | int | float | str | bytes

PAGE_BYTES = 4096
"""Where the file does not say; it is what SQLite makes."""

LOG_HEADER_BYTES = 32
FRAME_HEADER_BYTES = 24

_INDEX_INTERIOR, _INDEX_LEAF, _TABLE_LEAF = 0x02, 0x0A, 0x0D
_FIRST_CELL = {_INDEX_INTERIOR: 12, _INDEX_LEAF: 8, _TABLE_LEAF: 8}

_INTEGER_BYTES = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
_REAL, _ZERO, _ONE, _FIRST_BLOB, _FIRST_TEXT = 7, 8, 9, 12, 13


class Pages:
    """The pages of a file as of the last commit in its log. Use as a context manager."""

    def __init__(self, file: Path) -> None:
        self._file = file.open("rb")
        log = beside(file)[0]
        self._log = log.open("rb") if log.exists() else None
        self.size = _page_bytes(self._file.read(18))
        self._in_log = self._last_frames()
        whole = self._file.seek(0, 2) // self.size
        self.count = max([whole, *self._in_log])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        if self._log is not None:
            self._log.close()

    def page(self, number: int) -> bytes:
        """A page by its number, from 1; empty or short where the file ends."""
        place = self._in_log.get(number)
        if place is not None and self._log is not None:
            self._log.seek(place)
            return self._log.read(self.size)
        self._file.seek((number - 1) * self.size)
        return self._file.read(self.size)

    def _last_frames(self) -> dict[int, int]:
        """Where in the log the newest committed content of each page is."""
        if self._log is None:
            return {}
        salt = self._log.read(LOG_HEADER_BYTES)[16:24]
        committed: dict[int, int] = {}
        pending: dict[int, int] = {}
        while len(header := self._log.read(FRAME_HEADER_BYTES)) == FRAME_HEADER_BYTES:
            number, pages_after_commit = struct.unpack(">II", header[:8])
            if header[8:16] != salt or not number:
                break  # left over from before the log was begun again
            pending[number] = self._log.tell()
            if pages_after_commit:
                committed.update(pending)
                pending.clear()
            self._log.seek(self.size, 1)
        return committed


def records(pages: Pages) -> Iterator[list[Value]]:
    """Every record that stands on a page, of tables and of indices; a row id goes first.

    What cannot be read is left out.
    """
    for number in range(1, pages.count + 1):
        page = pages.page(number)
        start = 100 if number == 1 else 0  # the file's header is on the first page
        if len(page) < pages.size or page[start] not in _FIRST_CELL:
            continue
        kind = page[start]
        cells = int.from_bytes(page[start + 3 : start + 5], "big")
        pointers = start + _FIRST_CELL[kind]
        for at in range(pointers, min(pointers + 2 * cells, pages.size), 2):
            try:
                yield _cell(pages, page, kind, int.from_bytes(page[at : at + 2], "big"))
            except (IndexError, ValueError, struct.error):
                continue


def _cell(pages: Pages, page: bytes, kind: int, at: int) -> list[Value]:
    if kind == _INDEX_INTERIOR:
        at += 4  # the page to its left
    length, at = _varint(page, at)
    if length > pages.count * pages.size:
        raise ValueError
    row_id: list[Value] = []
    if kind == _TABLE_LEAF:
        number, at = _varint(page, at)
        row_id = [number]
    return row_id + _record(_payload(pages, page, at, length, table=kind == _TABLE_LEAF))


def _payload(pages: Pages, page: bytes, at: int, length: int, *, table: bool) -> bytes:
    """What belongs to a cell: on its page, and the rest on pages that follow each other."""
    size = pages.size
    most = size - 35 if table else (size - 12) * 64 // 255 - 23
    least = (size - 12) * 32 // 255 - 23
    here = length
    if length > most:
        here = least + (length - least) % (size - 4)
        here = here if here <= most else least
    parts, left = [page[at : at + here]], length - here
    following = int.from_bytes(page[at + here : at + here + 4], "big") if left else 0
    while left:
        more = pages.page(following) if 0 < following <= pages.count else b""
        if len(more) < size:
            raise ValueError
        parts.append(more[4 : 4 + min(left, size - 4)])
        left -= len(parts[-1])
        following = int.from_bytes(more[:4], "big")
    return b"".join(parts)


def _record(payload: bytes) -> list[Value]:
    end, at = _varint(payload, 0)
    if end > len(payload):
        raise ValueError
    kinds = []
    while at < end:
        kind, at = _varint(payload, at)
        kinds.append(kind)
    values: list[Value] = []
    for kind in kinds:
        value, end = _value(payload, end, kind)
        values.append(value)
    return values


def _value(payload: bytes, at: int, kind: int) -> tuple[Value, int]:
    if kind == 0:
        return None, at
    if kind in (_ZERO, _ONE):
        return kind - _ZERO, at
    if kind in _INTEGER_BYTES:
        end = at + _INTEGER_BYTES[kind]
        return int.from_bytes(_part(payload, at, end), "big", signed=True), end
    if kind == _REAL:
        return struct.unpack(">d", _part(payload, at, at + 8))[0], at + 8
    if kind < _FIRST_BLOB:
        raise ValueError
    end = at + (kind - _FIRST_BLOB) // 2
    raw = _part(payload, at, end)
    return (raw.decode() if kind % 2 else raw), end


def _part(payload: bytes, at: int, end: int) -> bytes:
    if end > len(payload):
        raise ValueError
    return payload[at:end]


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place in range(8):
        byte = raw[at + place]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + place + 1
    return value << 8 | raw[at + 8], at + 9


def _page_bytes(header: bytes) -> int:
    said = int.from_bytes(header[16:18], "big") if header.startswith(b"SQLite format 3") else 0
    said = 65536 if said == 1 else said
    return said if said >= 512 and not said & (said - 1) else PAGE_BYTES
