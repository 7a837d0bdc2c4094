"""Words for stderr, broken between words where a terminal would break within them."""

from __future__ import annotations

import sys
import textwrap

from promptops.cli.output import is_terminal, stream_surface


def wrapped(text: str, indent: str = "  ") -> list[str]:
    """The lines of a text; as long as they are where stderr is no terminal."""
    lines = text.split("\n")
    if not is_terminal(sys.stderr):
        return lines
    width = stream_surface(sys.stderr).width
    return [part for line in lines for part in _filled(line, width, indent)]


def _filled(line: str, width: int, indent: str) -> list[str]:
    return textwrap.wrap(
        line,
        width,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
        drop_whitespace=True,
        replace_whitespace=False,
    ) or [""]
