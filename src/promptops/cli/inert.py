"""Text of unknown origin over several lines, made safe for a terminal or a build's log."""

from __future__ import annotations

from promptops.reports.safe_text import inert_lines, visible


def inert(text: str, *, unicode: bool = True) -> str:
    """Lines stay lines and tabs become blanks; all else that acts or hides is written out."""
    lines = text.expandtabs(4).split("\n")
    return inert_lines("\n".join(visible(line, unicode=unicode) for line in lines))


def one_line(text: str, *, unicode: bool = True) -> str:
    """The same on a single line: runs of blanks and line ends become one blank."""
    return inert(" ".join(text.split()), unicode=unicode)
