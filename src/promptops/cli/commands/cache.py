"""Show what is kept of paid answers; prune, verify, export or import it.

\b
promptops cache              what is kept, by prompt
promptops cache prune        delete by age, or what git cannot reach
promptops cache verify       look for damage; with --repair, mend it
promptops cache export FILE  write responses to a file
promptops cache import FILE  take in responses from a file

What was spent stays known: `promptops costs` forgets nothing.
"""  # noqa: D301 - \b keeps the lines above apart

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from promptops.cli.cache_actions import act
from promptops.cli.cache_asked import Asked
from promptops.cli.output import Format, FormatOption, OutputOption, check_output
from promptops.cli.project import find_project


def command(
    action: Annotated[
        str,
        typer.Argument(
            metavar="[ACTION]", help="show | prune | verify | export | import", show_default=False
        ),
    ] = "show",
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="To export to, or import from.", show_default=False),
    ] = None,
    *,
    older_than: Annotated[
        str | None,
        typer.Option(
            "--older-than",
            metavar="AGE",
            help="prune: what was drawn longer ago (30d, 12h) or before a date.",
            show_default=False,
        ),
    ] = None,
    unreachable: Annotated[
        bool,
        typer.Option(
            "--unreachable", help="prune: what belongs to versions neither on disk nor in git."
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="prune: say what would be deleted, delete nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="prune: do not ask.")] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="verify: remove what is damaged.")
    ] = False,
    prompt: Annotated[
        list[str] | None,
        typer.Option(
            "--prompt",
            metavar="NAME",
            help="export: responses of this prompt only; may be given again.",
            show_default=False,
        ),
    ] = None,
    format_: FormatOption = Format.TERMINAL,
    output: OutputOption = None,
) -> int:
    check_output(output)
    asked = Asked(
        action=action,
        file=file,
        older_than=older_than,
        unreachable=unreachable,
        dry_run=dry_run,
        yes=yes,
        repair=repair,
        prompts=tuple(prompt or ()),
        as_json=format_ is Format.JSON,
        output=output,
    )
    return act(find_project(), asked)
