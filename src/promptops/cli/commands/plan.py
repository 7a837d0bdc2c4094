"""Say what an evaluation may cost and what it could see, before it is made.

Nothing is asked of any model, and no key is needed.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import Annotated

import typer

from promptops.cli.outlooks import Planned, plans_json, render_plans
from promptops.cli.output import (
    Format,
    FormatOption,
    OutputOption,
    check_output,
    emit,
    note,
    surface,
)
from promptops.cli.project import find_project
from promptops.engine.choices import Choices
from promptops.engine.drawing import Drawing
from promptops.engine.outlook import outlook
from promptops.engine.preparing import Workplace, survey
from promptops.engine.scoring import EngineServices
from promptops.engine.suite import suite_names
from promptops.errors import InputError
from promptops.history.repository import Repository
from promptops.models.opening import open_model
from promptops.store.store import Store


def command(
    suites: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SUITE]...", help="Suites; all of them by default.", show_default=False
        ),
    ] = None,
    *,
    against: Annotated[
        str | None,
        typer.Option(metavar="REV|vN", help="Compare with this version.", show_default=False),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            metavar="MODEL",
            help="Use this model on both versions; give it again to see several side by side.",
            show_default=False,
        ),
    ] = None,
    samples: Annotated[
        int | None,
        typer.Option(min=1, max=1000, help="Samples per case and version.", show_default=False),
    ] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TAG",
            help="Only cases with this tag (!TAG: without); several must all hold.",
            show_default=False,
        ),
    ] = None,
    allow_code: Annotated[
        bool, typer.Option("--allow-code", help="Let the project's own Python scorers be loaded.")
    ] = False,
    format_: FormatOption = Format.TERMINAL,
    output: OutputOption = None,
) -> None:
    check_output(output)
    project = find_project()
    names = suites or suite_names(project.tree)
    if not names:
        raise InputError("there is no suite in evals/", hint="promptops init makes a first one")
    models: list[str | None] = [*model] if model else [None]
    choices = [Choices(against, each, samples, tuple(tag or ())) for each in models]
    with ExitStack() as held:
        store = held.enter_context(Store(project.root))
        repository = Repository.find(project.root)
        if repository is None:
            note("not a git repository: there is no earlier version to compare with")
        else:
            held.callback(repository.close)
        place = Workplace(project.root, project.tree, repository, os.environ, store)
        planned = [
            _planned(name, each, place, held, allow_code=allow_code)
            for name in names
            for each in choices
        ]
        if format_ is Format.JSON:
            emit(plans_json(planned), output, machine=True)
        else:
            emit(render_plans(planned, surface(output)), output)


def _planned(
    name: str, choices: Choices, place: Workplace, held: ExitStack, *, allow_code: bool
) -> Planned:
    drawing = Drawing(place.store.responses, open_model, place.environ)  # nobody draws from it
    services = EngineServices(drawing, place.tree, place.root, allow_code)
    plan = survey(name, choices, place, services)
    held.callback(plan.opened.close)
    return plan, outlook(plan, place.store, place.tree)
