"""The one error boundary: an exception in, words on stderr and an exit code out."""

from __future__ import annotations

import os
import sys
import traceback
from typing import Any

import typer
from typer.exceptions import TyperException

from promptops.cli.output import colored, is_terminal, stream_surface, tell
from promptops.cli.wrapping import wrapped
from promptops.errors import (
    ExitCode,
    InputErrors,
    PromptopsError,
    TerminatedError,
    did_you_mean,
)
from promptops.reports.safe_text import inert

SHOWN_FRAMES = 3


def report(error: BaseException) -> int:
    """Say on stderr what went wrong; answers the exit code."""
    if os.environ.get("PROMPTOPS_DEBUG") == "1":
        tell("".join(traceback.format_exception(error)))
    if isinstance(error, PromptopsError):
        for each in error.errors if isinstance(error, InputErrors) else (error,):
            _say(str(each.location) if each.location else "", each.message, each.hint)
        return int(error.exit_code)
    if isinstance(error, KeyboardInterrupt):
        # A terminal shows `^C`, and stays on that line.
        line = "\n" if is_terminal(sys.stderr) else ""
        tell(f"{line}interrupted; what was paid for is kept\n")
        return ExitCode.INTERRUPTED
    if isinstance(error, TerminatedError):
        tell("ended from outside; what was paid for is kept\n")
        return ExitCode.TERMINATED
    if isinstance(error, typer.Abort):
        tell("aborted\n")
        return ExitCode.INTERRUPTED
    if isinstance(error, TyperException):
        return _usage(error)
    return _bug(error)


def _usage(error: TyperException) -> int:
    """A command line that cannot be parsed."""
    message, hint = error.format_message(), None
    context: Any = getattr(error, "ctx", None)
    if hasattr(error, "possibilities") and context is not None:  # an unknown option
        wrong = str(getattr(error, "option_name", ""))
        known = [name for each in context.command.get_params(context) for name in each.opts]
        message, hint = f"no such option: {wrong}", did_you_mean(wrong, known)
    message = message.replace("Value error, ", "").rstrip(".")
    _say("", message[:1].lower() + message[1:], hint)
    if context is not None:
        tell(f"  {inert(context.get_usage().strip())}\n")
        tell(f"  `{context.command_path} --help` says more.\n")
    return ExitCode.INPUT


def _bug(error: BaseException) -> int:
    kind = type(error).__name__
    _say("", f"this is a bug in promptops ({kind}: {error})", None)
    for frame in traceback.extract_tb(error.__traceback__)[-SHOWN_FRAMES:]:
        tell(inert(f"  {frame.filename}:{frame.lineno} in {frame.name}\n"))
    tell("  Please report it; PROMPTOPS_DEBUG=1 shows the whole traceback.\n")
    return ExitCode.BUG


def _say(where: str, message: str, hint: str | None) -> None:
    """`file:line:column: error: message`, which editors and terminals can follow."""
    place = inert(f"{where}: " if where else "", unicode=stream_surface(sys.stderr).unicode)
    words = _wrapped(f"{place}error: {message}")
    if words.startswith(f"{place}error: "):  # else the place itself did not fit on a line
        rest = words.removeprefix(f"{place}error: ")
        start = colored(place, "1", sys.stderr) if place else ""
        words = start + colored("error: ", "1;31", sys.stderr) + rest
    lines = [words]
    if hint:
        told = _wrapped(f"  hint: {hint}", "    ").removeprefix("  hint: ")
        lines.append(f"  {colored('hint:', '36', sys.stderr)} {told}")
    tell("\n".join(lines) + "\n")


def _wrapped(text: str, indent: str = "  ") -> str:
    """Inert, and broken between words."""
    text = inert(text, unicode=stream_surface(sys.stderr).unicode)
    return "\n".join(wrapped(text, indent))
