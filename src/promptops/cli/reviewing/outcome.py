"""What came of a sitting or of a sheet, and which command comes next."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence

import msgspec

from promptops.cli.reviewing.choices import Metric
from promptops.labels.writing import Kept
from promptops.reports.safe_text import visible
from promptops.reports.surface import Surface
from promptops.reports.words import many

SCHEMA = "promptops.review/1"


class Outcome(msgspec.Struct, frozen=True):
    """One sitting, or one sheet that was imported."""

    schema: str
    suite: str
    metrics: list[str]
    reviewer: str
    file: str
    """Where the labels are, from the root of the project."""
    labelled: int
    """Answers or pairs that were labelled, those included whose label was changed."""
    added: int
    changed: int
    skipped: int = 0
    left: int = 0
    """Shown to nobody yet, of those that were chosen."""
    empty: int = 0
    """Rows of a sheet without a label."""
    refused: int = 0
    """Rows of a sheet that could not be taken."""
    said: dict[str, int] = {}
    """Label to how often it was given."""
    next: list[str] = []
    """Commands that come next."""


def total(kept: Iterable[Kept]) -> Kept:
    """All of them together."""
    added, changed, same = 0, 0, 0
    for each in kept:
        added, changed, same = added + each.added, changed + each.changed, same + each.same
    return Kept(added, changed, same)


def next_commands(path: str, metrics: Sequence[Metric]) -> list[str]:
    """To keep the labels, and to see what they say of the judge."""
    judges = dict.fromkeys(each.judge.name for each in metrics if each.judge is not None)
    return [
        f"git add {shlex.quote(path)}",
        *(f"promptops judge check {shlex.quote(name)}" for name in judges),
    ]


def outcome_lines(outcome: Outcome, unit: str, shown: Surface) -> list[str]:
    """What people read of it."""

    def inert(text: str) -> str:
        return visible(text, unicode=shown.unicode)

    names = ", ".join(map(inert, outcome.metrics)) or "nothing"
    lines = [f"{many(outcome.labelled, unit)} labelled for {names}, as {inert(outcome.reviewer)}"]
    if outcome.said:
        told = sorted(outcome.said.items(), key=lambda each: (-each[1], each[0]))
        lines.append("  " + ", ".join(f"{inert(label)} {count}" for label, count in told))
    for count, what in (
        (outcome.skipped, "skipped"),
        (outcome.left, "not shown yet"),
        (outcome.empty, "left empty"),
        (outcome.refused, "could not be taken"),
    ):
        if count:
            lines.append(f"  {count} {what}")
    if outcome.labelled:
        lines.append(f"  in {inert(outcome.file)}")
    return lines


def next_lines(commands: Sequence[str]) -> list[str]:
    """The commands, under a word of their own."""
    return ["next", *(f"  {each}" for each in commands)] if commands else []
