r"""Text that others wrote, made inert and visible for a terminal or a log.

A model, a dataset, a judge or a repository may say anything: sequences that move the cursor,
controls that reverse the direction of reading, letters that nobody sees, commands to the system
that runs the build.  What could act is shown instead: `␛` for an escape, `\u202e` for an override.
"""

from __future__ import annotations

import re
import unicodedata

_MOST_MARKS = 4
"""Combining marks on one letter; scripts that people write need fewer."""

_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Characters that count as letters, marks or symbols and show nothing."""

_JOINERS = "\u200c\u200d"
_PRESENTATION = "\ufe0e\ufe0f"

_BUILD_COMMAND = re.compile(r"##(?=\w*\[)|(?:(?<=\s)|\A):(?=:[A-Za-z])")
"""How a line of a build's log turns into a command: `##[…]`, `##vso[…]`, `::add-mask::…`."""

_LINE_COMMAND = re.compile(r"^( *):(?=:[A-Za-z])", re.MULTILINE)

PLAIN_FORMS = {
    "✔": "+",
    "✖": "x",
    "✓": "+",
    "✗": "x",
    "●": "o",
    "○": ".",
    "↓": "v",
    "↑": "^",
    "→": "->",
    "·": "-",
    "│": "|",
    "┊": ":",
    "─": "-",
    "━": "=",
    "…": "...",
    "⏎": "\\n",
    "−": "-",
    "–": "-",
    "—": "-",
    "×": "x",
    "≥": ">=",
    "≤": "<=",
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
}
"""Each sign, and marks of print, to what stands for it wherever only ASCII can be shown."""

_PLAIN = str.maketrans(PLAIN_FORMS)


def plain(text: str) -> str:
    """Text with the plain forms of its signs. Other letters are left."""
    return text.translate(_PLAIN)


def visible(text: str, *, unicode: bool = True) -> str:
    """One line in which nothing acts and nothing hides.

    Line breaks become `⏎`, controls their pictures, and what cannot be seen its code.  Without
    `unicode` the answer is ASCII: signs in their plain form, other letters as their code.  Else
    letters of every script, and emoji, stay as they are.
    """
    if not unicode:
        text = plain(text)
    if "##" in text or "::" in text:
        text = _BUILD_COMMAND.sub(lambda found: found[0][:-1] + f"\\x{ord(found[0][-1]):02x}", text)
    if text.isascii():
        if text.isprintable():
            return text
        return "".join(_shown(char, unicode=unicode) for char in text)
    return _visible_unicode(text) if unicode else _visible_ascii(text)


def inert_lines(text: str) -> str:
    """Finished lines, none of which begins as a command to a build system (`::error::`).

    A layout breaks long text where it likes, so what begins a line is known only at the end.  One
    character is replaced by one, so columns stay straight.
    """
    return _LINE_COMMAND.sub(r"\1\\", text)


def inert(text: str, *, unicode: bool = True) -> str:
    """The same over several lines: they stay lines, and tabs become blanks."""
    lines = text.expandtabs(4).split("\n")
    return inert_lines("\n".join(visible(line, unicode=unicode) for line in lines))


def one_line(text: str, *, unicode: bool = True) -> str:
    """The same on a single line: runs of blanks and line ends become one blank."""
    return inert(" ".join(text.split()), unicode=unicode)


def _visible_ascii(text: str) -> str:
    return "".join(
        char if char.isascii() and char.isprintable() else _shown(char, unicode=False)
        for char in text
    )


def _visible_unicode(text: str) -> str:
    shown: list[str] = []
    marks = 0
    before = ""
    for at, char in enumerate(text):
        category = unicodedata.category(char)
        is_mark = category in {"Mn", "Me"}
        marks = marks + 1 if is_mark else 0
        if char in _PRESENTATION:
            # It asks for another drawing of the same symbol, and terminals disagree on its width.
            if not (before and marks == 1 and _takes_presentation(before)):
                shown.append(_shown(char))
        elif char in _JOINERS:
            joins = (
                before and _is_letter(before) and at + 1 < len(text) and _is_letter(text[at + 1])
            )
            shown.append(char if joins else _shown(char))
        elif is_mark and (marks > _MOST_MARKS or char in _UNSEEN):
            shown.append(_shown(char))
        elif is_mark and not _is_base(before):
            shown.append("◌" + char)
        elif char in _UNSEEN or category[0] == "C" or category in {"Zl", "Zp"}:
            shown.append(_shown(char))
        else:
            shown.append(char)
        before = char
    return "".join(shown)


def _takes_presentation(char: str) -> bool:
    return unicodedata.category(char) in {"So", "Sm", "Po"} or char in "0123456789#*"


def _is_letter(char: str) -> bool:
    return unicodedata.category(char)[0] in "LM"


def _is_base(char: str) -> bool:
    return bool(char) and unicodedata.category(char)[0] not in "CZ"


def _shown(char: str, *, unicode: bool = True) -> str:
    """One character by its picture or its code; printable ASCII as it is."""
    code = ord(char)
    if 0x20 <= code < 0x7F:
        return char
    if unicode and (code < 0x20 or code == 0x7F):
        return {0x0A: "⏎", 0x7F: "␡"}.get(code, chr(0x2400 + code))
    if char in "\n\t\r":
        return {"\n": "\\n", "\t": "\\t", "\r": "\\r"}[char]
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
