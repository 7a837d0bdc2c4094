"""Answers that runs used, out of the store and into files beside the suite.

New objects are written first, then the manifest, then what it no longer names is removed: whenever
it is broken off, the manifest that is there names objects that are there.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from promptops.documents.tree import WorkingTree
from promptops.errors import InputError, Location, NoVerdictError, StoreError
from promptops.store.archive import Redact, hide
from promptops.store.database import translated
from promptops.store.recording import (
    MANIFEST,
    MOST_BYTES,
    MOST_LINE_BYTES,
    MOST_OBJECTS,
    SCHEMA,
    Contents,
    Line,
    Manifest,
    RecordedRun,
    answer_of,
    folder_of,
    manifest_of,
    object_name,
    read_manifest,
)
from promptops.store.recording_notes import Noted, Notes, Origin
from promptops.store.recording_reading import check_object
from promptops.store.responses import Responses
from promptops.values.response import Response

OBJECT_BYTES = 8 * 1024 * 1024
"""Of one object, uncompressed; more answers of one origin make several."""
_LEVEL = 9
_OURS = re.compile(
    r"(?:[0-9a-f]{64}\.jsonl\.gz|\.(?:manifest\.json|[0-9a-f]{64}\.jsonl\.gz)\.[0-9a-f]{8}\.tmp)\Z"
)
_CREATED = "SELECT created FROM responses WHERE request_key = ? AND sample = ?"
_WRITE = msgspec.json.Encoder(order="deterministic")


@dataclass(frozen=True, slots=True)
class Written:
    """What was recorded."""

    folder: str
    """From the root of the project."""
    files: int
    """Of the recording, its manifest included."""
    new: int
    """Files that were not there before, or said something else."""
    answers: int
    bytes: int
    """Of all files, as they are on disk."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Where the answers are, and how they are made fit to leave this machine."""

    responses: Responses
    connection: sqlite3.Connection
    """To the same store."""
    redact: Redact


def check_place(tree: WorkingTree, suite: str) -> None:
    """Hold that a recording can be written, before anything is spent.

    Raises:
        InputError: its folder is a file, a link, or may not be written to.
    """
    path = manifest_of(suite)
    tree.locate(path)
    folder = tree.root / folder_of(suite)
    if folder.exists() and not folder.is_dir():
        raise InputError(
            "a file stands where the recording goes", location=Location(folder_of(suite))
        )
    there = next(each for each in (folder, *folder.parents) if each.exists())
    if not os.access(there, os.W_OK):
        raise InputError(
            "the recording cannot be written: its folder may not be written to",
            location=Location(folder_of(suite)),
        )


def announced(suite: str, recorded: str, runs: Sequence[RecordedRun]) -> Manifest:
    """A manifest of runs before their answers are written; `recorded` is the moment, in UTC."""
    return Manifest(SCHEMA, suite, recorded, list(runs), [])


def write(tree: WorkingTree, manifest: Manifest, notes: Notes, kept: Kept) -> Written:
    """Write the recording of a suite, and remove what an older one no longer needs.

    `manifest` is without its objects.  Where nothing but its moment differs, the older one stays.

    Raises:
        InputError: it cannot be written where it belongs, or is too large to be one.
        NoVerdictError: writing failed halfway (a full disk); the older recording is whole.
    """
    suite = manifest.suite
    check_place(tree, suite)
    folder = tree.root / folder_of(suite)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        writing = _Writing(tree, suite, folder)
        for rank, origin in enumerate(notes.origins()):
            for packed in _packed(notes.of(rank), origin, notes.version(origin), kept):
                writing.add(packed)
        manifest = msgspec.structs.replace(manifest, objects=writing.objects)
        text = _text(_older(tree, manifest), kept.redact)
        place = folder / MANIFEST
        if not place.is_file() or place.read_bytes() != text:
            _replace(place, text)
            writing.new += 1
        _prune(folder, {object_name(each.sha256) for each in writing.objects})
        names = [MANIFEST, *(object_name(each.sha256) for each in writing.objects)]
        size = sum((folder / name).stat().st_size for name in names)
    except OSError as error:
        raise NoVerdictError(
            f"the recording cannot be written: {error.strerror}",
            hint="the answers are kept: the same command goes on from here",
        ) from None
    answers = sum(each.answers for each in writing.objects)
    return Written(folder_of(suite), len(names), writing.new, answers, size)


@dataclass(slots=True)
class _Writing:
    """The objects of a recording, written as they come."""

    tree: WorkingTree
    suite: str
    folder: Path
    objects: list[Contents] = field(default_factory=list)
    new: int = 0
    total: int = 0

    def add(self, packed: _Object) -> None:
        contents = packed.contents()
        self.total += contents.bytes
        if self.total > MOST_BYTES or len(self.objects) == MOST_OBJECTS:
            raise InputError(
                f"a recording holds {MOST_BYTES // 2**20} MB of answers at most",
                location=Location(folder_of(self.suite)),
                hint="record fewer: --samples, --tag, or a smaller dataset",
            )
        # Another zlib packs the same lines otherwise: what is sound stays as it is.
        if not check_object(self.tree, self.suite, contents):
            # No name and no time in it: the same lines make the same file.
            _replace(
                self.folder / object_name(contents.sha256),
                gzip.compress(b"".join(packed.lines), _LEVEL, mtime=0),
            )
            self.new += 1
        self.objects.append(contents)


@dataclass(slots=True)
class _Object:
    """The lines of one object, and what they come to."""

    origin: Origin
    version: int
    lines: list[bytes] = field(default_factory=list)
    size: int = 0
    moments: list[str] = field(default_factory=list)
    responses: list[tuple[int, int, float | None]] = field(default_factory=list)
    """Tokens in and out, and cost."""

    def add(self, line: bytes, response: Response, created: str) -> None:
        self.lines.append(line)
        self.size += len(line)
        moments = [*self.moments, created]
        self.moments = [min(moments), max(moments)]
        usage = response.usage
        used = (usage.input_tokens, usage.output_tokens) if usage else (0, 0)
        self.responses.append((*used, response.cost_usd))

    def contents(self) -> Contents:
        costs = [cost for *_, cost in self.responses if cost is not None]
        return Contents(
            sha256=hashlib.sha256(b"".join(self.lines)).hexdigest(),
            bytes=self.size,
            answers=len(self.lines),
            purpose=self.origin.purpose,
            model=self.origin.model,
            prompt=self.origin.prompt,
            version=self.version,
            digest=self.origin.digest,
            drawn=(self.moments[0], self.moments[-1]),
            input_tokens=sum(each[0] for each in self.responses),
            output_tokens=sum(each[1] for each in self.responses),
            cost_usd=float(f"{sum(costs):.12g}") if costs else None,
            unpriced=len(self.responses) - len(costs),
        )


def _packed(noted: Iterator[Noted], origin: Origin, version: int, kept: Kept) -> Iterator[_Object]:
    """The objects of one origin."""
    made = _Object(origin, version)
    for each in noted:
        response, created = _had(each, kept)
        response, _ = hide(response, kept.redact)
        answer = answer_of(response)
        line = _WRITE.encode(Line(each.key, each.number, origin.purpose, origin.model, answer))
        if len(line) >= MOST_LINE_BYTES:
            raise InputError(
                f"an answer of {len(line) // 2**20} MB is too large to be recorded",
                hint="a lower max_tokens keeps answers short",
            )
        if made.lines and made.size + len(line) >= OBJECT_BYTES:
            yield made
            made = _Object(origin, version)
        made.add(line + b"\n", response, created)
    if made.lines:
        yield made


def _had(noted: Noted, kept: Kept) -> tuple[Response, str]:
    slot = (noted.kept, noted.number)
    found = kept.responses.find([slot]).get(slot)
    with translated(kept.connection):
        row = kept.connection.execute(_CREATED, slot).fetchone()
    if found is None or row is None:
        raise StoreError(
            "an answer that the run used is not kept any more",
            hint="run the command again: it is drawn anew",
        )
    return found, row[0]


def _older(tree: WorkingTree, manifest: Manifest) -> Manifest:
    """The same with the moment of the one that is there, where nothing else differs."""
    try:
        there = read_manifest(tree, manifest.suite)
    except InputError:
        return manifest
    same = msgspec.structs.replace(manifest, recorded=there.recorded)
    return same if same == there else manifest


def _text(manifest: Manifest, redact: Redact) -> bytes:
    safe = msgspec.convert(redact(msgspec.to_builtins(manifest)), Manifest)
    return msgspec.json.format(_WRITE.encode(safe), indent=2) + b"\n"


def _replace(place: Path, data: bytes) -> None:
    """A file that is there whole or not at all."""
    temporary = place.with_name(f".{place.name}.{secrets.token_hex(4)}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(place)
    finally:
        temporary.unlink(missing_ok=True)


def _prune(folder: Path, named: set[str]) -> None:
    """Remove objects that the manifest does not name, and what a broken-off recording left."""
    for each in folder.iterdir():
        if _OURS.match(each.name) and each.name not in named and not each.is_dir():
            each.unlink()
