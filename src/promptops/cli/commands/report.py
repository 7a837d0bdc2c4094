"""Show the report of an earlier run again.

RUN is a run's id, the start of one, or `last`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from promptops.cli.output import OutputOption, check_output, emit, surface
from promptops.cli.project import find_project
from promptops.reports import discovery
from promptops.store.store import Store


def command(
    run: Annotated[str, typer.Argument(metavar="[RUN]")] = "last",
    *,
    all_cases: Annotated[
        bool, typer.Option("--all-cases", help="Show every case that changed.")
    ] = False,
    format_: Annotated[
        str,
        typer.Option("--format", "-f", metavar="FORMAT", help=" | ".join(discovery.formats())),
    ] = "terminal",
    output: OutputOption = None,
) -> None:
    render = discovery.find(format_)
    check_output(output)
    with Store(find_project().root) as store:
        report = store.runs.report(run)
    shown = surface(output)
    if all_cases:
        shown = replace(shown, max_cases=None)
    emit(render([report], shown), output, machine=format_ == "json")
