"""Say whether a change may be merged: evaluate just the suites that it touches.

For pull requests, in whatever build service, and for a hook before a push. What changed is found
by content: prompts, what they include, suites, datasets, judges. A suite whose prompt changed is
compared with what the prompt was at the base; one that only its surroundings changed is scored as
it is; what nothing touches costs nothing.
"""

from __future__ import annotations

import importlib
import os
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

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
from promptops.cli.choosing import SamplesOption
from promptops.cli.gating import Change, folder_of_project, look
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
from promptops.cli.report_files import make_folder, rendered, write_report_files
from promptops.engine.calling.terms import CONCURRENCY
from promptops.engine.gating import gate_report, refused, to_evaluate
from promptops.errors import ExitCode, InputError, NoVerdictError, TerminatedError
from promptops.reports import discovery
from promptops.values.results import Results


def command(
    *,
    base: Annotated[
        str | None,
        typer.Option(
            "--base",
            metavar="REV",
            help="Compare with where this branch left REV; else as the build service says, or the"
            " default branch.",
            show_default=False,
        ),
    ] = None,
    suite: Annotated[
        list[str] | None,
        typer.Option(
            "--suite",
            metavar="SUITE",
            help="Only this suite; give it again for several.",
            show_default=False,
        ),
    ] = None,
    max_cost: MaxCostOption = None,
    samples: SamplesOption = None,
    concurrency: ConcurrencyOption = CONCURRENCY,
    timeout: TimeoutOption = None,
    patience: PatienceOption = None,
    replay: Annotated[
        bool | None,
        typer.Option(
            "--replay/--no-replay",
            help="Recorded answers in place of calls; by itself where a key is missing.",
            show_default=False,
        ),
    ] = None,
    allow_code: AllowCodeOption = False,
    quiet: QuietOption = False,
    report_dir: Annotated[
        Path | None,
        typer.Option(
            "--report-dir",
            metavar="DIR",
            help="Also write the report there, in every format.",
            show_default=False,
        ),
    ] = None,
    format_: Annotated[
        str,
        typer.Option("--format", "-f", metavar="FORMAT", help=" | ".join(discovery.formats())),
    ] = "terminal",
    cases: CasesOption = None,
    output: OutputOption = None,
) -> int:
    discovery.find(format_)
    check_output(output)
    shown = showing(surface(output), cases)
    check_amounts(max_cost=max_cost, timeout=timeout, patience=patience)
    if report_dir is not None:
        make_folder(report_dir, find_project().root)
    with ExitStack() as held:
        try:
            change = look(base, suite or [])
            done: Any = None
            if to_evaluate(change.survey):
                runs = importlib.import_module("promptops.cli.gate_runs")
                asked = runs.Asked(concurrency, max_cost, timeout, patience, allow_code)
                done = runs.evaluate_touched(change, runs.Wish(asked, samples, replay, quiet), held)
        except InputError as error:  # whoever reads the report instead of the log has to see it too
            _leave_behind(Results([], refused(error)), report_dir, error)
            raise
        results = _results(change, done)
        emit(rendered(format_, results, shown), output, machine=format_ != "terminal")
        _leave_behind(results, report_dir, None)
        if done is not None and done.error is not None:
            raise done.error
    assert results.gate is not None
    return results.gate.exit_code


def _leave_behind(results: Results, report_dir: Path | None, error: InputError | None) -> None:
    """The folder with reports, and what a step of a GitHub workflow leaves."""
    if report_dir is not None:
        write_report_files(results, report_dir)
    if os.environ.get("GITHUB_ACTIONS") == "true":
        github = importlib.import_module("promptops.cli.github_files")
        errors = () if error is None else getattr(error, "errors", (error,))
        place = github.Place(folder_of_project(), errors)
        github.tell_github(results, report_dir, os.environ, place)


def _results(change: Change, done: Any) -> Results:
    """The gate over all suites, with the reports that there are and what is behind them."""
    if done is None:
        return Results([], gate_report(change.survey, {}, {}, change.around))
    around = replace(change.around, supplied=done.supplied, broken_off=_broken_off(done.error))
    by_suite = {each.suite: each for each in done.reports}
    reports = [by_suite[each.suite] for each in change.survey.suites if each.suite in by_suite]
    gate = gate_report(change.survey, by_suite, done.notes, around)
    return judged_results(Results(reports, gate, done.details), change.project.tree, change.trust)


def _broken_off(error: BaseException | None) -> tuple[int, str] | None:
    if error is None:
        return None
    if isinstance(error, NoVerdictError):
        return int(error.exit_code), error.message
    if isinstance(error, TerminatedError):
        return int(ExitCode.TERMINATED), "ended from outside"
    return int(ExitCode.INTERRUPTED), "interrupted"
