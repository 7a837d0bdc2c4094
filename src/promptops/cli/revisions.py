"""A prompt as it stands on disk, at a revision, or as one of its versions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated

import typer

from promptops.cli.output import note
from promptops.cli.project import Project
from promptops.documents.tree import inside
from promptops.errors import HistoryError
from promptops.history.baseline import named
from promptops.history.lineage import state_in
from promptops.history.repository import Repository
from promptops.history.versions import Version, path_at_head, versions
from promptops.prompts.loading import LoadedPrompt, load_prompt, prompt_path
from promptops.reports import words

NameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="The prompt.", show_default=False)
]
AtOption = Annotated[
    str | None,
    typer.Option(metavar="REV|vN", help="As of a version or revision.", show_default=False),
]


@dataclass(frozen=True, slots=True)
class Revision:
    """A prompt at one point of its history."""

    loaded: LoadedPrompt
    label: str
    """How to name it to a person: `v2 (abc123456789)`, `v3 (uncommitted)`, or `v3`."""
    commit: str | None = None


@dataclass(frozen=True, slots=True)
class History:
    """The versions of a prompt, newest first."""

    versions: list[Version]
    is_shallow: bool
    """The clone was cut off: older versions may be missing, and the oldest may be older."""


@contextmanager
def open_repository(project: Project) -> Iterator[Repository]:
    """The git repository around the project.

    Raises:
        HistoryError: there is none.
    """
    repository = Repository.find(project.root)
    if repository is None:
        raise HistoryError(
            f"{project.root} is not in a git repository, so there is no history to look at",
            hint="git init && git add . && git commit -m 'First prompts'",
        )
    with repository:
        yield repository


def prompt_at(project: Project, name: str, at: str | None) -> Revision:
    """A prompt on disk (`at` is None), as its version `vN`, or at any revision that git knows.

    Raises:
        InputError: no such prompt there, or the file is wrong.
        HistoryError: no such version or revision, or no repository.
    """
    if at is None:
        return on_disk(project, name)
    with open_repository(project) as repository:
        found = named(repository, name, project.tree, at)
    return Revision(found.loaded, found.version.label, found.version.commit)


def on_disk(project: Project, name: str) -> Revision:
    """A prompt as it stands in the working tree; marked where HEAD's means something else.

    Raises:
        InputError: no such prompt, or the file is wrong.
    """
    loaded = load_prompt(project.tree, name)
    dirty = name in uncommitted(project, {name: loaded.digest})
    return Revision(loaded, words.numbered(loaded.prompt.version, dirty=dirty))


def uncommitted(project: Project, digests: Mapping[str, str]) -> set[str]:
    """Those of the prompts (name to digest) whose meaning is not the one at HEAD.

    All of them where nothing is committed; none, with a note, where git cannot say.
    """
    try:
        found = Repository.find(project.root)
        if found is None:
            return {*digests}
        with found as repository:
            head = repository.head
            if head is None:
                return {*digests}
            tree = repository.tree(head)
            return {
                name
                for name, digest in digests.items()
                if state_in(tree, path_at_head(repository, head, name, project.tree)).key != digest
            }
    except HistoryError as error:
        note(f"what is committed is left out: {error}")
        return set()


def history_of(project: Project, name: str) -> History:
    """All versions of a prompt.

    Raises:
        InputError: there never was such a prompt, or its name leaves the project.
        HistoryError: no repository, or git cannot answer.
    """
    inside(prompt_path(name))
    with open_repository(project) as repository:
        found = versions(repository, name, project.tree)
        shallow = repository.is_shallow
    if not found:
        load_prompt(project.tree, name)  # says that there is none, and which one is near
    return History(found, shallow)
