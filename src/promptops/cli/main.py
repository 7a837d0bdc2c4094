"""The program: finds the command, runs it, and ends in an exit code whatever goes wrong."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

import promptops
from promptops.cli import failure
from promptops.cli.group import HELP_OPTIONS, LazyGroup
from promptops.cli.output import emit, silence
from promptops.errors import ExitCode, InputError

ABOUT = """Prompts under version control, and the evidence that a change did not make them worse.

Start with `promptops init`, then `promptops eval`."""

EPILOG = (
    "Exit codes: 0 nothing stands against merging, 1 regressed, 2 wrong input (nothing was spent), "
    "3 no verdict, 70 our bug, 130 interrupted, 143 ended from outside."
)

app = typer.Typer(
    cls=LazyGroup,
    help=ABOUT,
    epilog=EPILOG,
    rich_markup_mode=None,
    no_args_is_help=False,
    invoke_without_command=True,
    context_settings=HELP_OPTIONS,
)


def _show_version(asked: bool) -> None:
    if asked:
        emit(f"promptops {promptops.__version__}")
        raise typer.Exit


@app.callback()
def program(
    context: typer.Context,
    *,
    directory: Annotated[
        Path | None,
        typer.Option("-C", metavar="DIR", help="Work as if started in DIR.", show_default=False),
    ] = None,
    version: Annotated[  # noqa: ARG001  # handled where it is met
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """What every command shares."""
    if context.invoked_subcommand is None:
        emit(context.get_help())
        return
    if directory is not None:
        try:
            os.chdir(directory)
        except OSError as error:
            raise InputError(f"-C {directory}: {error.strerror}") from None


def _check_text(arguments: Sequence[str]) -> None:
    """Refuse bytes that are no text: nothing that a command is told could be kept or sent."""
    for argument in arguments:
        if any("\ud800" <= char <= "\udfff" for char in argument):
            raise InputError(f"the argument {argument!r} is not UTF-8 text")


def main(arguments: list[str] | None = None) -> int:
    """Run one command line; answers its exit code and raises nothing."""
    try:
        _check_text(sys.argv[1:] if arguments is None else arguments)
        program_ = typer.main.get_command(app)
        answer = program_.main(arguments, prog_name="promptops", standalone_mode=False)
    except SystemExit as stop:  # shell completion
        if isinstance(stop.__context__, OSError):  # typer's 1 for EPIPE, which is not "regressed"
            return failure.report(stop.__context__)
        return stop.code if isinstance(stop.code, int) else ExitCode.OK
    except BaseException as error:  # noqa: BLE001  # the one place where everything ends
        return failure.report(error)
    if answer == ExitCode.INTERRUPTED:  # what typer makes of Ctrl-C
        return failure.report(KeyboardInterrupt())
    return int(answer) if isinstance(answer, int) else ExitCode.OK


def run() -> None:
    """The console entry point."""
    if not sys.warnoptions:
        # litellm makes the coroutine of a call on a thread. Whoever cancels the call meanwhile, as
        # Ctrl-C does, leaves it to nobody, and Python says so in the middle of the terminal.
        unawaited = r"coroutine '[^']*(completion|embedding)[^']*' was never awaited"
        warnings.filterwarnings("ignore", unawaited, RuntimeWarning)
    code = main()
    for stream in (sys.stdout, sys.stderr):  # what cannot be written now cannot be at the exit
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            silence(stream)
    sys.exit(code)
