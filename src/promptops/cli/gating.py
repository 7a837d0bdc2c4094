"""What a change touches, as the command line sees it: its base, its suites, what is uncommitted."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from promptops.cli.past_runs import STORE
from promptops.cli.project import FOLDERS, Project, find_project
from promptops.documents.tree import Tree, WorkingTree
from promptops.engine.gating import Circumstances
from promptops.engine.touching import Survey, survey
from promptops.errors import HistoryError, InputError, Location
from promptops.history.occasion import build_url
from promptops.history.parting import parting
from promptops.history.past import Past, is_uncommitted
from promptops.history.repository import Repository
from promptops.trust.files import FOLDER, SUFFIX


class NotedTree(WorkingTree):
    """The files on disk, and which of them were looked at."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.met: set[str] = set()
        """By their path from the root of the project."""

    def locate(self, path: str, *, location: Location | None = None) -> Path | None:
        place = super().locate(path, location=location)
        if place is not None:
            self.met.add(str(PurePosixPath(path)))
        return place


@dataclass(frozen=True, slots=True)
class Change:
    """The change at hand."""

    project: Project
    survey: Survey
    around: Circumstances
    trust: Tree
    """What was measured of judges before it: a change must not bring its own trust."""


class _TrustBefore:
    """The files of measured trust at the base; implements `promptops.documents.tree.Tree`."""

    def __init__(self, past: Tree) -> None:
        self._texts: dict[str, str | None] = {}
        self._faults: dict[str, InputError] = {}
        """Files that cannot be read as text: only a judge that one is about need care."""
        for path in past.list(FOLDER):
            if path.endswith(SUFFIX):
                self._keep(path, past)

    def _keep(self, path: str, past: Tree) -> None:
        try:
            self._texts[path] = past.read(path)
        except HistoryError:
            raise
        except InputError as error:
            self._texts[path] = None
            self._faults[path] = error

    def read(self, path: str) -> str | None:
        if path in self._faults:
            raise self._faults[path]
        return self._texts.get(path)

    def list(self, folder: str) -> list[str]:
        return sorted(path for path in self._texts if path.startswith(f"{folder}/"))


def folder_of_project() -> str:
    """The folder of the project at hand in its repository; "" where that cannot be told."""
    try:
        repository = Repository.find(find_project().root)
    except InputError:
        return ""
    if repository is None:
        return ""
    with repository:
        return repository.prefix


def _refuse_brought_answers(repository: Repository) -> None:
    """Raise where the store is committed: a change would bring answers that pass for drawn ones."""
    head = repository.head
    if head is not None and repository.tree(head).entry(STORE) is not None:
        raise InputError(
            f"{STORE} is committed: a change must not bring its own answers",
            hint=f"git rm -r --cached {STORE}, and list it in .gitignore; to bring answers on "
            "purpose, record them: promptops eval --record",
        )


def look(wanted: str | None, suites: Sequence[str]) -> Change:
    """Find what the working tree is to be compared with, and what of it differs; asks nobody.

    `wanted` is the revision that was asked for; `suites` are all of them where none is named.

    Raises:
        InputError: a suite, prompt or dataset is wrong, or there is no suite of a name.
        HistoryError: there is no repository, nothing to compare with, or too little of it is here.
    """
    root = find_project().root
    tree = NotedTree(root)
    repository = Repository.find(root)
    if repository is None:
        raise HistoryError(
            f"{root} is not in a git repository, so nothing says what changed",
            hint="git init && git add . && git commit -m 'First prompts'; "
            "promptops eval needs no repository",
        )
    with repository:
        _refuse_brought_answers(repository)
        ends = parting(repository, wanted, os.environ)
        with Past(repository, ends.commit, tree) as past:
            found = survey(tree, past, suites)
            trust = _TrustBefore(past.tree)
        dirty = is_uncommitted(repository, tree, tree.met, FOLDERS)
    around = Circumstances(ends, dirty, url=build_url(os.environ))
    return Change(Project(root, tree), found, around, trust)
