"""Show what was spent, by prompt and version or by whatever else is asked for.

Every call that was paid for is in here, its answer pruned or not. Judges stand apart from the
answers that they judge; NAME is a prompt or a suite, with all that was spent to evaluate it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, cast, get_args

import typer

from promptops.cli.ages import moment
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
from promptops.reports.spending import Spending, render_spending, spending_json
from promptops.store.inventory import unaccounted
from promptops.store.ledger import Dimension, Ledger
from promptops.store.reading import opened_to_read

DIMENSIONS = cast("tuple[Dimension, ...]", get_args(Dimension))


def command(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="Of this prompt or suite only.", show_default=False),
    ] = None,
    *,
    by: Annotated[
        str, typer.Option("--by", metavar="WHAT,…", help=", ".join(DIMENSIONS) + ".")
    ] = "prompt,version",
    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            metavar="AGE|DATE",
            help="Not what was spent before: 7d, 12h, 2026-05-01 (UTC).",
            show_default=False,
        ),
    ] = None,
    format_: FormatOption = Format.TERMINAL,
    output: OutputOption = None,
) -> None:
    check_output(output)
    wanted = _dimensions(by)
    start = moment("--since", since, datetime.now(UTC)) if since is not None else None
    spending = _spending(find_project(), name, wanted, start)
    if format_ is Format.JSON:
        emit(spending_json(spending), output, machine=True)
    else:
        emit(render_spending(spending, surface(output)), output)


def _dimensions(by: str) -> tuple[Dimension, ...]:
    asked = [each.strip() for each in by.split(",") if each.strip()]
    for each in asked:
        if each not in DIMENSIONS:
            raise InputError(
                f"--by {by}: {each!r} is nothing to add up by",
                hint=did_you_mean(each, DIMENSIONS),
            )
    if not asked:
        raise InputError(
            "--by: name something to add up by", hint=f"known: {', '.join(DIMENSIONS)}"
        )
    return cast("tuple[Dimension, ...]", tuple(dict.fromkeys(asked)))


def _spending(
    project: Project, name: str | None, by: tuple[Dimension, ...], since: str | None
) -> Spending:
    with opened_to_read(project.root) as connection:
        ledger = Ledger(connection)
        rows = ledger.spent(by, since, name)
        if not rows:
            known = {str(each) for row in ledger.spent(("prompt", "suite")) for each in row.key}
            _check_name(project, name, known)
        old = unaccounted(connection) if name is None and since is None else 0
    return Spending(by, rows, since, name, old)


def _check_name(project: Project, name: str | None, paid: set[str]) -> None:
    known = {*paid, *prompt_names(project.tree), *suite_names(project.tree)}
    if name is not None and name not in known:
        raise InputError(
            f"there is no prompt or suite {name!r}, and nothing was spent on one",
            hint=did_you_mean(name, known) or "`promptops init` writes a first one",
        )
