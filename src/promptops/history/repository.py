"""A git repository and the project in it, read without running anything of its own."""

from __future__ import annotations

import importlib
import os
import re
from pathlib import Path
from typing import Self

from promptops.errors import HistoryError
from promptops.history import processes
from promptops.history.objects import ObjectReader
from promptops.history.revision_tree import RevisionTree

_FULL_HASH = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f]")
_MAX_NAME = 1000


class Repository:
    """A repository with at least a `.git`; perhaps without a commit. Close it, or use `with`."""

    def __init__(self, root: Path, top: Path) -> None:
        """`root` is the project's folder, `top` the folder around it (or itself) that holds `.git`.

        Raises:
            HistoryError: git is not installed, or cannot or may not read the repository.
        """
        self.root = root
        self.top = top
        folder = root.relative_to(top).as_posix()
        self.prefix = "" if folder == "." else f"{folder}/"
        """The project's folder in the repository: "" or "a/b/"."""
        _, answer = processes.run(
            top, "rev-parse", "--is-shallow-repository", "--absolute-git-dir", "--git-common-dir"
        )
        shallow, git_folder, shared_folder = os.fsdecode(answer).split("\n")[:3]
        self.is_shallow = shallow == "true"
        """Whether the clone was cut off (`--depth`), so that older versions are not here."""
        self._git_folder = Path(git_folder)
        self._shared_folder = top / shared_folder
        self._objects = ObjectReader(top)

    @classmethod
    def find(cls, start: Path) -> Repository | None:
        """The repository around the project folder `start`, or None where there is none.

        A `.git` folder or file (worktree, submodule) marks it. A folder that merely looks like a
        bare repository never does: such a folder can be committed into somebody's tree.

        Raises:
            HistoryError: git is not installed, or cannot or may not read the repository.
        """
        root = Path(os.path.realpath(start))
        for folder in (root, *root.parents):
            mark = folder / ".git"
            if mark.is_file() or os.path.lexists(mark / "HEAD"):
                return cls(root, folder)
        return None

    @property
    def head(self) -> str | None:
        """The full hash of the commit that is checked out; None before the first commit."""
        found = self._objects.read("HEAD^{commit}")
        return found.hash if found else None

    def resolve(self, rev: str) -> str:
        """The full hash of the commit that a branch, tag, hash or expression (`HEAD~2`) names.

        Raises:
            HistoryError: it names none, or is no name at all.
        """
        found = self.lookup(rev)
        if found is None:
            hint = "git log --oneline and git tag show what there is"
            if self.is_shallow:
                hint = "this clone is shallow: git fetch --unshallow --tags (fetch-depth: 0)"
            raise HistoryError(f"there is no revision {rev!r}", hint=hint)
        return found

    def lookup(self, rev: str) -> str | None:
        """Like `resolve`, but None where the name names no commit."""
        if not rev or rev.startswith("-") or len(rev) > _MAX_NAME or _UNSAFE.search(rev):
            raise HistoryError(
                f"{rev[:80]!r} is not the name of a revision",
                hint="give a branch, a tag, a commit, or an expression such as HEAD~2",
            )
        if rev == "HEAD":
            return self.head
        if _FULL_HASH.match(rev):
            found = self._objects.read(f"{rev}^{{commit}}")
            return found.hash if found else None
        naming = importlib.import_module("promptops.history.naming")
        answer: str | None = naming.full_hash(self.top, self._git_folder, self._shared_folder, rev)
        return answer

    def tree(self, commit: str) -> RevisionTree:
        """The project's files at a commit, given by its full hash."""
        return RevisionTree(self._objects, commit, self.prefix)

    def merge_base(self, one: str, other: str) -> str | None:
        """The best common ancestor of two commits (full hashes); None where there is none."""
        status, out = processes.run(self.top, "merge-base", one, other, allowed=(0, 1))
        return None if status else out.decode().split("\n")[0]

    def close(self) -> None:
        """End the process that reads objects."""
        self._objects.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
