"""Say what an evaluation may cost and what it could see, before it is made.

Nothing is asked of any model, and no key is needed.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Annotated

import typer

from promptops.cli.choosing import (
    AgainstOption,
    ModelOption,
    SamplesOption,
    SuitesArgument,
    TagOption,
    chosen_suites,
    open_workplace,
)
from promptops.cli.outlooks import Planned, plans_json, render_plans
from promptops.cli.output import (
    Format,
    FormatOption,
    OutputOption,
    check_output,
    emit,
    surface,
)
from promptops.cli.project import find_project
from promptops.engine.choices import Choices
from promptops.engine.outlook import outlook
from promptops.engine.preparing import Workplace, survey
from promptops.engine.scoring import ProjectAccess


def command(
    suites: SuitesArgument = None,
    *,
    against: AgainstOption = None,
    model: ModelOption = None,
    samples: SamplesOption = None,
    tag: TagOption = None,
    allow_code: Annotated[
        bool, typer.Option("--allow-code", help="Let the project's own Python scorers be loaded.")
    ] = False,
    format_: FormatOption = Format.TERMINAL,
    output: OutputOption = None,
) -> None:
    check_output(output)
    project = find_project()
    names = chosen_suites(project, suites)
    models: list[str | None] = [*model] if model else [None]
    choices = [Choices(against, each, samples, tuple(tag or ())) for each in models]
    with ExitStack() as held:
        place = open_workplace(project, held, reading=True)
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
    plan = survey(name, choices, place, ProjectAccess(place.tree, place.root, allow_code))
    held.callback(plan.opened.close)
    return plan, outlook(plan, place.store, place.tree)
