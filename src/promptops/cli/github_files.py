"""What a step of a GitHub workflow leaves behind: its summary, its outputs, marks in the log."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from promptops.cli.output import note, tell
from promptops.errors import StoreError
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


def tell_github(results: Results, folder: Path | None, environ: Mapping[str, str]) -> None:
    """Summary, outputs and annotations, where this is a step of a GitHub workflow.

    What cannot be written is noted; the verdict does not hang on it.
    """
    gate = results.gate
    if environ.get("GITHUB_ACTIONS") != "true" or gate is None:
        return
    try:
        _append(environ.get("GITHUB_OUTPUT"), _outputs(gate, folder))
        _summarise(results, environ)
        tell(marks.workflow_commands(marks.annotations(results)))
    except (OSError, StoreError) as error:
        note(f"not all could be told to GitHub: {error}")


def overall(gate: GateReport) -> str:
    """The gravest verdict of all suites that were compared; else why there is none.

    `described`: no prompt changed, and what did was scored; `untouched`: nothing had to be asked.
    """
    compared = {each.verdict for each in gate.suites if each.status == "compared"}
    invalid = {each.verdict for each in gate.suites if each.exit_code}
    for verdict in _GRAVEST:
        if verdict in compared | invalid:
            return verdict
    known = {each.status for each in gate.suites}
    return "described" if "described" in known else "untouched"


def _outputs(gate: GateReport, folder: Path | None) -> str:
    values = {
        "verdict": overall(gate),
        "exit-code": str(gate.exit_code),
        "may-merge": "true" if gate.may_merge else "false",
        "report-dir": str(folder) if folder else "",
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
