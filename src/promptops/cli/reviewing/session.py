"""Labelling at the terminal: a question at a time; every label is on disk when its key was hit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

from promptops.cli.reviewing import screen
from promptops.cli.reviewing.choices import CANNOT_TELL, Metric, Said
from promptops.cli.reviewing.material import Question
from promptops.cli.reviewing.screen import Paper, Standing
from promptops.cli.reviewing.scribe import Scribe
from promptops.cli.reviewing.terminal import Key, Terminal
from promptops.labels.files import AnyLabel
from promptops.labels.writing import comment_of
from promptops.reports.surface import Surface

_CRITERION_KEYS = {"y": "yes", "n": "no", "t": "cannot_tell"}
_LONGEST_LINE = 2_000


@dataclass(slots=True)
class Session:
    """One sitting of one reviewer."""

    questions: Sequence[Question]
    metric: Metric
    scribe: Scribe
    keep: Callable[[AnyLabel], None]
    terminal: Terminal
    said: dict[int, Said] = field(default_factory=dict)
    """Number of a question to what was said of it."""
    skipped: set[int] = field(default_factory=set)
    _comments: dict[int, str] = field(default_factory=dict)
    _answered: tuple[str, ...] = ()
    _at: int = 0
    _top: int = 0
    _room: int = 1
    _message: str = ""
    _laid_out: tuple[tuple[int, Surface], list[str]] | None = None

    def run(self) -> None:
        """Until all was shown, or the reviewer quits."""
        while True:
            if self._at == len(self.questions):
                if self._is_over():
                    return
                continue
            self._paint()
            key = self.terminal.read()
            self._message = ""
            if key.name == "end" or (key.name == "char" and key.text in "qQ"):
                return
            self._take(key)

    def _is_over(self) -> bool:
        """After the last question; False where the reviewer goes back."""
        while True:
            self.terminal.paint(["That was the last one.", "", "Enter  the end", "b  back"])
            key = self.terminal.read()
            if key.name in {"end", "enter"} or (key.name == "char" and key.text in "qQ"):
                return True
            if key.name == "char" and key.text in "bB":
                self._go(self._at - 1)
                return False

    def _take(self, key: Key) -> None:
        if self._scrolls(key) or key.name != "char":
            return
        letter = key.text.casefold()
        commands: dict[str, Callable[[], None]] = {
            "s": self._skip,
            "b": self._back,
            "c": self._comment,
            "?": lambda: self._read_page(partial(screen.help_lines, self.metric.choices)),
            "i": lambda: self._read_page(partial(screen.rubric_lines, self.metric)),
        }
        if letter in commands:
            commands[letter]()
        elif self.metric.choices.criteria and letter in _CRITERION_KEYS:
            self._answer(_CRITERION_KEYS[letter])
        elif letter == "t":
            self._say(Said(CANNOT_TELL, None))
        elif self._is_typed(letter):
            self._type("" if letter == "v" else letter)
        elif said := self.metric.choices.at(letter):
            self._say(said)
        else:
            self._message = f"{key.text}: no such key here; ? shows all"

    def _skip(self) -> None:
        if self._at not in self.said:
            self.skipped.add(self._at)
        self._go(self._at + 1)

    def _is_typed(self, letter: str) -> bool:
        choices = self.metric.choices
        if choices.criteria or any(each.keys for each in choices.listed):
            return False
        return letter == "v" or (choices.ends is not None and letter in "0123456789.-+")

    def _answer(self, word: str) -> None:
        self._answered = (*self._answered, word)
        if len(self._answered) == len(self.metric.choices.criteria):
            said = self.metric.choices.read(", ".join(self._answered))
            assert said is not None
            self._say(said)

    def _say(self, said: Said) -> None:
        self.keep(self._label(said))
        self.said[self._at] = said
        self.skipped.discard(self._at)
        self._go(self._at + 1)

    def _label(self, said: Said) -> AnyLabel:
        return self.scribe.label(self.questions[self._at], said, self._comments.get(self._at, ""))

    def _back(self) -> None:
        if self._answered:
            self._answered = self._answered[:-1]
        elif self._at:
            self._go(self._at - 1)
        else:
            self._message = "this is the first one"

    def _go(self, at: int) -> None:
        self._at, self._top, self._answered = at, 0, ()
        self.terminal.forget_keys()

    def _comment(self) -> None:
        text = self._line("comment", self._comments.get(self._at, ""))
        if text is None:
            return
        self._comments[self._at] = comment_of(text)
        if self._at in self.said:
            self.keep(self._label(self.said[self._at]))

    def _type(self, start: str) -> None:
        text = self._line("say", start)
        if not text:
            return
        said = self.metric.choices.read(text)
        if said is None:
            self._message = f"{text[:40]}: not {self.metric.choices.told}"
            return
        self._say(said)

    def _line(self, asked: str, text: str) -> str | None:
        """A line of text; None where the reviewer thinks better of it."""
        while True:
            self._paint((f"{asked} (Enter: done, Esc: not)", text))
            key = self.terminal.read()
            if key.name in {"char", "paste"}:
                text = (text + " ".join(key.text.splitlines()))[:_LONGEST_LINE]
            elif key.name == "backspace":
                text = text[:-1]
            elif key.name == "clear":
                text = ""
            elif key.name == "enter":
                return text.strip()
            elif key.name in {"escape", "end"}:
                return None

    def _paint(self, line: tuple[str, str] | None = None) -> None:
        question, paper = self.questions[self._at], Paper(self.terminal.surface)
        said = self.said.get(self._at)
        standing = Standing(
            number=self._at + 1,
            total=len(self.questions),
            said=said.label if said else "",
            comment=self._comments.get(self._at, "") if line is None else "",
            message=self._message,
            answered=self._answered,
            line=line,
        )
        parts = (
            screen.head(question, self.metric, standing, paper),
            self._body(question, paper),
            screen.foot(self.metric.choices, standing, paper),
        )
        self._show(parts, paper)

    def _body(self, question: Question, paper: Paper) -> list[str]:
        """Laid out once for each width: an answer may be long."""
        place = (self._at, paper.surface)
        if self._laid_out is None or self._laid_out[0] != place:
            self._laid_out = (place, screen.body(question, paper))
        return self._laid_out[1]

    def _show(
        self, parts: tuple[Sequence[str], Sequence[str], Sequence[str]], paper: Paper
    ) -> None:
        lines, self._top, self._room = screen.shown(parts, self.terminal.height, self._top, paper)
        self.terminal.paint(lines)

    def _read_page(self, made: Callable[[Paper], list[str]]) -> None:
        """A page of ours, until another key than those that scroll."""
        top, self._top = self._top, 0
        while True:
            paper = Paper(self.terminal.surface)
            self._show(((), made(paper), ()), paper)
            key = self.terminal.read()
            if key.name != "resize" and not self._scrolls(key):
                break
        self._top = top

    def _scrolls(self, key: Key) -> bool:
        letter = key.text.casefold() if key.name == "char" else ""
        steps = {
            "page down": self._room - 1,
            "page up": 1 - self._room,
            "down": 1,
            "up": -1,
            "home": -(10**9),
            "bottom": 10**9,
        }
        name = {" ": "page down", "j": "down", "k": "up"}.get(letter, key.name)
        if name not in steps:
            return False
        # Where the end is, the next painting knows.
        self._top = max(0, self._top + (steps[name] or 1))
        return True
