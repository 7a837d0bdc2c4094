"""What came of a sitting or of a sheet, and which command comes next."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence

import msgspec

from promptops.cli.reviewing.choices import Metric
from promptops.engine.people.choosing_answers import How
from promptops.labels.writing import Kept
from promptops.reports.page import Page
from promptops.reports.safe_text import visible
from promptops.reports.surface import Surface
from promptops.reports.words import many

SCHEMA = "promptops.review/1"
_AT_RANDOM: How = "uniform"


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
    remarks: list[str] = []
    """What such labels do not count for."""


def total(kept: Iterable[Kept]) -> Kept:
    """All of them together."""
    added, changed, same = 0, 0, 0
    for each in kept:
        added, changed, same = added + each.added, changed + each.changed, same + each.same
    return Kept(added, changed, same)


def next_commands(path: str, metrics: Sequence[Metric]) -> list[str]:
    """To keep the labels, and to see what they say of the judge."""
    judges = dict.fromkeys(each.judge.name for each in metrics if each.judge and each.as_scored)
    return [
        f"git add {shlex.quote(path)}",
        *(f"promptops judge check {shlex.quote(name)}" for name in judges),
    ]


def remarks(metrics: Sequence[Metric], how: How | None = None) -> list[str]:
    """What labels of these metrics do not count for; `how` is the rule that chose the answers.

    A sheet says row by row how each was chosen: None.
    """
    found = [
        f"{each.name} scores answers one by one: labels of pairs measure and correct only what"
        " is of type pairwise"
        for each in metrics
        if not each.as_scored
    ]
    if how not in {None, _AT_RANDOM}:
        found.append(
            f"chosen as {how}: such labels measure no judge and correct no delta;"
            f" those of --choose {_AT_RANDOM} do"
        )
    return found


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
    return lines + [f"  {inert(each)}" for each in outcome.remarks]


def fitted(lines: Iterable[str], shown: Surface) -> list[str]:
    """The same lines, those too wide broken between words and indented as they began."""
    page = Page(shown)
    for line in lines:
        words = line.lstrip()
        page.paragraph(words, indent=len(line) - len(words))
    return page.text().splitlines()


def next_lines(commands: Sequence[str]) -> list[str]:
    """The commands, under a word of their own."""
    return ["next", *(f"  {each}" for each in commands)] if commands else []
