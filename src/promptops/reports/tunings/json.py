"""What came of trying a judge as one JSON object, for other tools (`promptops.tune/1`)."""

from __future__ import annotations

from promptops.reports.encoding import encode
from promptops.reports.surface import Surface
from promptops.values.tuning import TuneReport


def render(report: TuneReport, surface: Surface) -> str:
    """The report as it is. The surface changes nothing: other tools read this."""
    del surface
    return encode(report)
