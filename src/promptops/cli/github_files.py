"""What a step of a GitHub workflow leaves behind: its summary, its outputs, marks in the log."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from promptops.cli.output import note, tell
from promptops.errors import Location, PromptopsError, StoreError
from promptops.models.redaction import Redactor
from promptops.reports import annotations as marks
from promptops.reports.markdown.writing import write
from promptops.reports.surface import Surface
from promptops.values.gate import GateReport
from promptops.values.report import Verdict
from promptops.values.results import Results

MOST_SUMMARY_BYTES = 1024 * 1024
"""Of one step; GitHub shows nothing of a larger one."""
_LEAST_SUMMARY_BYTES = 20_000
"""What `write` needs at least."""
_GRAVEST: tuple[Verdict, ...] = ("regressed", "invalid", "inconclusive", "passed", "improved")


@dataclass(frozen=True, slots=True)
class Place:
    """What only whoever has looked at the files knows."""

    folder: str = ""
    """The project's, in its repository: "" or "a/b/"."""
    errors: Sequence[PromptopsError] = ()
    """What is wrong with the input."""


def tell_github(
    results: Results, report_dir: Path | None, environ: Mapping[str, str], place: Place
) -> None:
    """Summary, outputs and annotations, where this is a step of a GitHub workflow.

    What cannot be written is noted; the verdict does not hang on it.
    """
    gate = results.gate
    if environ.get("GITHUB_ACTIONS") != "true" or gate is None:
        return
    try:
        _append(environ.get("GITHUB_OUTPUT"), _outputs(gate, report_dir))
        _summarise(results, environ)
        found = [*map(_wrong_line, place.errors), *marks.annotations(results)]
        tell(marks.workflow_commands(_within(place.folder, each) for each in found))
    except (OSError, StoreError) as error:
        note(f"not all could be told to GitHub: {error}")


def _wrong_line(error: PromptopsError) -> marks.Annotation:
    where = error.location or Location("")
    told = f"{error.message}\n{error.hint}" if error.hint else error.message
    line = max(1, where.line)
    return marks.Annotation(where.path, line, line, "error", "promptops: wrong input", told)


def _within(folder: str, each: marks.Annotation) -> marks.Annotation:
    """With its path from the root of the repository, which is where GitHub looks for it."""
    return replace(each, path=f"{folder}{each.path}") if each.path else each


def overall(gate: GateReport) -> str:
    """The gravest verdict of all suites that were compared; else why there is none.

    `invalid`: none could be reached; `described`: no prompt changed, and what did was scored;
    `untouched`: nothing had to be asked.
    """
    found = {each.verdict for each in gate.suites if each.status == "compared"}
    found |= {each.verdict or "invalid" for each in gate.suites if each.exit_code}
    if gate.exit_code and not any(each.exit_code for each in gate.suites):
        found.add("invalid")  # it was broken off, or the input was wrong
    for verdict in _GRAVEST:
        if verdict in found:
            return verdict
    known = {each.status for each in gate.suites}
    return "described" if "described" in known else "untouched"


def _outputs(gate: GateReport, report_dir: Path | None) -> str:
    values = {
        "verdict": overall(gate),
        "exit-code": str(gate.exit_code),
        "may-merge": "true" if gate.may_merge else "false",
        "report-dir": str(report_dir) if report_dir else "",
    }
    return "".join(_output(name, value) for name, value in values.items())


def _output(name: str, value: str) -> str:
    """A value over several lines ends where nobody could have known."""
    if not any(end in value for end in "\r\n"):
        return f"{name}={value}\n"
    end = f"end-{secrets.token_hex(16)}"
    return f"{name}<<{end}\n{value}\n{end}\n"


def _summarise(results: Results, environ: Mapping[str, str]) -> None:
    path = environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        return
    used = os.path.getsize(path) if os.path.exists(path) else 0  # noqa: PTH110, PTH202 - as named
    room = MOST_SUMMARY_BYTES - used - 2
    if room < _LEAST_SUMMARY_BYTES:
        note("the summary of this step is full: the report is not added to it")
        return
    text = Redactor(environ).exact(write(results, Surface(), room))
    data = text.encode("utf-8", "backslashreplace")
    if len(data) <= room:
        _append(path, ("\n" if used else "") + data.decode())


def _append(path: str | None, text: str) -> None:
    if path:
        with Path(path).open("a", encoding="utf-8", newline="\n") as file:
            file.write(text)
