"""One small file out of a zip that anybody may have made.

Nothing is unpacked to disk. The list of contents is measured before it is read: the standard
library makes an object of every line of it.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from typing import BinaryIO

from promptops.errors import InputError

MOST_ENTRIES = 1_000
MOST_OF_LIST = 500_000
"""Bytes of the list of contents."""
MOST_RATIO = 1_100
"""How many times larger than in the zip a file may be: deflate makes 1,032 times of it at best, so
more is a lie. A model that says one letter for ever brings a real report close to that."""

_END = struct.Struct("<4s4H2LH")
_LOCATOR_64 = b"PK\x06\x07"
_ENCRYPTED = 0x1
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    RuntimeError,  # and NotImplementedError, of which there are many
    ValueError,  # and UnicodeDecodeError
)


def read_entry(file: BinaryIO, name: str, most: int) -> bytes:
    """The contents of the entry `name` at the top of a zip, `most` bytes at the most.

    Raises:
        InputError: it is no plain zip, or it is built to do harm, or has no such entry.
    """
    _measure(file)
    try:
        with zipfile.ZipFile(file) as archive:
            entry = _entry(archive, name, most)
            with archive.open(entry) as opened:
                data = opened.read(most + 1)
                rest = opened.read(1)
    except _DAMAGE as error:
        raise InputError(f"the artifact is a zip that cannot be read ({error})") from None
    if rest or len(data) != entry.file_size or len(data) > most:
        raise InputError(f"{name} in the artifact is not as large as the artifact says")
    return data


def _measure(file: BinaryIO) -> None:
    """Hold the list of contents small, by the record at the very end of the zip."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _END.size - 20))
    tail = file.read()
    if len(tail) < _END.size or tail[-_END.size :][:4] != b"PK\x05\x06":
        raise InputError("the artifact is no zip")
    _, _, _, here, entries, length, _, _ = _END.unpack(tail[-_END.size :])
    if _LOCATOR_64 in tail[: -_END.size]:
        raise InputError("the artifact is a zip of a kind that is not read (zip64)")
    if here != entries or entries > MOST_ENTRIES or length > MOST_OF_LIST:
        raise InputError(f"the artifact holds more than {MOST_ENTRIES} files, or says so")
    file.seek(0)


def _entry(archive: zipfile.ZipFile, name: str, most: int) -> zipfile.ZipInfo:
    entries = archive.infolist()
    if len(entries) > MOST_ENTRIES:
        raise InputError(f"the artifact holds more than {MOST_ENTRIES} files")
    for each in entries:
        _hold_inside(each.filename)
    found = [each for each in entries if each.filename == name]
    if len(found) != 1:
        times = "no" if not found else f"{len(found)} times"
        raise InputError(
            f"the artifact holds {times} {name}",
            hint="promptops gate --report-dir DIR  writes it; upload DIR",
        )
    (entry,) = found
    if entry.flag_bits & _ENCRYPTED:
        raise InputError(f"{name} in the artifact is encrypted")
    if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise InputError(f"{name} in the artifact is packed in a way that is not read")
    if entry.file_size > most:
        raise InputError(f"{name} in the artifact is larger than {most:,} bytes")
    if entry.file_size > MOST_RATIO * max(entry.compress_size, 1):
        raise InputError(f"{name} in the artifact says that it is packed more tightly than can be")
    return entry


def _hold_inside(name: str) -> None:
    parts = name.replace("\\", "/").split("/")
    if name.startswith(("/", "\\")) or ".." in parts or ":" in parts[0] or len(name) > 1_000:
        raise InputError("the artifact holds a file that would lie outside of it")
