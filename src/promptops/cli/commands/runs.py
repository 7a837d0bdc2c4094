"""List the runs that were made, newest first."""

from __future__ import annotations

from typing import Annotated

import typer

from promptops.cli.output import (
    Format,
    FormatOption,
    OutputOption,
    check_output,
    emit,
    surface,
)
from promptops.cli.project import find_project
from promptops.reports.listings import RunLine, render_runs, runs_json
from promptops.store.store import Store
from promptops.values.report import Report


def command(
    prompt: Annotated[
        str | None,
        typer.Argument(metavar="[PROMPT]", help="Of this prompt only.", show_default=False),
    ] = None,
    *,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="The newest N.")] = 20,
    format_: FormatOption = Format.TERMINAL,
    output: OutputOption = None,
) -> None:
    check_output(output)
    with Store(find_project().root) as store:
        lines = [_line(each.report) for each in store.runs.newest(prompt=prompt, limit=limit)]
    if format_ is Format.JSON:
        emit(runs_json(lines), output, machine=True)
    else:
        emit(render_runs(lines, surface(output)), output)


def _line(report: Report) -> RunLine:
    return RunLine(
        run=report.run,
        created=report.created,
        suite=report.suite,
        prompt=report.prompt,
        baseline_version=report.baseline.version if report.baseline else None,
        candidate_version=report.candidate.version,
        verdict=report.verdict,
        calls=report.calls.made,
        cost_usd=None if report.cost.unpriced_calls else report.cost.incurred_usd,
        model=report.model,
        dirty=report.candidate.dirty,
    )
