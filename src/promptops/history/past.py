"""The project as it was at a commit, or before there was anything."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from promptops.documents.tree import Tree, WorkingTree, inside
from promptops.errors import HistoryError, InputError
from promptops.history.baseline import state_at
from promptops.history.lineage import ABSENT, State, state_in
from promptops.history.objects import ObjectReader
from promptops.history.repository import Repository
from promptops.history.revision_tree import RevisionTree
from promptops.prompts.includes import FOLDER
from promptops.prompts.loading import prompt_path

_FILE_MODES = frozenset({"100644", "100755"})
_AT_ONCE = 1 << 20


class _Nothing:
    """No file at all."""

    def read(self, path: str) -> str | None:
        del path
        return None

    def list(self, folder: str) -> list[str]:
        del folder
        return []


class Past:
    """Prompts and files at a commit, beside the working tree's. Close it, or use `with`."""

    def __init__(self, repository: Repository, commit: str | None, working: WorkingTree) -> None:
        """`commit` is a full hash, or None where nothing comes before."""
        self._repository = repository
        self._commit = commit
        self._working = working
        self._objects = ObjectReader(repository.top)
        self._tree: RevisionTree | None = repository.tree(commit) if commit else None

    @property
    def tree(self) -> Tree:
        """The texts of that time."""
        return self._tree or _Nothing()

    def prompt(self, name: str) -> State:
        """What a prompt of the working tree was, by the name that it had then.

        Raises:
            HistoryError: git cannot answer. A file that cannot be read is part of the state.
        """
        if self._tree is None or self._commit is None:
            return ABSENT
        path = prompt_path(str(inside(name)))
        if self._tree.entry(path) is not None or not self._tree.list(FOLDER):
            return state_in(self._tree, path)
        return state_at(self._repository, name, self._working, self._commit)

    def same(self, path: str, place: Path) -> bool:
        """Whether the file at a path of that time has the very bytes of one on disk."""
        found = self._hash(path)
        return found is not None and found == blob_hash(place, len(found))

    def data(self, path: str) -> bytes | None:
        """The bytes of a file of that time; None where there was none.

        Raises:
            HistoryError: it is too large to be compared, or git cannot answer.
        """
        found = self._hash(path)
        blob = self._objects.read(found) if found else None
        return blob.data if blob else None

    def _hash(self, path: str) -> str | None:
        entry = self._tree.entry(str(inside(path))) if self._tree else None
        return entry.hash if entry and entry.mode in _FILE_MODES else None

    def close(self) -> None:
        """End the process that reads objects."""
        self._objects.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def blob_hash(place: Path, digits: int) -> str | None:
    """What git would call a file's bytes, in a repository whose hashes have so many digits.

    None where it cannot be read.
    """
    total = hashlib.sha1(usedforsecurity=False) if digits == 40 else hashlib.sha256()
    try:
        with place.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            total.update(b"blob %d\0" % size)
            while part := file.read(_AT_ONCE):
                total.update(part)
    except OSError:
        return None
    return total.hexdigest()


def is_uncommitted(
    repository: Repository, working: WorkingTree, paths: Iterable[str], folders: Iterable[str]
) -> bool:
    """Whether any of these files of the working tree is not as it is at HEAD, or not there.

    Or whether a file is gone from one of the folders.  Git's own `status` would run the filters
    that a repository configures.

    Raises:
        HistoryError: git cannot answer.
    """
    head = repository.head
    if head is None:
        return True
    tree = repository.tree(head)
    if any({*tree.list(folder)} - {*working.list(folder)} for folder in folders):
        return True
    return any(not _is_as_at(tree, working, path) for path in paths)


def _is_as_at(tree: RevisionTree, working: WorkingTree, path: str) -> bool:
    entry = tree.entry(path)
    try:
        place = working.locate(path)
    except InputError:
        return False
    if entry is None or place is None:
        return entry is None and place is None
    if blob_hash(place, len(entry.hash)) == entry.hash:
        return True
    try:  # a checkout may have changed the ends of lines
        return tree.read(path) == working.read(path)
    except HistoryError:
        raise
    except InputError:
        return False
