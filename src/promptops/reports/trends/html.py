"""Trends as one page that needs nothing else: no network, no script, no other file."""

from __future__ import annotations

from promptops.reports.surface import Surface
from promptops.reports.viewing.trend_page import trend_page
from promptops.values.trend import Trend


def render(trend: Trend, surface: Surface) -> str:
    """The page. The surface changes nothing: a browser fits it to its window."""
    del surface
    return trend_page(trend)
