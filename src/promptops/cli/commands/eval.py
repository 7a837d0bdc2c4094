"""Evaluate suites: is this version of a prompt worse than the one before it?

Without names, every suite is evaluated. A run ends as soon as its answer is clear. What it has paid
for is kept in .promptops/, so the same run again, or an interrupted one, pays only for what is
missing.
"""

from __future__ import annotations

import asyncio
import math
import os
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
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
from promptops.engine.calling.terms import CONCURRENCY
from promptops.engine.choices import Choices
from promptops.engine.drawing import Answers
from promptops.engine.evaluation import Asked, Evaluation
from promptops.engine.looks import MOST_FURTHER
from promptops.engine.outlook import outlook
from promptops.engine.preparing import Workplace
from promptops.engine.resuming import Resumed, chosen_run
from promptops.engine.suite import Suite
from promptops.errors import ExitCode, InputError
from promptops.models.model import Model
from promptops.models.opening import open_model
from promptops.models.redaction import Redactor
from promptops.reports import discovery
from promptops.telemetry.opening import open_observer
from promptops.values.price import StatedPrice
from promptops.values.report import Report

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
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", help="Go on with the runs named, or the newest that was broken off."
        ),
    ] = False,
    model: ModelOption = None,
    samples: SamplesOption = None,
    tag: TagOption = None,
    seed: Annotated[
        int | None, typer.Option(help="Order of the draws.", show_default=False)
    ] = None,
    max_cost: Annotated[
        float | None,
        typer.Option(
            "--max-cost",
            metavar="USD",
            help="Stop before this command has spent more.",
            show_default=False,
        ),
    ] = None,
    concurrency: Annotated[
        int, typer.Option(min=1, max=1024, help="Calls under way at once, at most.")
    ] = CONCURRENCY,
    timeout: Annotated[
        float | None,
        typer.Option("--timeout", metavar="SECONDS", help="Of one call.", show_default="120"),
    ] = None,
    patience: Annotated[
        float | None,
        typer.Option(
            "--patience",
            metavar="SECONDS",
            help="How long a model that answers nothing is waited for.",
            show_default="300",
        ),
    ] = None,
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
    _check_amounts(max_cost=max_cost, timeout=timeout, patience=patience)
    asked = Asked(concurrency, max_cost, timeout, patience, allow_code)
    chosen = Choices(against, None, samples, tuple(tag or ()), seed, alone, itself, extend)
    if resume and (model or chosen != Choices()):
        raise InputError(
            "--resume goes on with what the run had chosen: leave out the other choices",
            hint="--max-cost, --concurrency, --timeout and --patience may differ",
        )
    _check_together(chosen)
    project = find_project()
    with ExitStack() as held:
        place = open_workplace(project, held)
        if resume:
            todo = _broken_off(place, suites)
        else:
            todo = _chosen(chosen_suites(project, suites), chosen, model)
        models = _Models()
        observer = open_observer(os.environ, note, Redactor(os.environ))
        held.callback(observer.close)
        evaluations = [
            held.enter_context(
                closing(
                    Evaluation(
                        each.suite,
                        each.choices,
                        place,
                        models.open,
                        asked,
                        resumed=each.resumed,
                        observer=observer,
                    )
                )
            )
            for each in todo
        ]
        for evaluation in evaluations:
            models.state(evaluation.plan.suite)
        if not quiet:
            _tell_ahead(evaluations, place, max_cost, with_model=len(model or []) > 1)
        watching = held.enter_context(Watching(quiet=quiet))
        reports: list[Report] = []
        asyncio.run(_run(evaluations, models, max_cost, watching, reports))
    shown = showing(surface(output), cases)
    emit(render(reports, shown), output, machine=format_ == "json")
    return _exit_code(reports)


@dataclass(frozen=True, slots=True)
class Task:
    """One suite to evaluate."""

    suite: str
    choices: Choices
    resumed: Resumed | None = None


def _chosen(names: list[str], chosen: Choices, models: list[str] | None) -> list[Task]:
    """Every suite with every model that was named."""
    if not models:
        return [Task(name, chosen) for name in names]
    return [Task(name, replace(chosen, model=each)) for name in names for each in models]


def _broken_off(place: Workplace, named: list[str] | None) -> list[Task]:
    """The runs that are meant by their ids, or by their suites."""
    runs = [chosen_run(place.store.begun, words) for words in named or [""]]
    return [Task(each.suite, each.choices, each) for each in runs]


def _check_amounts(**amounts: float | None) -> None:
    for name, amount in amounts.items():
        if amount is not None and not (0 < amount < math.inf):
            raise InputError(f"--{name.replace('_', '-')} must be more than 0")


def _check_together(chosen: Choices) -> None:
    if chosen.itself and chosen.against:
        raise InputError("--aa compares a version with itself: leave out --against")
    if chosen.alone and (chosen.itself or chosen.against or chosen.extend):
        other = "--aa" if chosen.itself else "--against" if chosen.against else "--extend"
        raise InputError(f"--alone compares with nothing: leave out {other}")


def _tell_ahead(
    evaluations: Sequence[Evaluation],
    place: Workplace,
    max_cost: float | None,
    *,
    with_model: bool,
) -> None:
    """What each suite may cost and could see, where something may have to be drawn."""
    for evaluation in evaluations:
        if evaluation.resumed:
            note(f"{evaluation.plan.suite.name}: goes on with run {evaluation.resumed.run}")
        seen = outlook(
            evaluation.plan,
            place.store,
            place.tree,
            most_further=MOST_FURTHER,
            most_usd=max_cost,
        )
        may_draw = seen.calls or seen.further_calls or evaluation.plan.lacking
        if may_draw and not seen.settled:
            for line in told(seen, with_model=with_model):
                note(line)


class _Models:
    """The one model of a process, opened when the first response has to be drawn."""

    def __init__(self) -> None:
        self._model: Model | None = None
        self._prices: dict[str, StatedPrice] = {}

    def state(self, suite: Suite) -> None:
        """Take the prices that a suite states.

        Raises:
            InputError: another suite states another price for the same model.
        """
        for model, stated in suite.file.prices.items():
            if self._prices.setdefault(model, stated) != stated:
                raise InputError(
                    f"another suite of this command states another price for {model}",
                    location=suite.document.locate(("prices", model)),
                    hint="state the same price in all suites, or evaluate them one by one",
                )

    def open(self) -> Answers:
        if self._model is None:
            self._model = open_model(prices=self._prices)
        return self._model

    async def close(self) -> None:
        if self._model is not None:
            await self._model.close()


async def _run(
    evaluations: Sequence[Evaluation],
    models: _Models,
    max_cost: float | None,
    watching: Watching,
    reports: list[Report],
) -> None:
    """Fills `reports`: what a coroutine returns is spelt out whole when its loop is closed."""
    left = max_cost
    try:
        for evaluation in evaluations:
            await evaluation.make_ready()
        for evaluation in evaluations:
            report = await evaluation.run(watch=watching.tell, most_usd=left)
            reports.append(report)
            if left is not None:
                left = max(0.0, left - report.cost.incurred_usd - report.cost.at_risk_usd)
    finally:
        await models.close()


def _exit_code(reports: Sequence[Report]) -> int:
    codes = {report.exit_code for report in reports}
    return next((int(code) for code in _GRAVEST if code in codes), int(ExitCode.OK))
