"""What `eval` and `plan` let a person choose alike, and where they look for it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Annotated

import typer

from promptops.cli.output import note
from promptops.cli.project import Project
from promptops.engine.preparing import Workplace
from promptops.engine.suite import MOST_SAMPLES, suite_names
from promptops.errors import InputError
from promptops.history.repository import Repository
from promptops.store.store import Store

SuitesArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[SUITE]...", help="Suites; all of them by default.", show_default=False
    ),
]
AgainstOption = Annotated[
    str | None,
    typer.Option(
        "--against", metavar="REV|vN", help="Compare with this version.", show_default=False
    ),
]
ModelOption = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        metavar="MODEL",
        help="Use this model on both versions; give it again to see several side by side.",
        show_default=False,
    ),
]
SamplesOption = Annotated[
    int | None,
    typer.Option(
        "--samples",
        min=1,
        max=MOST_SAMPLES,
        help="Samples per case and version.",
        show_default=False,
    ),
]
TagOption = Annotated[
    list[str] | None,
    typer.Option(
        "--tag",
        metavar="TAG",
        help="Only cases with this tag (!TAG: without); several must all hold.",
        show_default=False,
    ),
]


def chosen_suites(project: Project, named: list[str] | None) -> list[str]:
    """The suites that are named, else all there are.

    Raises:
        InputError: there are none.
    """
    names = named or suite_names(project.tree)
    if not names:
        raise InputError("there is no suite in evals/", hint="promptops init makes a first one")
    return names


def open_workplace(project: Project, held: ExitStack, *, reading: bool = False) -> Workplace:
    """The project with its history and its store, closed with `held`.

    `reading`: nothing is written, and no store is made where there is none.
    """
    store = held.enter_context(Store(project.root, reading=reading))
    return workplace(project, held, store, os.environ)


def workplace(
    project: Project, held: ExitStack, store: Store, environ: Mapping[str, str]
) -> Workplace:
    """The project with its history, which is closed with `held`, on a store of the caller's."""
    repository = Repository.find(project.root)
    if repository is None:
        note("not a git repository: there is no earlier version to compare with")
    else:
        held.callback(repository.close)
    return Workplace(project.root, project.tree, repository, environ, store)
