"""Where a report will be looked at."""

from __future__ import annotations

from dataclasses import dataclass

NARROWEST = 60
WIDEST = 200


@dataclass(frozen=True, slots=True)
class Surface:
    """What the place that shows a report can do.

    `width` is in columns; formats that lay out lines keep it between 60 and 200.  Without `color`
    no escape sequence is written; without `unicode` nothing but ASCII is.
    """

    width: int = 100
    color: bool = False
    unicode: bool = True
    max_cases: int | None = 8
    """How many changed cases are shown one by one; None shows them all."""

    index: str = ""
    """Where the list of all reports is, for a page that is served; "" where there is none."""

    @property
    def columns(self) -> int:
        """The width, within what a layout can do."""
        return max(NARROWEST, min(WIDEST, self.width))
