r"""Text within a line of Markdown, inert whoever wrote it.

GitHub looks for mentions, references to issues and commits, addresses and emoji after it has parsed
the Markdown, so neither a backslash nor an entity keeps `@team` from being called.  Only code does.
Whatever is more than words and numbers therefore stands in a code span.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from html import escape

from promptops.reports.safe_text import visible
from promptops.reports.symbols import Symbols, symbols

_BLANKS = re.compile(r"[ \t\r\n]+")
_BACKTICKS = re.compile(r"`+")

_LETTER = r"[^\W\d_]"
_PLAIN = re.compile(
    r"[+\-−]?\d[\d,]*(?:\.\d+)?%?"  # a number
    r"|\$\d[\d,]*(?:\.\d+)?"  # an amount of money
    r"|\d{4}-\d\d-\d\d"  # a day
    rf"|{_LETTER}+(?:['’\-]{_LETTER}+)*"  # a word
    rf"|(?:{_LETTER}|\d)+"  # a name such as v2
)
"""What means nothing to Markdown, nor to what GitHub looks for after it."""

_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_HASH = re.compile(r"(?<![^\W_])[0-9a-f]{7,40}(?![^\W_])", re.IGNORECASE)
"""GitHub links what may be the hash of a commit, also as a part of `face0ff-1` or of a number."""

_COMMAND = re.compile(
    r"(?:(?<=[:;] )|(?<=[:;]  )|(?<!\S)(?=promptops(?: [^\s;]+)+  ))"
    r"(promptops(?: [^\s;]+)+(?:;(?= )|(?=  |$)))"
)
"""A command of ours within a sentence: two blanks end it, where the sentence goes on."""

_EDGES = re.compile(r"([(\"'“‘]*)(.*?)([)\"'”’,;.:!?…]*)", re.DOTALL)
_NUMBERED = re.compile(r"\d+[.)]+")
"""What begins a list, where it begins a line."""


@dataclass(frozen=True, slots=True)
class Markup:
    """How text is written for a surface: with every sign there is, or in ASCII alone."""

    unicode: bool = True

    @property
    def signs(self) -> Symbols:
        return symbols(unicode=self.unicode)

    def shown(self, text: str, most: int | None = None) -> str:
        """One line in which nothing acts.

        It has at most so many characters, whatever stands for those that are not seen.
        """
        if most is not None:
            text = text[: most + 1]  # what is far behind is never looked at
        told = visible(text, unicode=self.unicode)
        return told if most is None else self.cut(told, most)

    def cut(self, text: str, most: int) -> str:
        """At most so many characters, ended by a sign where it was cut."""
        if len(text) <= most:
            return text
        return text[: most - 1].rstrip(" ") + self.signs.more

    def code(self, text: str, most: int = 100) -> str:
        """A name or a value as a code span, cut to `most` characters."""
        return self._span(self.shown(text, most))

    def cell(self, text: str, most: int = 60) -> str:
        r"""The same within a table; a bar, which would end its cell, is shown as `\x7c`."""
        return self._span(self.shown(text, most).replace("|", "\\x7c"))

    def sentence(self, text: str, most: int = 600) -> str:
        """Words as words, and whatever is more than that in code spans; no table may hold it.

        `judge faithful: 1b2c3d4e → 2` becomes ``judge faithful: `1b2c3d4e` → 2``.
        """
        parts: list[str] = []
        # What is far behind is never looked at, however many blanks stand before it.
        for at, piece in enumerate(_COMMAND.split(text[: 4 * most])):
            told = _BLANKS.sub(" ", piece).strip(" ")
            told = self.shown(told, most).strip() if most > 0 else ""
            if told:
                most -= len(told) + 1
                parts.append(self._within(told) if at % 2 else self._words(told))
        return " ".join(parts)

    def _words(self, told: str) -> str:
        tokens = [(token, _is_plain(token)) for token in told.split(" ")]
        if _NUMBERED.fullmatch(tokens[0][0]):
            tokens[0] = (tokens[0][0], False)
        parts: list[str] = []
        for plain, run in itertools.groupby(tokens, key=lambda token: token[1]):
            words = " ".join(token for token, _ in run)
            parts.append(safe_money(words) if plain else self._within(words))
        return " ".join(parts)

    def summary(self, text: str, most: int = 100) -> str:
        """A name within a line of HTML, as code, which is where GitHub looks for nothing."""
        return f"<code>{escape(self.shown(text, most)) or '&quot;&quot;'}</code>"

    def _within(self, words: str) -> str:
        """A run of tokens as one code span; the marks around it stay outside."""
        found = _EDGES.fullmatch(words)
        opening, core, closing = found.groups() if found else ("", words, "")
        if not core:
            return self._span(words)
        return opening + self._span(core) + closing

    def _span(self, text: str) -> str:
        """A code span that ends where it should, and whose `$` never meets its backtick."""
        if not text.strip(" "):
            text = ("␠" if self.unicode else "\\x20") * min(len(text), 8) or '""'
        runs = {len(run) for run in _BACKTICKS.findall(text)}
        fence = "`" * next(size for size in range(1, len(runs) + 2) if size not in runs)
        pad = " " if text[0] in "`$ " or text[-1] in "`$ " else ""
        return f"{fence}{pad}{text}{pad}{fence}"


def safe_money(text: str) -> str:
    """Words of ours in which no dollar is taken for the start of a formula."""
    return text.replace("$", "<span>$</span>")


def _is_plain(token: str) -> bool:
    if _NOT_ASCII.fullmatch(token):
        return True
    found = _EDGES.fullmatch(token)
    core = found[2] if found else token
    return bool(_PLAIN.fullmatch(core)) and not _HASH.search(core)
