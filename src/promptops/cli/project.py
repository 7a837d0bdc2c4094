"""The project at hand: the nearest folder above that holds prompts or evals."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from promptops.documents.tree import WorkingTree
from promptops.errors import InputError

FOLDERS = ("prompts", "evals")


@dataclass(frozen=True, slots=True)
class Project:
    """Where the prompts and suites are, and the files there as they stand on disk."""

    root: Path
    tree: WorkingTree


def find_project(start: Path | None = None) -> Project:
    """The nearest ancestor of `start` (default: the working directory) with `prompts/` or `evals/`.

    The search ends at the root of the git repository, or of the file system.

    Raises:
        InputError: there is none.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if any((folder / name).is_dir() for name in FOLDERS):
            return Project(folder, WorkingTree(folder))
        if (folder / ".git").exists():
            break
    raise InputError(
        f"no project here: neither {here} nor a folder above it holds prompts/ or evals/",
        hint="`promptops init` makes one",
    )
