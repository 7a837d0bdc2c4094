"""Reports as Markdown: a comment on a pull request, the gate's or of any reports."""

from __future__ import annotations

from promptops.reports.markdown.writing import in_letters, write
from promptops.reports.surface import Surface
from promptops.values.results import Results

LIMIT = 65_000
"""Characters. GitHub takes 65,536; whoever posts it may want to add a line."""


def render(results: Results, surface: Surface) -> str:
    """The verdict over all first, then suite by suite, the gravest first."""
    return write(results, surface, LIMIT, in_letters)
