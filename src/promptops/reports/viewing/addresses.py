"""Where the pages of `promptops view` are, below the one place that is served."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlencode

DOWNLOADS = {"json": "json", "csv": "csv", "markdown": "md", "junit": "xml"}
"""Formats of a run that are offered as files, and how their names end."""

TREND_DOWNLOADS = {"json": "json", "csv": "csv"}


@dataclass(frozen=True, slots=True)
class Addresses:
    """Paths, each part of them quoted: nothing in a run's id or a prompt's name leads elsewhere."""

    start: str
    """`/…/`: what stands before all of them."""

    def index(self, **chosen: str | int | None) -> str:
        """The list of runs, of those that are `chosen`: prompt, suite, verdict, page."""
        return self.start + _asked(chosen)

    def run(self, run: str) -> str:
        """The report of a run."""
        return f"{self.start}runs/{_part(run)}/"

    def file(self, run: str, format_: str) -> str:
        """The same in another format, to keep."""
        return f"{self.run(run)}{_part(format_)}"

    def trend(self, prompt: str, *, suite: str | None = None, format_: str | None = None) -> str:
        """The trend of a prompt."""
        return f"{self.start}trend" + _asked({"prompt": prompt, "suite": suite, "format": format_})


def _part(text: str) -> str:
    """One part of a path. Dots alone would be taken for the folder above."""
    quoted = quote(text, safe="", errors="backslashreplace")
    return quoted if quoted.strip(".") else quoted.replace(".", "%2E")


def _asked(values: dict[str, str | int | None]) -> str:
    given = {name: value for name, value in values.items() if value not in {None, ""}}
    return f"?{urlencode(given, errors='backslashreplace')}" if given else ""
