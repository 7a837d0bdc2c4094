"""Show the report of an earlier run again.

RUN is a run's id, the start of one, or `last`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, NoReturn

import typer

from promptops.cli.begun_runs import answers_of, state_of
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
from promptops.reports import discovery, words
from promptops.store.begun import BegunRun
from promptops.store.store import Store
from promptops.values.report import Report
from promptops.values.results import Results


def command(
    run: Annotated[str, typer.Argument(metavar="[RUN]", help="The run to show.")] = "last",
    *,
    cases: CasesOption = None,
    format_: Annotated[
        str,
        typer.Option("--format", "-f", metavar="FORMAT", help=" | ".join(discovery.formats())),
    ] = "terminal",
    output: OutputOption = None,
) -> None:
    render = discovery.find(format_)
    check_output(output)
    with Store(find_project().root, reading=True) as store:
        report = _report(store, run)
    shown = showing(surface(output), cases)
    emit(render(Results([report]), shown), output, machine=format_ == "json")


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
