"""The bytes of a text file as strict UTF-8, a line at a time, whatever their number."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from promptops.errors import InputError, Location

MAX_ROW_BYTES = 64 * 1024 * 1024
_CHUNK_BYTES = 1024 * 1024
_HEAD_BYTES = 512

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
_PACKED = {b"\x1f\x8b": "gzip", b"PK\x03\x04": "zip (or a spreadsheet)", b"PAR1": "parquet"}


def open_text(place: Path, display: str) -> BinaryIO:
    """Open a text file, in bytes, after a look at its first ones.

    Raises:
        InputError: it is UTF-16, packed, or not text at all.
    """
    file = place.open("rb")
    head = file.read(_HEAD_BYTES)
    file.seek(0)
    problem = _not_text(head)
    if problem is None:
        return file
    file.close()
    message, hint = problem
    raise InputError(message, location=Location(display), hint=hint)


def _not_text(head: bytes) -> tuple[str, str] | None:
    """What is wrong with a file that starts so, and how to mend it."""
    for magic, name in _PACKED.items():
        if head.startswith(magic):
            return f"not text but {name}", "unpack or export it, and name it after its format"
    if head.startswith(_UTF_16) or b"\0" in head[0:2] or head[1:8:2] == b"\0\0\0\0":
        return "this is UTF-16 or UTF-32 text, not UTF-8", "save the file as UTF-8"
    if b"\0" in head:
        return "not text: it holds NUL bytes", "save the file as UTF-8 text"
    return None


def text_lines(file: BinaryIO, display: str) -> Iterator[tuple[int, str]]:
    """Yield `(line, text)` from line 1, line ends as LF, a leading BOM dropped.

    Only LF and CRLF end a line.

    Raises:
        InputError: bytes that are not UTF-8, or a line larger than `MAX_ROW_BYTES`.
    """
    number = 0
    while data := file.readline(MAX_ROW_BYTES + 1):
        number += 1
        if len(data) > MAX_ROW_BYTES:
            raise too_large(Location(display, number))
        if number == 1:
            data = data.removeprefix(codecs.BOM_UTF8)
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            column = len(data[: error.start].decode()) + 1
            raise _bad_byte(data[error.start], Location(display, number, column)) from None
        yield number, (text[:-2] + "\n" if text.endswith("\r\n") else text)


def too_large(location: Location) -> InputError:
    """A row that is past the limit."""
    return InputError(
        f"a row of more than {MAX_ROW_BYTES // 1024 // 1024} MB",
        location=location,
        hint="keep large material in files of its own and name them in the row",
    )


def bad_utf8(file: BinaryIO, display: str) -> InputError:
    """The error for a file that is known not to be UTF-8, at the place of the first bad byte."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    line, column, more = 1, 1, True
    while more:
        data = file.read(_CHUNK_BYTES)
        more = bool(data)
        byte: int | None = None
        try:
            good = decoder.decode(data, final=not more)
        except UnicodeDecodeError as error:
            # What the decoder held back from the last chunk stands before this one in `object`.
            byte = error.object[error.start]
            good = error.object[: error.start].decode(
                "utf-8-sig" if line == column == 1 else "utf-8"
            )
        line += good.count("\n")
        column = len(good) - good.rfind("\n") if "\n" in good else column + len(good)
        if byte is not None:
            return _bad_byte(byte, Location(display, line, column))
    return InputError("not UTF-8 text", location=Location(display), hint="save the file as UTF-8")


def _bad_byte(byte: int, location: Location) -> InputError:
    return InputError(
        f"not UTF-8 text (byte 0x{byte:02x})", location=location, hint="save the file as UTF-8"
    )
