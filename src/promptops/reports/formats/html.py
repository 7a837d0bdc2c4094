"""Reports as one page that needs nothing else: no network, no other file."""

from __future__ import annotations

from promptops.reports.html.reports_page import reports_page
from promptops.reports.surface import Surface
from promptops.values.results import Results


def render(results: Results, surface: Surface) -> str:
    """The page. The surface changes nothing: a browser fits it to its window."""
    del surface
    return reports_page(results)
