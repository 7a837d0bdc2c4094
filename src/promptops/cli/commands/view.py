"""Serve the reports of the store on this machine alone, with an index of runs.

RUN is the run to begin with: its id, the start of one, or `last`. Ctrl-C ends it.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from promptops.cli.output import emit, is_terminal, note, tell
from promptops.cli.project import find_project
from promptops.errors import ExitCode

if TYPE_CHECKING:
    from promptops.cli.viewing.server import Serving

_MOST_PORT = 65_535


def command(
    run: Annotated[
        str | None,
        typer.Argument(metavar="[RUN]", help="The run to begin with.", show_default=False),
    ] = None,
    *,
    port: Annotated[
        int, typer.Option("--port", min=0, max=_MOST_PORT, help="0 takes one that is free.")
    ] = 0,
    open_: Annotated[
        bool | None,
        typer.Option(
            "--open/--no-open",
            help="Open it in a browser, or do not; where there is a screen, unless said.",
            show_default=False,
        ),
    ] = None,
) -> None:
    project = find_project()
    opens = _has_screen() if open_ is None else open_
    server = importlib.import_module("promptops.cli.viewing.server")  # and with it aiohttp

    def announce(serving: Serving) -> None:
        note(f"serving the reports of {project.root.name} on this machine alone; Ctrl-C ends it")
        emit(serving.url)
        if opens:
            server.open_browser(serving.opening, lambda: note("no browser could be opened"))

    ended_by = server.serve(project, port, run, announce)
    if ended_by == signal.SIGTERM:
        raise typer.Exit(ExitCode.TERMINATED)
    if is_terminal(sys.stderr):
        tell("\n")  # a terminal shows `^C`, and stays on that line


def _has_screen() -> bool:
    """Whether a person is at a terminal, and a browser would have a window of its own."""
    if not is_terminal(sys.stdout):
        return False
    if sys.platform in {"win32", "darwin"}:
        return not os.environ.get("SSH_CONNECTION")
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))
