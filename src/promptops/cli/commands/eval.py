"""Evaluate suites: is this version of a prompt worse than the one before it?

Without names, every suite is evaluated. A run ends as soon as its answer is clear. What it has paid
for is kept in .promptops/, so the same run again, or an interrupted one, pays only for what is
missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import fields, replace
from typing import Annotated

import typer

from promptops.cli.calling_options import (
    AllowCodeOption,
    ConcurrencyOption,
    MaxCostOption,
    PatienceOption,
    QuietOption,
    TimeoutOption,
    check_amounts,
)
from promptops.cli.choosing import (
    AgainstOption,
    ModelOption,
    SamplesOption,
    SuitesArgument,
    TagOption,
    chosen_suites,
    open_workplace,
)
from promptops.cli.evaluating import Task, evaluate
from promptops.cli.judging.results import judged_results
from promptops.cli.output import (
    CasesOption,
    OutputOption,
    check_output,
    emit,
    showing,
    surface,
)
from promptops.cli.project import find_project
from promptops.cli.recording import Recorder
from promptops.cli.replaying import open_replay
from promptops.engine.calling.terms import CONCURRENCY
from promptops.engine.choices import Choices
from promptops.engine.evaluation import Asked
from promptops.engine.preparing import Workplace
from promptops.engine.resuming import chosen_run
from promptops.errors import ExitCode, InputError, StoreError
from promptops.reports import discovery
from promptops.reports.surface import Surface
from promptops.values.report import Report
from promptops.values.results import Results, nothing_kept

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
            "--resume",
            help="Go on with the runs named in place of suites, or the newest that was broken off.",
        ),
    ] = False,
    record: Annotated[
        bool,
        typer.Option(
            "--record",
            help="Write the answers beside the suites, for whoever has no key to replay them.",
        ),
    ] = False,
    replay: Annotated[
        bool,
        typer.Option(
            "--replay", help="Evaluate from the recorded answers alone: no key, no network."
        ),
    ] = False,
    model: ModelOption = None,
    samples: SamplesOption = None,
    tag: TagOption = None,
    seed: Annotated[
        int | None, typer.Option(help="Order of the draws.", show_default=False)
    ] = None,
    max_cost: MaxCostOption = None,
    concurrency: ConcurrencyOption = CONCURRENCY,
    timeout: TimeoutOption = None,
    patience: PatienceOption = None,
    allow_code: AllowCodeOption = False,
    quiet: QuietOption = False,
    format_: Annotated[
        str,
        typer.Option("--format", "-f", metavar="FORMAT", help=" | ".join(discovery.formats())),
    ] = "terminal",
    cases: CasesOption = None,
    output: OutputOption = None,
) -> int:
    render = discovery.find(format_)
    check_output(output)
    check_amounts(max_cost=max_cost, timeout=timeout, patience=patience)
    asked = Asked(concurrency, max_cost, timeout, patience, allow_code)
    chosen = Choices(against, None, samples, tuple(tag or ()), seed, alone, itself, extend)
    _check_together(chosen)
    if resume:
        _check_resuming(chosen, model)
    if replay:
        _check_replaying(
            **{"--record": record, "--resume": resume, "--extend": extend},
            **{"--max-cost": max_cost, "--timeout": timeout, "--patience": patience},
        )
    reports: list[Report] = []
    with ExitStack() as held:
        project, answers = find_project(), None
        if replay:
            replayed = open_replay(project, chosen_suites(project, suites), held)
            place, answers = replayed.place, replayed.answers
            answers.check_models(model or ())
        else:
            place = open_workplace(project, held)
        if resume:
            todo = _broken_off(place, suites)
        else:
            todo = _chosen(chosen_suites(project, suites), chosen, model)
        recorder = Recorder(project, [each.suite for each in todo], held) if record else None
        try:
            evaluate(
                todo,
                asked,
                place,
                held,
                quiet=quiet,
                reports=reports,
                answers=answers,
                recorder=recorder,
            )
            if recorder:
                recorder.write(place, quiet=quiet)
        finally:  # a suite that cannot go on does not take the reports of others with it
            if reports:
                shown = showing(surface(output), cases)
                emit(_rendered(render, reports, place, shown), output, machine=format_ == "json")
    return _exit_code(reports)


def _rendered(
    render: discovery.Render, reports: Sequence[Report], place: Workplace, shown: Surface
) -> str:
    """The reports with what is behind them; without, where the store can say nothing any more."""
    results = judged_results(Results(reports, details=place.store.details.of), place.tree)
    try:
        return render(results, shown)
    except StoreError:
        return render(replace(results, details=nothing_kept), shown)


def _chosen(names: list[str], chosen: Choices, models: list[str] | None) -> list[Task]:
    """Every suite with every model that was named."""
    if not models:
        return [Task(name, chosen) for name in names]
    return [Task(name, replace(chosen, model=each)) for name in names for each in models]


def _broken_off(place: Workplace, named: list[str] | None) -> list[Task]:
    """The runs that are meant by their ids, or by their suites."""
    runs = [chosen_run(place.store.begun, words) for words in named or [""]]
    return [Task(each.suite, each.choices, each) for each in runs]


def _check_resuming(chosen: Choices, model: list[str] | None) -> None:
    """Raise where something is chosen that a run chose when it was begun."""
    named = {"itself": "--aa", "tags": "--tag"}
    given = [
        named.get(each.name, f"--{each.name}")
        for each in fields(Choices)
        if getattr(chosen, each.name) != each.default
    ]
    given += ["--model"] if model else []
    if given:
        raise InputError(
            f"--resume goes on with what the run had chosen: leave out {', '.join(given)}",
            hint="--max-cost, --concurrency, --timeout, --patience, --allow-code and --record may"
            " differ",
        )


def _check_replaying(**given: object) -> None:
    """Raise where something is asked for that only calls could bring, or that would mix answers."""
    named = [name for name, value in given.items() if value]
    if named:
        raise InputError(
            f"--replay has the recorded answers and asks nobody: leave out {', '.join(named)}",
            hint="what was recorded of an extended run is replayed as far as it went",
        )


def _check_together(chosen: Choices) -> None:
    if chosen.itself and chosen.against:
        raise InputError("--aa compares a version with itself: leave out --against")
    if chosen.alone and (chosen.itself or chosen.against or chosen.extend):
        other = "--aa" if chosen.itself else "--against" if chosen.against else "--extend"
        raise InputError(f"--alone compares with nothing: leave out {other}")


def _exit_code(reports: Sequence[Report]) -> int:
    codes = {report.exit_code for report in reports}
    return next((int(code) for code in _GRAVEST if code in codes), int(ExitCode.OK))
