"""Show the report of an earlier run again.

RUN is a run's id, the start of one, or `last`.
"""

from __future__ import annotations

from typing import Annotated

import typer

from promptops.cli.output import (
    CasesOption,
    OutputOption,
    check_output,
    emit,
    showing,
    surface,
)
from promptops.cli.project import find_project
from promptops.reports import discovery
from promptops.store.store import Store


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
    with Store(find_project().root) as store:
        report = store.runs.report(run)
    emit(render([report], showing(surface(output), cases)), output, machine=format_ == "json")
