"""Labels onto disk: whole or not at all, sorted so that two branches merge, each change at once."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import msgspec

from promptops.documents.tree import MAX_TEXT_BYTES, WorkingTree
from promptops.errors import InputError, Location, NoVerdictError
from promptops.labels.files import (
    MAX_COMMENT,
    MAX_TEXT,
    AnyLabel,
    key_of,
    labels_path,
    parse_labels,
    read_labels,
    settled,
)
from promptops.values.label import Label

if sys.platform != "win32":
    import fcntl

_CUT = "…"


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of the labels that were to be written."""

    added: int = 0
    changed: int = 0
    same: int = 0
    """They said nothing new: their lines, and the dates in them, are left alone."""


def keep_labels(tree: WorkingTree, suite: str, new: Iterable[AnyLabel]) -> Kept:
    """Write labels into the file of their suite; each replaces its reviewer's own for that answer.

    An answer that was drawn at random stays one, however its label is changed later.

    The file is read anew under a lock, so that two who label at the same time lose nothing.  When
    this returns the labels are on disk.

    Raises:
        InputError: the file is wrong (with the place), passes through a link, or would be too
            large; nothing was written.
        NoVerdictError: writing failed (a full disk); the file is as it was.
    """
    path = labels_path(suite)
    folder = tree.root / PurePosixPath(path).parent
    with _alone(folder):
        place = tree.locate(path) or tree.root / path
        labels = {key_of(each): each for each in read_labels(tree, suite).all}
        added = changed = same = 0
        for each in new:
            key = key_of(each)
            before = labels.get(key)
            each = _chosen_as(before, each)  # noqa: PLW2901  # the same label, and who it is of
            if before is not None and msgspec.structs.replace(each, at=before.at) == before:
                same += 1
                continue
            added, changed = added + (before is None), changed + (before is not None)
            labels[key] = each
        if added or changed:
            data = _file(settled(list(labels.values())), path)
            _replace(place, data, path)
    return Kept(added, changed, same)


def _chosen_as(before: AnyLabel | None, new: AnyLabel) -> AnyLabel:
    """The new label; by the rule of the one that it replaces, where that says more."""
    if before is None or (before.chosen != "uniform" and new.chosen):
        return new
    return msgspec.structs.replace(new, chosen=before.chosen)


def line_of(label: AnyLabel) -> str:
    """One label as one line of JSON, with nothing in it that acts or hides in an editor."""
    kind = "answer" if isinstance(label, Label) else "pair"
    built = {"kind": kind, **msgspec.to_builtins(label)}
    for name, value in built.items():
        if isinstance(value, str):
            built[name] = value.encode("utf-8", "replace").decode("utf-8")
    text = msgspec.json.encode(built).decode()
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def beginning(text: str) -> str:
    """As much of an answer as its label repeats."""
    return _start(text, MAX_TEXT)


def comment_of(text: str) -> str:
    """A comment on one line, as long as it may be."""
    return _start(" ".join(text.split()), MAX_COMMENT)


def _start(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + _CUT


def _escaped(char: str) -> str:
    units = char.encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def _file(labels: list[AnyLabel], path: str) -> bytes:
    """The whole file; what cannot be read again is not written.

    Raises:
        InputError: it is too large, or a label does not fit.
    """
    text = "".join(line_of(each) + "\n" for each in labels)
    data = text.encode()
    if len(data) > MAX_TEXT_BYTES:
        raise InputError(
            f"the labels would be larger than {MAX_TEXT_BYTES // 1024 // 1024} MB",
            location=Location(path),
            hint="shorten comments, or drop labels of answers that nobody gives any more",
        )
    parse_labels(text, path)
    return data


def _replace(place: Path, data: bytes, path: str) -> None:
    # One name, so that what a kill leaves behind is overwritten by the next label.
    part = place.with_name(f".{place.name}.part")
    try:
        mode = place.stat().st_mode & 0o777 if place.exists() else 0o666
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(place)
        _settle(place.parent)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise NoVerdictError(
            f"cannot write {path}: {error.strerror}", hint="the labels in it are as they were"
        ) from None


def _settle(folder: Path) -> None:
    """Have the new name survive a loss of power, where the system can do that."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Nobody else writes labels into this folder meanwhile.

    Raises:
        InputError: there is no such folder.
    """
    if sys.platform == "win32":
        yield
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise InputError(f"cannot open the folder {folder.name!r}: {error.strerror}") from None
    try:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
