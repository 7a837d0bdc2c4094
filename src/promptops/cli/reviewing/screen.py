"""One screen: what the case asked, what was answered, and what can be said of it.

What others wrote stands behind a bar, line by line and inert, so that no answer can look like a
part of the screen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from promptops.cli.reviewing.choices import Choices, Metric
from promptops.cli.reviewing.material import Question
from promptops.reports.safe_text import inert, one_line, visible
from promptops.reports.surface import Surface

NARROWEST = 20
_LEAST = 4
"""Lines of an answer below which the head of the screen makes room for it."""
_KEYS = ("s skip", "c comment", "b back", "i rubric", "? help", "q quit")
_OTHER_KEYS = (
    ("s", "skip this one: it comes again another time"),
    ("c", "write a comment, then Enter"),
    ("b", "back to the one before, to change what you said"),
    ("space", "down a page; Page Up and Page Down as well"),
    ("j, k", "down a line, up a line; arrows as well"),
    ("i", "what the judge is told to go by"),
    ("q", "quit; every label is on disk already"),
)
_BOLD, _DIM, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"


@dataclass(frozen=True, slots=True)
class Paper:
    """A surface, and how lines are made for it."""

    surface: Surface

    @property
    def width(self) -> int:
        """Columns that may be used: the last is left, since some terminals break after it."""
        return max(NARROWEST, self.surface.width - 1)

    def heading(self, text: str) -> str:
        """A line of ours that stands out."""
        return f"{_BOLD}{text}{_PLAIN}" if self.surface.color else text

    def quiet(self, text: str) -> str:
        """A line of ours that steps back."""
        return f"{_DIM}{text}{_PLAIN}" if self.surface.color else text

    def rule(self) -> str:
        """A line across."""
        return self.quiet(("─" if self.surface.unicode else "-") * self.width)

    def quoted(self, text: str) -> list[str]:
        """What others wrote, behind a bar."""
        bar = "│ " if self.surface.unicode else "| "
        lines = inert(text, unicode=self.surface.unicode).split("\n")
        return [bar + part for line in lines for part in wrapped(line, self.width - 2)]

    def words(self, text: str, indent: str = "") -> list[str]:
        """Words of ours, perhaps with others' names in them."""
        text = one_line(text, unicode=self.surface.unicode)
        parts = list(wrapped(text, self.width - len(indent)))
        return [parts[0], *(indent + part for part in parts[1:])]

    def inline(self, text: str) -> str:
        """A name of others on one line."""
        return visible(text, unicode=self.surface.unicode)


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known while a question is on the screen."""

    number: int
    """From 1."""
    total: int
    said: str = ""
    """What the reviewer said of it before."""
    comment: str = ""
    message: str = ""
    answered: tuple[str, ...] = ()
    """What was said to the first of the criteria."""
    line: tuple[str, str] | None = None
    """What is asked for on a line of text, and what is typed so far."""


def head(question: Question, metric: Metric, standing: Standing, paper: Paper) -> list[str]:
    """Where one is, and what is asked."""
    what = "pair" if len(question.answers) > 1 else "answer"
    dot = " · " if paper.surface.unicode else " - "
    name = (
        f"{what} {standing.number} of {standing.total}{dot}{metric.name}{dot}case {question.case}"
    )
    asked = "Which answer is better?" if metric.pairs else metric.question
    first = [paper.heading(line) for line in paper.words(name)]
    return [*first, *paper.words(asked), paper.rule()]


def body(question: Question, paper: Paper) -> list[str]:
    """The case and its answers, however long they are."""
    lines: list[str] = []
    for name, text in question.inputs:
        lines += [paper.heading(paper.inline(name)), *paper.quoted(text), ""]
    if question.expected is not None:
        lines += [paper.heading("expected"), *paper.quoted(question.expected), ""]
    several = len(question.answers) > 1
    for number, answer in enumerate(question.answers, 1):
        title = f"ANSWER {number}" if several else "ANSWER"
        said = paper.quoted(answer.text) if answer.text.strip() else ["(nothing was answered)"]
        lines += [paper.heading(title), *said, ""]
    return lines[:-1]


def foot(choices: Choices, standing: Standing, paper: Paper) -> list[str]:
    """What was said, and what can be said."""
    lines = [paper.rule()]
    for title, text in (("said", standing.said), ("comment", standing.comment)):
        if text:
            lines += paper.words(f"{title}: {text}", "  ")
    if standing.message:
        lines += paper.words(standing.message, "  ")
    if standing.line is not None:
        return [*lines, _typed(*standing.line, paper)]
    lines += offered(choices, standing.answered, paper)
    return [*lines, *map(paper.quiet, _filled(_KEYS, paper))]


def offered(choices: Choices, answered: Sequence[str], paper: Paper) -> list[str]:
    """The keys that say something."""
    if choices.criteria:
        at = min(len(answered), len(choices.criteria) - 1)
        name, criterion = list(choices.criteria.items())[at]
        asked = f"{at + 1} of {len(choices.criteria)}, {name}: {criterion.question}"
        return [
            *paper.words(asked, "  "),
            *_filled(["[y] yes", "[n] no", "[t] cannot tell"], paper),
        ]
    if not any(each.keys for each in choices.listed):
        told = f"[v] type {choices.told}"
        return [*paper.words(told, "  "), "[t] cannot tell"]
    keys = [f"[{'/'.join(each.keys)}] {paper.inline(each.label)}" for each in choices.listed]
    return _filled([*keys, "[t] cannot tell"], paper)


def shown(
    parts: tuple[Sequence[str], Sequence[str], Sequence[str]], height: int, top: int, paper: Paper
) -> tuple[list[str], int, int]:
    """A screen of head, body and foot.

    Answers its lines, the line of the body that it begins with, and how many of them fit.
    """
    above, lines, below = parts
    room = height - len(above) - len(below)
    if room < min(len(lines), _LEAST):  # a small window: what is labelled goes before our words
        above = above[: max(0, len(above) - _LEAST + max(0, room))]
        room = height - len(above) - len(below)
    if len(lines) <= room:
        return [*above, *lines, *below], 0, room
    room = max(1, room - 1)
    top = max(0, min(top, len(lines) - room))
    end = min(len(lines), top + room)
    more = "space: more, " if end < len(lines) else ""
    less = "k: back up, " if top else ""
    where = paper.quiet(f"({more}{less}lines {top + 1} to {end} of {len(lines)})")
    return [*above, *lines[top:end], where, *below], top, room


def help_lines(choices: Choices, paper: Paper) -> list[str]:
    """What every key does."""
    sayings = [
        (" or ".join(each.keys) or "v", f"{each.label}: {each.about}" if each.about else each.label)
        for each in choices.listed
    ]
    if choices.criteria:
        sayings = [("y, n", "to each in turn; b takes the last one back")]
    elif not any(each.keys for each in choices.listed):
        told = f"type {choices.told}, then Enter" if choices.ends else "type its name, then Enter"
        sayings = [("v", told), *(("", what) for _, what in sayings)]
    lines = [paper.heading("What you can say"), ""]
    for name, criterion in choices.criteria.items():
        lines += paper.words(f"{name}: {criterion.question}", "     ")
    return [
        *lines,
        *_keyed([*sayings, ("t", "you cannot tell")], paper),
        "",
        paper.heading("Other keys"),
        "",
        *_keyed(_OTHER_KEYS, paper),
        "",
        "Any other key goes back.",
    ]


def _keyed(keys: Sequence[tuple[str, str]], paper: Paper) -> list[str]:
    """Keys, and what they do beside them."""
    room = max(len(key) for key, _ in keys) + 2
    lines: list[str] = []
    for key, what in keys:
        first, *more = paper.words(what, " " * room)
        lines += [key.ljust(room) + first, *more]
    return lines


def rubric_lines(metric: Metric, paper: Paper) -> list[str]:
    """What the judge is told to go by, as its prompt has it."""
    judge = metric.judge
    if judge is None:
        lines = paper.words(
            f"{metric.name} is no judge: it is a scorer of type {metric.scorer.type}."
        )
        return [*lines, "", "Any other key goes back."]
    lines = [paper.heading(paper.inline(f"{judge.name} v{judge.prompt.version}")), ""]
    for message in judge.prompt.messages:
        text = message.content if isinstance(message.content, str) else str(message.content)
        lines += [paper.heading(message.role), *paper.quoted(text.strip()), ""]
    rubric = judge.prompt.judge
    for name, told in (rubric.anchors if rubric else {}).items():
        lines += paper.quoted(f"{name}: {told}")
    for name, criterion in (rubric.criteria if rubric else {}).items():
        lines += paper.quoted(f"{name}: {criterion.question}")
    return [*lines, "", "Any other key goes back."]


def wrapped(line: str, width: int) -> Iterator[str]:
    """Parts of a line that fit, broken at blanks where there are any; wide letters count twice."""
    start = 0
    while (end := _fitting(line, start, width)) < len(line):
        blank = line.rfind(" ", start, end + 1)
        if line[start : max(start, blank)].strip():
            yield line[start:blank]
            start = blank + 1
        else:
            yield line[start:end]
            start = end
    yield line[start:]


def _fitting(line: str, start: int, width: int) -> int:
    """Where what fits ends; it is one character at least."""
    used = 0
    for at in range(start, len(line)):
        used += cell_len(line[at])
        if used > width:
            return max(start + 1, at)
    return len(line)


def _typed(asked: str, text: str, paper: Paper) -> str:
    """A line that is being typed: its end, where it is too long."""
    text = paper.inline(text)
    room = paper.width - len(asked) - 3
    while cell_len(text) > room:
        text = text[1:]
    return f"{asked}: {text}"


def _filled(parts: Sequence[str], paper: Paper) -> list[str]:
    """Parts on as few lines as they fit on."""
    lines: list[str] = []
    for part in parts:
        if lines and cell_len(lines[-1]) + 2 + cell_len(part) <= paper.width:
            lines[-1] += f"  {part}"
        else:
            lines.append(part)
    return lines
