"""What is known of judges as one page that needs nothing else: no network, no script."""

from __future__ import annotations

from collections.abc import Sequence

from promptops.reports.html.markup import element, join
from promptops.reports.surface import Surface
from promptops.reports.trust_section import trust_section
from promptops.reports.viewing.document import document, masthead
from promptops.values.trust import TrustReport

_FOOT = "Made by promptops. The page holds all of its data and asks nothing of any network."


def render(reports: Sequence[TrustReport], surface: Surface) -> str:
    """The page. The surface changes nothing: a browser fits it to its window."""
    del surface
    name = reports[0].judge if reports else "judges"
    body = join(
        [
            masthead(),
            element(
                "main",
                element("h1", f"How far {name} can be trusted"),
                *map(trust_section, reports),
            ),
            element("footer", element("p", _FOOT)),
        ]
    )
    return document(f"{name[:60]}: trust", body)
