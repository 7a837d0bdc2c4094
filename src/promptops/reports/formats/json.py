"""Reports as JSON, for other tools: a list with one object per suite and model."""

from __future__ import annotations

from promptops.reports.encoding import encode
from promptops.reports.surface import Surface
from promptops.values.results import Results


def render(results: Results, surface: Surface) -> str:
    """The reports as one JSON list. The surface changes nothing: other tools read this."""
    del surface
    return encode(results.reports)
