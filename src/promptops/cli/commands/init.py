"""Set up prompts, suites and a workflow here, ready for `promptops eval`.

Nothing that exists is overwritten. The sample prompt runs on a small model inside the process: no
key, no account.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from promptops.cli.output import emit, surface
from promptops.cli.scaffolding import Scaffold, scaffold
from promptops.reports.page import Page


def command(
    folder: Annotated[
        Path, typer.Argument(metavar="[DIR]", help="The root of the project.", show_default=False)
    ] = Path(),
) -> None:
    emit(_text(Page(surface()), folder, scaffold(folder)))


def _text(page: Page, folder: Path, done: Scaffold) -> str:
    for each in done.files:
        style = "green" if each.new else "dim"
        page.line((f"{each.what:8}  ", style), each.path)
    page.blank()
    page.paragraph(("Next", "bold"))
    page.table(("", ""), _steps(folder, done), flexible=1, wrap=True)
    return page.text()


def _steps(folder: Path, done: Scaffold) -> list[tuple[str, str]]:
    steps = [
        ("promptops eval", "ask the sample prompt its 12 cases, on this machine"),
        ("git add . && git commit", "its first version is on record"),
        ("edit prompts/name-city.yaml", "its text, its `version` and its `change`"),
        ("promptops eval", "did that make it better or worse, and how sure is that?"),
        ("promptops gate", "what the workflow asks of a pull request: may it be merged?"),
    ]
    if done.repository is None:
        steps.insert(0, ("git init", "versions come out of git's history"))
    if folder.resolve() != Path.cwd():
        steps.insert(0, (f"cd {folder}", ""))
    return steps
