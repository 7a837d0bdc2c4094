"""Blocks of Markdown: tables, lists, fences, and what can be folded away."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from promptops.reports.markdown.inline import Markup

_FENCES = re.compile(r"`{3,}")


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; `>` before a head sets its column to the right. Cells are finished Markdown."""
    names = [head.removeprefix(">") for head in heads]
    rules = ["--:" if head.startswith(">") else ":--" for head in heads]
    lines = [names, rules, *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def bullets(lines: Iterable[str]) -> str:
    """A list; its items are finished lines of Markdown."""
    return "\n".join(f"- {line}" for line in lines)


def difference(lines: Iterable[tuple[str, str]], markup: Markup) -> str:
    """Lines, each with `-`, `+`, a blank or `@@` before it, as a block that GitHub colours."""
    told = [
        f"@@ {_shown(text, markup)} @@" if mark == "@@" else f"{mark}{_shown(text, markup)}"
        for mark, text in lines
    ]
    longest = max((len(run) for line in told for run in _FENCES.findall(line)), default=2)
    fence = "`" * max(3, longest + 1)
    return "\n".join([f"{fence}diff", *(line.rstrip(" ") for line in told), fence])


def _shown(text: str, markup: Markup) -> str:
    return markup.shown(text.expandtabs(4))


def folded(summary: str, body: str) -> str:
    """A block behind a line that opens it. The summary is finished HTML."""
    return f"<details>\n<summary>{summary}</summary>\n\n{body}\n\n</details>"


def joined(blocks: Iterable[str]) -> str:
    """Blocks one after the other; those that are empty are left out."""
    return "\n\n".join(block for block in blocks if block)
