"""What changed between two versions of a prompt, as they were written."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from promptops.reports.difference_parts import (
    PromptView,
    Setting,
    change_of,
    changed_includes,
    settings,
    words_of,
)
from promptops.reports.message_pairs import pair_messages
from promptops.reports.same_ends import same_ends
from promptops.reports.word_difference import Piece, changed_lines
from promptops.values.details import PromptText

Mark = Literal[" ", "-", "+"]
Line = tuple[Mark, str]

_MOST_PAIRS = 4_000_000
"""Pairs of lines that are still laid beside each other; above it all are told as replaced."""

_LONGEST_SETTING = 160


@dataclass(frozen=True, slots=True)
class TextChange:
    """A message or an include that is not the same on both sides."""

    name: str
    """`system`, `user → developer`, `include shared/tone.txt`."""
    change: Literal["added", "removed", "changed"]
    before: str
    """"" where it was added."""
    after: str
    """"" where it was removed."""
    included: bool = False
    """Whether it is an include, and no message."""

    @property
    def lines(self) -> list[Line]:
        """All lines of both sides in their order; those that were replaced before the new ones."""
        return line_difference(self.before, self.after)

    @property
    def pieces(self) -> list[Piece]:
        """The same by word, where a line changed within."""
        return changed_lines(_unended(self.before), _unended(self.after))


@dataclass(frozen=True, slots=True)
class PromptChanges:
    """All that differs in meaning."""

    texts: tuple[TextChange, ...] = ()
    """Messages in their order, then includes by path."""
    settings: tuple[Setting, ...] = ()
    """Model, params, inputs, output, tools: one value each."""

    @property
    def added(self) -> int:
        """Lines of messages and includes that are new."""
        return self._count("+")

    @property
    def removed(self) -> int:
        """Lines of messages and includes that are gone."""
        return self._count("-")

    def _count(self, mark: Mark) -> int:
        return sum(line[0] == mark for text in self.texts for line in text.lines)

    def __bool__(self) -> bool:
        return bool(self.texts or self.settings)


def prompt_changes(before: PromptText, after: PromptText) -> PromptChanges:
    """What differs in meaning between two versions."""
    texts: list[TextChange] = []
    for old, new in pair_messages(before.messages, after.messages):
        message = new or old
        change = change_of(old, new)
        if message is None or change == "same":
            continue
        name: str = message.role
        if old and new and old.role != new.role:
            name = f"{old.role} → {new.role}"
        texts.append(TextChange(name, _kind(change), words_of(old) or "", words_of(new) or ""))
    for path, was, now in changed_includes(before.includes, after.includes):
        change = "added" if was is None else "removed" if now is None else "changed"
        name = f"include {path}"
        texts.append(TextChange(name, _kind(change), was or "", now or "", included=True))
    return PromptChanges(tuple(texts), tuple(settings(_view(before), _view(after))))


def setting_words(setting: Setting) -> str:
    """One setting in words: `params.temperature 0.7 → 0.2`, `tools.find_city added`."""
    name = ".".join(part for part in (setting.part, setting.path) if part)
    before, after = (_short(value) for value in (setting.before, setting.after))
    if setting.before is None:
        return f"{name} added: {after}"
    if setting.after is None:
        return f"{name} removed; it was {before}"
    return f"{name} {before} → {after}"


def line_difference(before: str, after: str) -> list[Line]:
    """Two texts as lines kept, removed and added. A break at the end of a text is no line."""
    old, new = _lines(before), _lines(after)
    head, tail = same_ends(old, new)
    left, right = old[head : len(old) - tail], new[head : len(new) - tail]
    return [
        *_marked(" ", old[:head]),
        *_between(left, right),
        *_marked(" ", old[len(old) - tail :]),
    ]


def first_changed_lines(before: str, after: str) -> tuple[int, int]:
    """Where two texts first differ: the first and the last line of it in `after`, from 1.

    Of lines that were only removed it is the line that stands in their place now.
    """
    at, start, count = 0, 0, 0
    for mark, _ in line_difference(before, after):
        if mark == " " and start:
            break
        if mark != " ":
            start = start or at + 1
            count += mark == "+"
        at += mark != "-"
    last = max(1, len(_lines(after)))
    first = max(1, min(start, last))
    return first, min(last, first + max(count, 1) - 1)


def _between(old: Sequence[str], new: Sequence[str]) -> list[Line]:
    if not old or not new or len(old) * len(new) > _MOST_PAIRS:
        return _marked("-", old) + _marked("+", new)
    lines: list[Line] = []
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=len(old) * len(new) > 40_000)
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag == "equal":
            lines += _marked(" ", old[i:j])
        else:
            lines += _marked("-", old[i:j]) + _marked("+", new[k:m])
    return lines


def _marked(mark: Mark, lines: Sequence[str]) -> list[Line]:
    return [(mark, line) for line in lines]


def _lines(text: str) -> list[str]:
    return _unended(text).split("\n") if text else []


def _unended(text: str) -> str:
    return text.removesuffix("\n")


def _kind(change: str) -> Literal["added", "removed", "changed"]:
    return "added" if change == "added" else "removed" if change == "removed" else "changed"


def _short(value: str | None) -> str:
    text = value or ""
    return text if len(text) <= _LONGEST_SETTING else text[: _LONGEST_SETTING - 1] + "…"


def _view(text: PromptText) -> PromptView:
    return PromptView(
        label="",
        digest=text.digest,
        model=text.model,
        messages=text.messages,
        params=text.params,
        inputs=text.inputs,
        output=text.output,
        tools=text.tools,
        includes=text.includes,
    )
