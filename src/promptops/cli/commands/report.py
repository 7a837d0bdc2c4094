"""Show the report of an earlier run again, or how a prompt did over its versions.

RUN is a run's id, the start of one, or `last`.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from promptops.cli.begun_runs import answers_of, state_of
from promptops.cli.judging.results import judged_results
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
from promptops.errors import InputError, NoVerdictError
from promptops.reports import discovery, trend_discovery, words
from promptops.store.begun import BegunRun
from promptops.store.store import Store
from promptops.values.report import Report
from promptops.values.results import Results


def command(
    run: Annotated[
        str | None,
        typer.Argument(
            metavar="[RUN]", help="The run to show; the last one unless said.", show_default=False
        ),
    ] = None,
    *,
    trend: Annotated[
        str | None,
        typer.Option(
            "--trend",
            metavar="NAME",
            help="Quality, cost and latency over the versions of this prompt.",
            show_default=False,
        ),
    ] = None,
    suite: Annotated[
        str | None,
        typer.Option(
            "--suite", metavar="SUITE", help="The trend by this suite.", show_default=False
        ),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model", metavar="MODEL", help="The trend on this model.", show_default=False
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit", "-n", min=1, help="The trend of the newest N versions.", show_default=False
        ),
    ] = None,
    cases: CasesOption = None,
    format_: Annotated[
        str,
        typer.Option("--format", "-f", metavar="FORMAT", help=" | ".join(discovery.formats())),
    ] = "terminal",
    output: OutputOption = None,
) -> None:
    if trend is not None:
        if run is not None or cases is not None:
            what = "a run" if run is not None else "--cases"
            raise InputError(
                f"--trend NAME is about all runs of a prompt: {what} has no place here"
            )
        asked = {"suite": suite, "model": model, "limit": limit}
        _show_trend(trend, asked, format_, output)
        return
    for option, value in (("--suite", suite), ("--model", model), ("--limit", limit)):
        if value is not None:
            raise InputError(f"{option} goes with --trend NAME")
    render = discovery.find(format_)
    check_output(output)
    shown = showing(surface(output), cases)
    project = find_project()
    with Store(project.root, reading=True) as store:
        report = _report(store, run or "last")
        results = judged_results(Results([report], details=store.details.of), project.tree)
        text = render(results, shown)
    emit(text, output, machine=format_ != "terminal")


def _show_trend(name: str, asked: dict[str, Any], format_: str, output: Path | None) -> None:
    """A trend asks git as well, which a report needs not: so it is imported here."""
    render = trend_discovery.find_trend(format_)
    check_output(output)
    trending = importlib.import_module("promptops.cli.trending")
    found = trending.trend_of(find_project(), name, **asked)
    emit(render(found, surface(output)), output, machine=format_ != "terminal")


def _report(store: Store, asked: str) -> Report:
    """The report that is meant.

    Raises:
        InputError: no run, or more than one, is meant.
        NoVerdictError: the run that is meant has no report yet.
    """
    unfinished = store.begun.unfinished()
    without = [each for each in unfinished if store.runs.find(each.run) is None]
    if asked == "last":
        return _last(store, unfinished, without)
    meant = [each for each in without if each.run.startswith(asked)]
    exact = [each for each in meant if each.run == asked]
    try:
        report = store.runs.report(asked)
    except InputError:
        if exact or len(meant) == 1:
            _refuse(store, [*exact, *meant][0])
        if meant:
            _several(asked)
        raise
    if meant and asked != report.run:
        _several(asked)
    return _told_on(store, report, unfinished)


def _last(store: Store, unfinished: Sequence[BegunRun], without: Sequence[BegunRun]) -> Report:
    """The newest report; of a newer run without one it is told."""
    if without and not store.runs.newest(limit=1):
        _refuse(store, without[0])
    report = store.runs.report("last")
    if without and without[0].created >= report.created:
        note(f"run {without[0].run} is newer: {_told(store, without[0])}")
    return _told_on(store, report, unfinished)


def _told_on(store: Store, report: Report, unfinished: Sequence[BegunRun]) -> Report:
    """The report, once it is told whether its run has gone on since."""
    run = next((each for each in unfinished if each.run == report.run), None)
    if run is not None and state_of(run) != "stopped":
        note(f"run {run.run} has gone on since this report: {_told(store, run)}")
    return report


def _several(asked: str) -> NoReturn:
    raise InputError(f"{asked!r} is the start of several runs", hint="give more of it") from None


def _refuse(store: Store, run: BegunRun) -> NoReturn:
    hint = f"promptops eval --resume {run.run}  goes on with it"
    if run.alive:
        hint = "its report is there when it ends"
    raise NoVerdictError(
        f"run {run.run} of {run.suite} has no report: {_told(store, run)}", hint=hint
    ) from None


def _told(store: Store, run: BegunRun) -> str:
    count = answers_of(store.ledger, run.run)
    had = f"with {words.many(count, 'answer')}"
    return f"it is under way, {had} so far" if run.alive else f"it was broken off, {had}"
