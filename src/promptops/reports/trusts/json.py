"""What is known of judges as a JSON list, for other tools (`promptops.trust/1`)."""

from __future__ import annotations

from collections.abc import Sequence

from promptops.reports.encoding import encode
from promptops.reports.surface import Surface
from promptops.values.trust import TrustReport


def render(reports: Sequence[TrustReport], surface: Surface) -> str:
    """The reports as they are. The surface changes nothing: other tools read this."""
    del surface
    return encode(list(reports))
