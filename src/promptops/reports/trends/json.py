"""Trends as one JSON object, for other tools (`promptops.trend/1`)."""

from __future__ import annotations

from promptops.reports.encoding import encode
from promptops.reports.surface import Surface
from promptops.values.trend import Trend


def render(trend: Trend, surface: Surface) -> str:
    """The trend as it is. The surface changes nothing: other tools read this."""
    del surface
    return encode(trend)
