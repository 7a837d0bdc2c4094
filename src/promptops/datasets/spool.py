"""A dataset's cases in an unnamed temporary file; in memory only what is asked of all of them."""

from __future__ import annotations

import contextlib
import tempfile
from array import array
from typing import IO

import msgspec

from promptops.datasets.ids import Ids
from promptops.datasets.reserved import row_digest
from promptops.datasets.text import MAX_ROW_BYTES
from promptops.errors import StoreError
from promptops.values.case import Case

DIGEST_BYTES = 32
_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Case)


class TooLargeError(ValueError):
    """A row takes more than `MAX_ROW_BYTES`."""


class Spool:
    """Written once, in order; then read at random. Not for several threads at once."""

    def __init__(self) -> None:
        self.ids = Ids()
        self.lines = array("Q")
        self.critical = bytearray()
        self.tag_sets: list[tuple[str, ...]] = []
        """The distinct combinations of tags."""
        self.tag_set_of = array("I")
        """Which of them each case has."""
        self._set_numbers: dict[tuple[str, ...], int] = {}
        self._digests = bytearray()
        self._ends = array("Q")
        self._size = 0
        try:
            self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - `close` ends it
        except OSError as error:
            raise _unwritable(error) from None

    def __len__(self) -> int:
        return len(self._ends)

    def append(self, case: Case) -> None:
        """Add a case.

        Raises:
            TooLargeError: it is past the limit.
            StoreError: the temporary folder cannot take it.
        """
        data = _ENCODER.encode(case)
        if len(data) > MAX_ROW_BYTES:
            raise TooLargeError
        try:
            self._file.write(data)
        except OSError as error:
            raise _unwritable(error) from None
        self._size += len(data)
        self._ends.append(self._size)
        self._digests += row_digest(case)
        self.ids.append(case.id)
        self.lines.append(case.line)
        self.critical.append(case.critical)
        number = self._set_numbers.setdefault(case.tags, len(self.tag_sets))
        if number == len(self.tag_sets):
            self.tag_sets.append(case.tags)
        self.tag_set_of.append(number)

    def finish(self) -> None:
        """Make what was written readable."""
        try:
            self._file.flush()
        except OSError as error:
            raise _unwritable(error) from None

    def read(self, index: int) -> Case:
        """The case at an index from 0."""
        start = self._ends[index - 1] if index else 0
        self._file.seek(start)
        return _DECODER.decode(self._file.read(self._ends[index] - start))

    def digest(self, index: int) -> bytes:
        """What `row_digest` says of the case at an index."""
        return bytes(self._digests[index * DIGEST_BYTES : (index + 1) * DIGEST_BYTES])

    def close(self) -> None:
        """Let the file go; it vanishes."""
        with contextlib.suppress(OSError):  # what a full folder did not take is not wanted now
            self._file.close()


def _unwritable(error: OSError) -> StoreError:
    return StoreError(
        f"cannot keep the dataset in a temporary file: {error.strerror or error}",
        hint="make room in the temporary folder, or set TMPDIR to another",
    )
