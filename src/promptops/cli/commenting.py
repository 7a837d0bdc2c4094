"""The comment of a gate: rendered here out of data, whoever supplied them, and put in its place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from promptops.errors import InputError
from promptops.github.comments import LONGEST, Order, Put
from promptops.github.events import PullRequest, WorkflowRun
from promptops.github.gate_file import LARGEST, decode_gate
from promptops.github.pulls import Superseded
from promptops.reports import discovery
from promptops.reports.judged_results import JudgedResults
from promptops.reports.markdown.inline import Markup
from promptops.reports.markdown.marker import MARKER
from promptops.reports.surface import Surface
from promptops.values.details import CaseDetails, Details, PromptText
from promptops.values.gate import GateFile
from promptops.values.judging import Said

SCHEMA = "promptops.comment/1"

_SHORT = 7
_DONE = {
    "created": "commented on",
    "updated": "updated the comment on",
    "unchanged": "nothing to change in the comment on",
    "outdated": "a later run has commented already on",
}


@dataclass(frozen=True, slots=True)
class PromptsOnly:
    """Both versions as they were written; samples are not in a gate's file."""

    baseline: PromptText | None
    candidate: PromptText | None

    def cases(self) -> Iterator[CaseDetails]:
        """None of them."""
        return iter(())


def read_gate(path: Path) -> GateFile:
    """A gate's file on this disk, bounded and decoded as strictly as a stranger's.

    Raises:
        InputError: it cannot be read, or is no such file.
    """
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from None
    return decode_gate(data, str(path))


def comment_of(file: GateFile) -> str:
    """The comment for a file of one's own.

    Raises:
        InputError: it is longer than a comment may be.
    """
    return _bounded(_rendered(file))


def comment_of_run(file: GateFile, run: WorkflowRun) -> str:
    """The comment for a file that a pull request's own build wrote.

    Which commit it is of, and where that run can be looked at, is taken from the event; and the
    comment says who made its numbers.

    Raises:
        InputError: it is longer than a comment may be.
    """
    gate = msgspec.structs.replace(file.gate, head=run.head_sha, url=run.url)
    text = _rendered(msgspec.structs.replace(file, gate=gate))
    build = "the pull request's own build"
    linked = f"[{build}]({run.url})" if run.url else build
    said = (
        f"<sub>The numbers and words are those of {linked} at {run.head_sha[:_SHORT]}. "
        "Whoever changes that build can change them.</sub>"
    )
    lines = [
        text.removesuffix(MARKER).rstrip("\n"),
        "",
        said,
        "",
        order_of(run).line(),
        MARKER,
    ]
    return _bounded("\n".join(lines))


def comment_without_report(run: WorkflowRun, why: str) -> str:
    """In place of an older comment, which would be read as if it were about this commit."""
    build = f"[build]({run.url})" if run.url else "build"
    sha, said = run.head_sha[:_SHORT], Markup().sentence(why)
    lines = [
        f"## ⚠️ No report of `{sha}`",
        "",
        f"The {build} of this commit left no report that can be read: {said}.",
        "",
        "What stood here before was about an earlier commit.",
        "",
        order_of(run).line(),
        MARKER,
    ]
    return "\n".join(lines)


def order_of(run: WorkflowRun) -> Order:
    """Which of two runs is the later one."""
    return Order(run.id, run.run_attempt)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done, and on which pull request."""

    request: PullRequest | None
    put: Put | Superseded

    def line(self) -> str:
        """It in one line."""
        if isinstance(self.put, Superseded) or self.request is None:
            return f"nothing to comment on: {getattr(self.put, 'why', '')}"
        more = self.put.removed
        also = f" ({more} more of its kind removed)" if more else ""
        where = f": {self.put.url}" if self.put.url else ""
        return f"{_DONE[self.put.what]} #{self.request.number}{also}{where}"

    def value(self) -> dict[str, Any]:
        """It for other tools (`promptops.comment/1`)."""
        return {
            "schema": SCHEMA,
            "pull_request": self.request.number if self.request else None,
            "done": "nothing" if isinstance(self.put, Superseded) else self.put.what,
            "url": None if isinstance(self.put, Superseded) else self.put.url,
            "why": self.put.why if isinstance(self.put, Superseded) else "",
        }


def _rendered(file: GateFile) -> str:
    """The report as GitHub's Markdown, ended by the marker."""

    def details(run: str) -> Details | None:
        pair = file.prompts.get(run)
        return None if pair is None else PromptsOnly(pair.baseline, pair.candidate)

    render = discovery.find("markdown")
    results = JudgedResults(
        file.reports, file.gate, details, said=lambda report: file.said.get(report.run, Said())
    )
    text = render(results, Surface()).rstrip("\n")
    return text if text.endswith(MARKER) else f"{text}\n\n{MARKER}"


def _bounded(text: str) -> str:
    if len(text) > LONGEST:
        raise InputError(f"the comment has {len(text):,} characters; GitHub takes {LONGEST:,}")
    return text
