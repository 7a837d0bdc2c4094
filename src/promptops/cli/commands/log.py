"""List the versions of a prompt: when, by whom, why, and what they scored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
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
from promptops.cli.past_runs import runs_of
from promptops.cli.project import find_project
from promptops.cli.revisions import NameArgument, history_of
from promptops.history.versions import Version
from promptops.reports.versions import VersionLine, render_versions, versions_json
from promptops.values.report import ArmReport, Report


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
    reports = runs_of(project, name)
    lines = [_line(each, _evaluation(each, reports)) for each in history.versions[:limit]]
    if history.is_shallow:
        note("this clone is shallow, so older versions may be missing: git fetch --unshallow")
    if format_ is Format.JSON:
        emit(versions_json(name, lines), output, machine=True)
    else:
        emit(render_versions(name, lines, surface(output)), output)


@dataclass(frozen=True, slots=True)
class _Evaluation:
    """What a run says of a version: as the candidate, else as what a later one was held to."""

    report: Report
    arm: ArmReport
    is_candidate: bool


def _evaluation(version: Version, reports: Sequence[Report]) -> _Evaluation | None:
    """The newest run that says most; None where there is none."""
    for report in reports:
        if report.candidate.digest == version.digest:
            return _Evaluation(report, report.candidate, is_candidate=True)
    for report in reports:
        if report.baseline and report.baseline.digest == version.digest:
            return _Evaluation(report, report.baseline, is_candidate=False)
    return None


def _line(version: Version, evaluation: _Evaluation | None) -> VersionLine:
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
    return _evaluated(line, evaluation) if evaluation and version.digest else line


def _evaluated(line: VersionLine, evaluation: _Evaluation) -> VersionLine:
    report, arm = evaluation.report, evaluation.arm
    metric = next((each for each in report.metrics if each.role == "gate"), None)
    known = arm.cost_usd is not None and arm.samples > 0
    return replace(
        line,
        evaluated=True,
        metric=metric.name if metric else "",
        score=(metric.candidate if evaluation.is_candidate else metric.baseline)
        if metric
        else None,
        delta=metric.delta if metric and evaluation.is_candidate else None,
        cost_usd=(arm.cost_usd or 0.0) / arm.samples if known else None,
        run=report.run,
    )
