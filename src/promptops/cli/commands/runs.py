"""List the runs that were made, newest first, and those under way or broken off."""

from __future__ import annotations

from typing import Annotated

import typer

from promptops.cli.begun_runs import line_of, line_of_report, of_name
from promptops.cli.output import (
    Format,
    FormatOption,
    OutputOption,
    check_output,
    emit,
    surface,
)
from promptops.cli.project import Project, find_project
from promptops.engine.suite import suite_names
from promptops.errors import InputError, did_you_mean
from promptops.prompts.loading import prompt_names
from promptops.reports.listings import RunLine, render_runs, runs_json
from promptops.store.store import Store


def command(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="Of this prompt or suite only.", show_default=False),
    ] = None,
    *,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="The newest N.")] = 20,
    format_: FormatOption = Format.TERMINAL,
    output: OutputOption = None,
) -> None:
    check_output(output)
    project = find_project()
    with Store(project.root, reading=True) as store:
        lines = _lines(store, name, limit)
        if name is not None and not lines:
            _check_name(project, name, store.runs.names())
    if format_ is Format.JSON:
        emit(runs_json(lines), output, machine=True)
    else:
        emit(render_runs(lines, surface(output), of=name), output)


def _check_name(project: Project, name: str, evaluated: list[str]) -> None:
    known = {*evaluated, *prompt_names(project.tree), *suite_names(project.tree)}
    if name not in known:
        raise InputError(
            f"there is no prompt or suite {name!r}, and no run of one",
            hint=did_you_mean(name, known) or "`promptops init` writes a first one",
        )


def _lines(store: Store, name: str | None, limit: int) -> list[RunLine]:
    """Runs with a report, and those that were begun and have none, newest first."""
    begun = {each.run: each for each in of_name(store.begun.unfinished(), name)}
    reports = [each.report for each in store.runs.newest(name=name, limit=limit)]
    lines = [line_of_report(each, begun.get(each.run)) for each in reports]
    without = [each for each in begun.values() if store.runs.find(each.run) is None]
    lines += [line_of(each, store.ledger) for each in without[:limit]]
    return sorted(lines, key=lambda line: (line.created, line.run), reverse=True)[:limit]
