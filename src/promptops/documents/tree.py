"""A tree of files that no path leads out of: the working directory, or a revision."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Protocol

from promptops.documents.lfs import POINTER, LfsPointerError
from promptops.errors import InputError, Location

MAX_TEXT_BYTES = 4 * 1024 * 1024


class Tree(Protocol):
    """Files by their path from the root of the project, written with `/`."""

    def read(self, path: str) -> str | None:
        """The text of a file, or None where there is no such file.

        Raises:
            InputError: the path leaves the tree, is a symbolic link, too large, not UTF-8, or a
                Git LFS pointer.
        """
        ...

    def list(self, folder: str) -> list[str]:
        """Paths from the root of the files below a folder, sorted."""
        ...


def inside(path: str, *, location: Location | None = None) -> PurePosixPath:
    """A relative path that stays below the root.

    Raises:
        InputError: it is absolute, climbs with `..`, or holds what no file name may.
    """
    pure = PurePosixPath(path)
    bad = (
        not path
        or pure.is_absolute()
        or ".." in pure.parts
        or "\\" in path
        or "\0" in path
        or (len(path) > 1 and path[1] == ":")
    )
    if bad:
        raise InputError(
            f"the path {path!r} is not inside the project",
            location=location,
            hint="write it relative to its folder, without '..'",
        )
    return pure


def decode_text(data: bytes, path: str) -> str:
    """UTF-8 text with a leading BOM dropped and line ends as LF.

    Raises:
        InputError: the bytes are not UTF-8; names the line and column of the first bad one.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # `object` is without the BOM, and `start` counts from there.
        before = error.object[: error.start].decode()
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise InputError(
            f"not UTF-8 text (byte 0x{error.object[error.start]:02x})",
            location=Location(path, line, column),
            hint="save the file as UTF-8",
        ) from None
    return text.replace("\r\n", "\n")


class WorkingTree:
    """The files on disk below `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def locate(self, path: str, *, location: Location | None = None) -> Path | None:
        """The place on disk of a regular file, or None where there is none.

        Raises:
            InputError: the path leaves the tree, passes through a link, or is no regular file.
        """
        current, mode = self.root, stat.S_IFDIR
        for part in inside(path, location=location).parts:
            current = current / part
            try:
                mode = os.lstat(current).st_mode
            except (FileNotFoundError, NotADirectoryError):
                return None
            except OSError as error:
                raise InputError(
                    f"cannot read {path!r}: {error.strerror}", location=location
                ) from None
            if stat.S_ISLNK(mode):
                raise InputError(
                    f"{path!r} passes through a symbolic link",
                    location=location or Location(path),
                    hint="put the file itself there; links are never followed",
                )
        if not stat.S_ISREG(mode):
            raise InputError(f"{path!r} is not a regular file", location=location)
        return current

    def read(self, path: str) -> str | None:
        place = self.locate(path)
        if place is None:
            return None
        try:
            with place.open("rb") as file:
                data = file.read(MAX_TEXT_BYTES + 1)
        except OSError as error:
            raise InputError(
                f"cannot read the file: {error.strerror}", location=Location(path)
            ) from None
        if len(data) > MAX_TEXT_BYTES:
            raise InputError(
                f"larger than {MAX_TEXT_BYTES // 1024 // 1024} MB", location=Location(path)
            )
        if data.startswith(POINTER):
            raise LfsPointerError(path)
        return decode_text(data, path)

    def list(self, folder: str) -> list[str]:
        return sorted(self._walk(self.root / inside(folder), folder))

    def _walk(self, place: Path, path: str) -> Iterator[str]:
        try:
            entries = list(os.scandir(place))
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            raise InputError(
                f"cannot list the folder: {error.strerror}", location=Location(path)
            ) from None
        for entry in entries:
            below = f"{path}/{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                yield from self._walk(Path(entry.path), below)
            elif entry.is_file(follow_symlinks=False):
                yield below
