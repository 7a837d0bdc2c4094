"""Every error a user can meet, and the exit codes they end in.

An error says what was wrong, where (`file:line:column`) and how to mend it.  Anything that is not a
`PromptopsError` and reaches the command line is our bug and exits with 70.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum


class ExitCode(IntEnum):
    """What a process tells its caller."""

    OK = 0
    """Nothing stands against merging."""
    REGRESSED = 1
    INPUT = 2
    """The input is wrong; nothing was spent."""
    NO_VERDICT = 3
    """Invalid, incomplete, or inconclusive under `inconclusive: fail`."""
    BUG = 70
    INTERRUPTED = 130
    """What was paid for is kept."""
    TERMINATED = 143
    """Ended from outside, by SIGTERM. What was paid for is kept."""


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a file. Lines and columns count from 1; 0 means the file as a whole."""

    path: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        if not self.line:
            return self.path
        return f"{self.path}:{self.line}:{self.column or 1}"


class PromptopsError(Exception):
    """An error for a person: a message, where it arose, and how to mend it."""

    exit_code: ExitCode = ExitCode.INPUT

    def __init__(
        self, message: str, *, location: Location | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.location = location
        self.hint = hint

    def __str__(self) -> str:
        where = f"{self.location}: " if self.location else ""
        how = f"\n  hint: {self.hint}" if self.hint else ""
        return f"{where}{self.message}{how}"


class InputError(PromptopsError):
    """A file, an argument or the environment is wrong. Nothing has been spent."""


class InputErrors(InputError):  # noqa: N818 - it is several
    """Several things are wrong at once; each is shown, so that one round of mending is enough."""

    def __init__(self, errors: Iterable[PromptopsError]) -> None:
        self.errors = tuple(errors)
        first = self.errors[0]
        super().__init__(first.message, location=first.location, hint=first.hint)

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self.errors)


class HistoryError(InputError):
    """Git cannot answer: no repository, a shallow clone, an unknown revision."""


class MissingExtraError(InputError):
    """A feature needs an optional dependency that is not installed."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(
            f"{feature} needs an optional dependency that is not installed",
            hint=f"pip install 'promptops[{extra}]'",
        )


class NoVerdictError(PromptopsError):
    """The run cannot go on to a verdict; what was paid for is kept."""

    exit_code = ExitCode.NO_VERDICT


class ModelDownError(NoVerdictError):
    """One model cannot be asked any more; others may still answer."""


class BudgetSpentError(NoVerdictError):
    """The next call could pass what the run may spend."""

    of_command: bool = False
    """It is what the command at hand may spend, and not the run: another command goes on."""


class StoreError(NoVerdictError):
    """The local store cannot be read or written."""


class UnderWayError(NoVerdictError):
    """Another process is at this run, or has brought it to its end."""


class TerminatedError(Exception):
    """Somebody ended this process from outside."""


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """A hint that names the nearest known word, or all of them when none is near.

    Returns None when nothing is known.
    """
    words = sorted(known)
    if not words:
        return None
    near = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]!r}?"
    shown = ", ".join(words[:20]) + (", …" if len(words) > 20 else "")
    return f"known: {shown}"
