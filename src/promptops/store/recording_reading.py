"""Recorded answers into a store of their own, to be evaluated from; nothing in them is believed.

Objects are read as streams: no more than was announced is unpacked, and what they hold counts only
once all of it was right.
"""

from __future__ import annotations

import gzip
import hashlib
import sqlite3
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from promptops.documents.lfs import POINTER, LfsPointerError
from promptops.documents.tree import WorkingTree
from promptops.errors import InputError, Location
from promptops.store.database import translated
from promptops.store.opening import opened_database
from promptops.store.recording import (
    MOST_LINE_BYTES,
    Answer,
    Contents,
    Line,
    Manifest,
    Turn,
    decoded,
    folder_of,
    object_name,
    response_of,
)
from promptops.store.transaction import transaction
from promptops.store.writing import checksum

_LINES = msgspec.json.Decoder(Line)
_PACK = msgspec.msgpack.Encoder()
_BROKEN = (gzip.BadGzipFile, EOFError, zlib.error)
_OVERHEAD = 4096
"""Bytes that a compressed file may be larger than what is in it, a hundredth aside."""
MOST_DEPTH = 64
"""Of what a tool is called with; what takes an answer apart must not run out of stack."""

_TAKE = """
    INSERT INTO responses (request_key, sample, model, created, body, checksum)
        VALUES (?, ?, ?, ?, ?, ?)
"""
_THERE = "SELECT body FROM responses WHERE request_key = ? AND sample = ?"


def fill(root: Path, tree: WorkingTree, recordings: Mapping[str, Manifest]) -> int:
    """Take the recorded answers of suites into the store below `root`; how many there were.

    Raises:
        InputError: an object is missing, is not what the manifest says, or two of its answers
            contradict each other; with the file and its line.
        StoreError: the store cannot be written.
    """
    taken = 0
    with opened_database(root) as connection, translated(connection), transaction(connection):
        for suite, manifest in recordings.items():
            for contents in manifest.objects:
                taken += _take(connection, tree, suite, contents)
    return taken


def check_object(tree: WorkingTree, suite: str, contents: Contents) -> bool:
    """Whether an object is there, and is what it should be."""
    try:
        return sum(1 for _ in _lines(tree, suite, contents)) == contents.answers
    except InputError:
        return False


def _take(connection: sqlite3.Connection, tree: WorkingTree, suite: str, contents: Contents) -> int:
    path, again = _path(suite, contents), _again(suite)
    number = 0
    for number, line in enumerate(_lines(tree, suite, contents), 1):
        where = Location(path, number)
        read = decoded(_LINES, line, where, again)
        problem = _problem(read, contents)
        if problem is None:
            problem = _put(connection, read, contents.drawn[1])
        if problem:
            raise InputError(problem, location=where, hint=f"{again}  writes it anew")
    if number != contents.answers:
        raise _wrong(suite, contents, f"it holds {number:,} answers and not {contents.answers:,}")
    return number


def _put(connection: sqlite3.Connection, read: Line, created: str) -> str | None:
    """Enter an answer; what is wrong with it."""
    try:
        body = _PACK.encode(response_of(read.response))
    except (OverflowError, RecursionError, UnicodeEncodeError, TypeError) as error:
        return f"an answer that cannot be kept: {error}"
    try:
        row = (read.key, read.index, read.model, created, body, checksum(body))
        connection.execute(_TAKE, row)
    except sqlite3.IntegrityError:
        there = connection.execute(_THERE, (read.key, read.index)).fetchone()
        if there is None or there[0] != body:
            return "two different answers to one request, of this recording or of another suite's"
    return None


def _problem(read: Line, contents: Contents) -> str | None:
    if (read.purpose, read.model) != (contents.purpose, contents.model):
        return "an answer for something else than the manifest says of this object"
    parts: list[Answer | Turn] = [read.response, *read.response.steps]
    if any(_deeper(each.tool_calls, MOST_DEPTH) for each in parts):
        return f"tool calls nested deeper than {MOST_DEPTH}"
    usages = (each.usage for each in parts if each.usage)
    if any(each.cached_input_tokens > each.input_tokens for each in usages):
        return "more tokens out of a cache than were sent"
    return None


def _deeper(value: Any, most: int) -> bool:
    """Whether a JSON value is nested deeper than that."""
    level = [value]
    for _ in range(most):
        inner: list[Any] = []
        for each in level:
            if isinstance(each, dict):
                inner.extend(each.values())
            elif isinstance(each, list):
                inner.extend(each)
        if not inner:
            return False
        level = inner
    return True


def _lines(tree: WorkingTree, suite: str, contents: Contents) -> Iterator[bytes]:
    """The lines of an object; after the last one, it was what the manifest says.

    Raises:
        InputError: it is not.
    """
    place, path = _located(tree, suite, contents), _path(suite, contents)
    number, total, found = 0, 0, hashlib.sha256()
    try:
        with place.open("rb") as file:
            _hold_file(file, suite, contents, place.stat().st_size)
            with gzip.GzipFile("", "rb", fileobj=file) as packed:
                most = min(MOST_LINE_BYTES, contents.bytes) + 1
                while line := packed.readline(most):
                    number += 1
                    total += len(line)
                    if len(line) >= most or total > contents.bytes:
                        raise _wrong(suite, contents, "it is larger than it says", number)
                    found.update(line)
                    yield line
    except _BROKEN as error:
        cut = isinstance(error, EOFError)
        words = "it is cut off" if cut else f"it is damaged: {error}"
        raise _wrong(suite, contents, words, number + 1) from None
    except OSError as error:
        raise InputError(
            f"cannot read the file: {error.strerror}", location=Location(path)
        ) from None
    if total != contents.bytes or found.hexdigest() != contents.sha256:
        raise _wrong(suite, contents, "its contents are not those that it is named after")


def _located(tree: WorkingTree, suite: str, contents: Contents) -> Path:
    path = _path(suite, contents)
    place = tree.locate(path, location=Location(path))
    if place is None:
        raise InputError(
            "the manifest names this file, and it is not there",
            location=Location(path),
            hint=f"commit the whole folder; {_again(suite)}  writes it anew",
        )
    return place


def _hold_file(file: BinaryIO, suite: str, contents: Contents, size: int) -> None:
    """Refuse what cannot be the compressed object before any of it is unpacked."""
    start = file.read(len(POINTER))
    file.seek(0)
    if start == POINTER:
        raise LfsPointerError(_path(suite, contents))
    if size > contents.bytes + contents.bytes // 100 + _OVERHEAD:
        raise _wrong(suite, contents, "the file is larger than its contents")


def _wrong(suite: str, contents: Contents, what: str, line: int = 0) -> InputError:
    return InputError(
        f"this object of the recording is not as the manifest says: {what}",
        location=Location(_path(suite, contents), line),
        hint=f"{_again(suite)}  writes it anew",
    )


def _path(suite: str, contents: Contents) -> str:
    return f"{folder_of(suite)}/{object_name(contents.sha256)}"


def _again(suite: str) -> str:
    return f"promptops eval --record {suite}"
