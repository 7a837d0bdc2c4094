"""One JSON text, a value at a time, holding no more of it in memory than the value at hand."""

from __future__ import annotations

import codecs
import json
import re
from typing import Any, BinaryIO

from promptops.datasets.text import MAX_ROW_BYTES, bad_utf8, too_large
from promptops.documents.strict_json import DECODER, FAULTS, explain
from promptops.errors import InputError, Location

_CHUNK_BYTES = 256 * 1024
_BLANKS = re.compile(r"[ \t\n\r]*")
_NEAR_END = 16
"""An error this near to the end of what was read may only mean that the rest is still to come."""


class JsonStream:
    """Reads tokens and values from a file.

    Raises, from every method: InputError at the line and column of what is wrong.
    """

    def __init__(self, file: BinaryIO, display: str) -> None:
        self._file = file
        self._display = display
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._buffer = ""
        self._position = 0
        self._ended = False
        # The line of a place at or before `_position`, and where that line starts in the buffer.
        self._counted = 0
        self._line = 1
        self._line_start = 0

    def peek(self) -> str:
        """The next character that is not blank, not taken; empty at the end of the file."""
        while True:
            self._position = _BLANKS.match(self._buffer, self._position).end()  # type: ignore[union-attr]
            if self._position < len(self._buffer):
                return self._buffer[self._position]
            if self._ended:
                return ""
            self._grow()

    def take(self, wanted: str) -> None:
        """Take one character, which must be among `wanted`."""
        found = self.peek()
        if not found or found not in wanted:
            expected = " or ".join(repr(each) for each in wanted)
            got = repr(found) if found else "the end of the file"
            raise self.fail(f"not valid JSON: expected {expected}, got {got}")
        self._position += 1

    def value(self) -> Any:
        """Take the next value, whole."""
        self.peek()
        while True:
            try:
                value, end = DECODER.raw_decode(self._buffer, self._position)
            except FAULTS as error:
                if self._ended or not self._cut(error):
                    message, at, hint = explain(error, self._buffer, self._position)
                    raise self.fail(message, at, hint) from None
            else:
                if end < len(self._buffer) or self._ended:
                    self._position = end
                    return value
            self._grow()

    def end(self) -> None:
        """Nothing may follow."""
        if self.peek():
            raise self.fail("not valid JSON: something follows the end of the value")

    @property
    def line(self) -> int:
        """The line of what comes next, from 1."""
        self.peek()
        return self._locate(self._position).line

    def fail(self, message: str, at: int | None = None, hint: str | None = None) -> InputError:
        """An error at a place in the buffer, or at what comes next."""
        where = self._locate(self._position if at is None else at)
        return InputError(message, location=where, hint=hint)

    def _cut(self, error: Exception) -> bool:
        """Whether an error may come only from the end of what has been read so far."""
        return isinstance(error, json.JSONDecodeError) and (
            error.msg.startswith("Unterminated string")
            or error.pos >= len(self._buffer) - _NEAR_END
        )

    def _locate(self, at: int) -> Location:
        """The place of a position at or behind those that were asked for before."""
        lines = self._buffer.count("\n", self._counted, at)
        if lines:
            self._line += lines
            self._line_start = self._buffer.rfind("\n", self._counted, at) + 1
        self._counted = at
        return Location(self._display, self._line, at - self._line_start + 1)

    def _grow(self) -> None:
        """Drop what was taken and read more: as much again, so that time stays linear."""
        where = self._locate(self._position)
        self._buffer = self._buffer[self._position :]
        self._line_start -= self._position
        self._position = self._counted = 0
        if len(self._buffer) > MAX_ROW_BYTES:
            raise too_large(where)
        data = self._file.read(max(_CHUNK_BYTES, len(self._buffer)))
        self._ended = not data
        try:
            self._buffer += self._decoder.decode(data, final=self._ended)
        except UnicodeDecodeError:
            raise bad_utf8(self._file, self._display) from None
