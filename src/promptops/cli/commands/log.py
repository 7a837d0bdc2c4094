"""List the versions of a prompt: when, by whom, why, and what they scored."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from promptops.cli.output import (
    Format,
    FormatOption,
    OutputOption,
    check_output,
    emit,
    note,
    surface,
)
from promptops.cli.past_runs import scores_of
from promptops.cli.project import find_project
from promptops.cli.revisions import NameArgument, history_of
from promptops.history.versions import Version
from promptops.reports.versions import VersionLine, render_versions, versions_json
from promptops.values.report import Report


def command(
    name: NameArgument,
    *,
    limit: Annotated[
        int | None,
        typer.Option("--limit", "-n", min=1, help="The newest N only.", show_default=False),
    ] = None,
    format_: FormatOption = Format.TERMINAL,
    output: OutputOption = None,
) -> None:
    check_output(output)
    project = find_project()
    history = history_of(project, name)
    shown = history.versions[:limit]
    reports = scores_of(project, name, [each.loaded for each in shown if each.loaded])
    lines = [_line(each, reports.get(each.digest)) for each in shown]
    if history.is_shallow:
        note("this clone is shallow, so older versions may be missing: git fetch --unshallow")
    if format_ is Format.JSON:
        emit(versions_json(name, lines), output, machine=True)
    else:
        emit(render_versions(name, lines, surface(output)), output)


def _line(version: Version, report: Report | None) -> VersionLine:
    line = VersionLine(
        version.number,
        version.digest,
        version.commit,
        version.author,
        version.date,
        version.change or version.subject,
        dirty=version.dirty,
        path=version.path,
        broken=str(version.broken or ""),
    )
    return _evaluated(line, report) if report else line


def _evaluated(line: VersionLine, report: Report) -> VersionLine:
    """What a run says of a version: as the candidate, else as what a later one was held to."""
    new = report.candidate.digest == line.digest
    arm = report.candidate if new else report.baseline
    metric = next((each for each in report.metrics if each.role == "gate"), None)
    return replace(
        line,
        evaluated=True,
        metric=metric.name if metric else "",
        score=(metric.candidate if new else metric.baseline) if metric else None,
        delta=metric.delta if metric and new else None,
        cost_usd=arm.cost_usd if arm and arm.samples else None,
        run=report.run,
    )
