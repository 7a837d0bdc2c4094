"""Reports as one page that needs nothing else: no network, no other file."""

from __future__ import annotations

from promptops.reports.html.reports_page import reports_page
from promptops.reports.surface import Surface
from promptops.values.results import Results


def render(results: Results, surface: Surface) -> str:
    """The page; a browser fits it to its window."""
    return reports_page(results, surface.index)
