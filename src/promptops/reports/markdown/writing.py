"""Results as one Markdown document within a limit: the comment, or the summary of a step."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from promptops.reports import words
from promptops.reports.markdown.blocks import joined
from promptops.reports.markdown.detail import Detail, levels
from promptops.reports.markdown.inline import Markup
from promptops.reports.markdown.marker import MARKER
from promptops.reports.markdown.overview import (
    first_line,
    footer_block,
    others_block,
    reasons_block,
    suites_block,
    supplied_block,
)
from promptops.reports.markdown.section import How, Subject, section, subject
from promptops.reports.markdown.standing import gravity, quiet
from promptops.reports.safe_text import plain
from promptops.reports.surface import Surface
from promptops.values.report import Report
from promptops.values.results import Results

Measure = Callable[[str], int]

_COMMAND = re.compile(r"^([^\S\n]*):(?=:)", re.MULTILINE)
_FOR_TABLE = 3
"""The table of suites may have this part of the room at most."""

_TO_SPARE = 200
"""For what joins the blocks, and the line that says how many are left out."""

_JOINT = 2


def in_bytes(text: str) -> int:
    """As the summary of a step is measured."""
    return len(text.encode())


def in_letters(text: str) -> int:
    """As a comment is measured, with room to spare where letters take two units of UTF-16."""
    return len(text.encode("utf-16-le")) // 2


def write(results: Results, surface: Surface, limit: int, measure: Measure = in_bytes) -> str:
    """All results, the gravest first, in at most `limit` bytes (or letters, by `measure`).

    What does not fit is given up in order: outputs, their length, cases, lines of the prompt's
    difference, then whole suites from the least grave; what is left out is counted.  `limit` is
    20,000 at least: less would not hold the names of what changed.
    """
    return _Document(results, surface, limit, measure).text()


@dataclass
class _Document:
    results: Results
    surface: Surface
    limit: int
    measure: Measure
    known: dict[int, Subject] = field(default_factory=dict)
    """By the place of a report: each is looked at once, and only where there is room for it."""

    def __post_init__(self) -> None:
        self.markup = Markup(unicode=self.surface.unicode)
        self.gate = self.results.gate
        self.reports: Sequence[Report] = sorted(self.results.reports, key=gravity)
        self.suites = {each.run: each for each in self.gate.suites if each.run} if self.gate else {}

    def text(self) -> str:
        gate, markup = self.gate, self.markup
        end = f"{MARKER}\n" if gate is not None else ""
        parts = [
            first_line(self.reports, gate, markup),
            supplied_block(gate, self.reports, markup),
            reasons_block(gate, self.reports, markup),
        ]
        last = [others_block(gate, markup), footer_block(gate, markup)]
        room = self.limit - self.measure(end) - _TO_SPARE
        room -= sum(self._size(self._finished(part)) for part in [*parts, *last])
        if gate is not None or len(self.reports) > 1:
            suites = self._suites(room // _FOR_TABLE)
            room -= self._size(suites)
            parts.append(suites)
        told, left = self._sections(room)
        if left:
            others = words.many(left, "report")
            told.append(f"{markup.signs.more} {others} left out here, to stay within the limit.")
        body = joined([*parts, *told, *last])
        return joined([self._finished(body), end]) if end else self._finished(body) + "\n"

    def _suites(self, room: int) -> str:
        """The table with as many rows as there is room for."""
        fits, over = 0, len(self.reports) + 1
        while over - fits > 1:
            most = (fits + over) // 2
            shown = self._finished(suites_block(self.reports, most, self.markup))
            fits, over = (most, over) if self._size(shown) <= room else (fits, most)
        return self._finished(suites_block(self.reports, fits, self.markup))

    def _sections(self, room: int) -> tuple[list[str], int]:
        """The suites one by one, each as rich as all of them can be; how many do not fit."""
        told: list[str] = []
        for at, detail in enumerate(details := levels(self.surface)):
            told, used = self._at(detail, room)
            if len(told) == len(self.reports):
                return self._enriched(told, details[max(0, at - 1)], room - used), 0
        return told, len(self.reports) - len(told)

    def _at(self, detail: Detail, room: int) -> tuple[list[str], int]:
        """The sections in one detail, for as long as there is room, and how much they take."""
        told: list[str] = []
        used = 0
        for place in range(len(self.reports)):
            section_ = self._section(place, detail)
            used += self._size(section_)
            if used > room:
                break
            told.append(section_)
        return told, used

    def _enriched(self, told: list[str], detail: Detail, room: int) -> list[str]:
        """The gravest in the next richer detail, for as long as there is room."""
        richer = list(told)
        for place, shown in enumerate(told):
            section_ = self._section(place, detail)
            room -= self._size(section_) - self._size(shown)
            if room < 0:
                break
            richer[place] = section_
        return richer

    def _section(self, place: int, detail: Detail) -> str:
        report = self.reports[place]
        if place not in self.known:
            self.known[place] = subject(report, self.suites.get(report.run), self.results)
        alone = self.gate is None and len(self.reports) == 1
        fold = len(self.reports) > 1 and quiet(report)
        how: How = "alone" if alone else "folded" if fold else "open"
        return self._finished(section(self.known[place], detail, self.markup, how))

    def _size(self, text: str) -> int:
        return self.measure(text) + _JOINT if text else 0

    def _finished(self, text: str) -> str:
        """Text that opens no comment, begins no command of a build, and keeps to its letters."""
        text = _COMMAND.sub(r"\1\\x3a", text.replace("<!--", "<\\x21--"))
        if self.surface.unicode:
            return text
        return plain(text).encode("ascii", "backslashreplace").decode("ascii")
