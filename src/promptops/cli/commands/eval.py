"""Evaluate suites: is this version of a prompt worse than the one before it?

Without names, every suite is evaluated. A run ends as soon as its answer is clear. What it has paid
for is kept in .promptops/, so the same run again, or an interrupted one, pays only for what is
missing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
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
from promptops.cli.outlooks import told
from promptops.cli.output import (
    CasesOption,
    OutputOption,
    check_output,
    emit,
    note,
    showing,
    surface,
)
from promptops.cli.project import find_project
from promptops.cli.watching import Watching
from promptops.engine.choices import Choices
from promptops.engine.drawing import Answers
from promptops.engine.evaluation import Evaluation
from promptops.engine.looks import MOST_FURTHER
from promptops.engine.outlook import outlook
from promptops.engine.preparing import Workplace
from promptops.errors import ExitCode, InputError
from promptops.models.model import Model
from promptops.models.opening import open_model
from promptops.reports import discovery
from promptops.values.report import Report

CONCURRENCY = 8

# What stands most against merging comes first.
_GRAVEST = (ExitCode.REGRESSED, ExitCode.NO_VERDICT, ExitCode.OK)


def command(
    suites: SuitesArgument = None,
    *,
    against: AgainstOption = None,
    alone: Annotated[
        bool, typer.Option("--alone", help="Score this version; compare with nothing.")
    ] = False,
    itself: Annotated[
        bool,
        typer.Option("--aa", help="Compare this version with itself: what differs is noise."),
    ] = False,
    extend: Annotated[
        bool,
        typer.Option("--extend", help="Go on beyond the plan, as far as may settle it."),
    ] = False,
    model: ModelOption = None,
    samples: SamplesOption = None,
    tag: TagOption = None,
    seed: Annotated[
        int | None, typer.Option(help="Order of the draws.", show_default=False)
    ] = None,
    concurrency: Annotated[
        int, typer.Option(min=1, max=1024, help="Calls under way at once.")
    ] = CONCURRENCY,
    allow_code: Annotated[
        bool, typer.Option("--allow-code", help="Let the project's own Python scorers run.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")] = False,
    format_: Annotated[
        str,
        typer.Option("--format", "-f", metavar="FORMAT", help=" | ".join(discovery.formats())),
    ] = "terminal",
    cases: CasesOption = None,
    output: OutputOption = None,
) -> int:
    render = discovery.find(format_)
    check_output(output)
    project = find_project()
    _check_together(against=against, alone=alone, itself=itself, extend=extend)
    names = chosen_suites(project, suites)
    models_asked: list[str | None] = [*model] if model else [None]
    choices = [
        Choices(against, each, samples, tuple(tag or ()), seed, alone, itself, extend)
        for each in models_asked
    ]
    with ExitStack() as held:
        place = open_workplace(project, held)
        models = _Models()
        evaluations = [
            _prepared(
                name,
                each,
                place=place,
                models=models,
                held=held,
                allow_code=allow_code,
            )
            for name in names
            for each in choices
        ]
        if not quiet:
            _tell_ahead(evaluations, place, with_model=len(models_asked) > 1)
        watching = held.enter_context(Watching(quiet=quiet))
        reports: list[Report] = []
        asyncio.run(_run(evaluations, models, concurrency, watching, reports))
    shown = showing(surface(output), cases)
    emit(render(reports, shown), output, machine=format_ == "json")
    return _exit_code(reports)


def _check_together(*, against: str | None, alone: bool, itself: bool, extend: bool) -> None:
    if itself and against:
        raise InputError("--aa compares a version with itself: leave out --against")
    if alone and (itself or against or extend):
        other = "--aa" if itself else "--against" if against else "--extend"
        raise InputError(f"--alone compares with nothing: leave out {other}")


def _tell_ahead(evaluations: Sequence[Evaluation], place: Workplace, *, with_model: bool) -> None:
    """What each suite may cost and could see, where something may have to be drawn."""
    for evaluation in evaluations:
        seen = outlook(evaluation.plan, place.store, place.tree, most_further=MOST_FURTHER)
        may_draw = seen.calls or seen.further_calls or evaluation.plan.lacking
        if may_draw and not seen.settled:
            for line in told(seen, with_model=with_model):
                note(line)


class _Models:
    """The one model of a process, opened when the first response has to be drawn."""

    def __init__(self) -> None:
        self._model: Model | None = None

    def open(self) -> Answers:
        if self._model is None:
            self._model = open_model()
        return self._model

    async def close(self) -> None:
        if self._model is not None:
            await self._model.close()


def _prepared(
    name: str,
    choices: Choices,
    *,
    place: Workplace,
    models: _Models,
    held: ExitStack,
    allow_code: bool,
) -> Evaluation:
    evaluation = Evaluation(name, choices, place, models.open, allow_code=allow_code)
    held.callback(evaluation.close)
    return evaluation


async def _run(
    evaluations: Sequence[Evaluation],
    models: _Models,
    concurrency: int,
    watching: Watching,
    reports: list[Report],
) -> None:
    """Fills `reports`: what a coroutine returns is spelt out whole when its loop is closed."""
    try:
        for evaluation in evaluations:
            await evaluation.make_ready()
        for evaluation in evaluations:
            report = await evaluation.run(concurrency=concurrency, watch=watching.tell)
            reports.append(report)
    finally:
        await models.close()


def _exit_code(reports: Sequence[Report]) -> int:
    codes = {report.exit_code for report in reports}
    return next((int(code) for code in _GRAVEST if code in codes), int(ExitCode.OK))
