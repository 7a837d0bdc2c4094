"""The files of one revision, as a tree that prompts and their includes are read from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from promptops.documents.lfs import POINTER, LfsPointerError
from promptops.documents.tree import MAX_TEXT_BYTES, decode_text, inside
from promptops.errors import HistoryError, InputError, Location
from promptops.history.objects import ObjectReader
from promptops.history.processes import partial_clone

_LINK, _MODULE, _FOLDER = "120000", "160000", "40000"
_MAX_FOLDERS = 10_000


class Entry(NamedTuple):
    """One name in a folder of a revision."""

    mode: str
    hash: str


class RevisionTree:
    """Files at a commit, by their path from the root of the project. Nothing is read from disk."""

    def __init__(self, objects: ObjectReader, commit: str, prefix: str = "") -> None:
        """`commit` is a full hash; `prefix` the project's folder in git, "" or "a/b/"."""
        self._objects = objects
        self.commit = commit
        self._prefix = prefix
        self._folders: dict[str, dict[str, Entry] | None] = {}

    def read(self, path: str) -> str | None:
        pure = inside(path)
        where = Location(f"{path} at {self.commit[:12]}")
        entry = self.entry(str(pure))
        if entry is None or entry.mode == _FOLDER:
            self._refuse_links(pure.parts, where)
            return None
        if entry.mode in {_LINK, _MODULE}:
            self._refuse_links(pure.parts, where)
        blob = self._objects.read(entry.hash)
        if blob is None:
            raise partial_clone()
        if len(blob.data) > MAX_TEXT_BYTES:
            raise InputError(f"larger than {MAX_TEXT_BYTES // 1024 // 1024} MB", location=where)
        if blob.data.startswith(POINTER):
            raise LfsPointerError(
                str(where),
                hint="keep prompts out of Git LFS: git lfs migrate export --include='prompts/**'",
            )
        return decode_text(blob.data, str(where))

    def list(self, folder: str) -> list[str]:
        pure = str(inside(folder))
        return sorted(self._walk("" if pure == "." else pure))

    def entry(self, path: str) -> Entry | None:
        """Mode and hash of what stands at a path, or None."""
        folder, _, name = path.rpartition("/")
        return (self._folder(folder) or {}).get(name)

    def _refuse_links(self, parts: tuple[str, ...], where: Location) -> None:
        for end in range(1, len(parts) + 1):
            entry = self.entry("/".join(parts[:end]))
            if entry is None:
                return
            if entry.mode == _LINK:
                raise InputError(
                    f"{'/'.join(parts)!r} passes through a symbolic link",
                    location=where,
                    hint="put the file itself there; links are never followed",
                )
            if entry.mode == _MODULE:
                raise InputError(
                    f"{'/'.join(parts)!r} lies in a submodule",
                    location=where,
                    hint="prompts and what they include live in the repository itself",
                )

    def _walk(self, top: str) -> Iterator[str]:
        pending, met = [top], 0
        while pending:
            met += 1
            if met > _MAX_FOLDERS:  # a few objects can pretend to be billions of folders
                raise HistoryError(
                    f"more than {_MAX_FOLDERS:,} folders below {top!r} at {self.commit[:12]}"
                )
            current = pending.pop()
            for name, entry in (self._folder(current) or {}).items():
                path = f"{current}/{name}" if current else name
                if entry.mode == _FOLDER:
                    pending.append(path)
                elif entry.mode not in {_LINK, _MODULE}:
                    yield path

    def _folder(self, folder: str) -> dict[str, Entry] | None:
        if folder not in self._folders:
            place = (self._prefix + folder).rstrip("/")
            found = self._objects.read(f"{self.commit}:{place}")
            self._folders[folder] = (
                _entries(found.data, len(found.hash) // 2)
                if found is not None and found.kind == "tree"
                else None
            )
        return self._folders[folder]


def _entries(data: bytes, width: int) -> dict[str, Entry]:
    """A tree object: `mode name NUL hash` again and again, the hash `width` raw bytes long."""
    found: dict[str, Entry] = {}
    at = 0
    while at < len(data):
        blank = data.index(b" ", at)
        end = data.index(b"\0", blank)
        name = data[blank + 1 : end].decode("utf-8", "surrogateescape")
        found[name] = Entry(data[at:blank].decode(), data[end + 1 : end + 1 + width].hex())
        at = end + 1 + width
    return found
