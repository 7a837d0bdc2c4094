"""Draw `report.svg`, the picture in the README, from `report.json`, a real run of its example.

    promptops report --format json --output docs/report.json   # in the example's folder
    python docs/picture.py

The same JSON gives the same picture: no time, no chance, and no font from the network.
"""  # noqa: INP001  # a script, not a package

from __future__ import annotations

import io
import re
from pathlib import Path

import msgspec
from rich.console import Console
from rich.text import Text

from promptops.reports.discovery import find
from promptops.reports.surface import Surface
from promptops.values.report import Report
from promptops.values.results import Results

HERE = Path(__file__).parent
COLUMNS = 96
FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, DejaVu Sans Mono, monospace"


def picture(source: Path = HERE / "report.json") -> str:
    """The picture, as SVG."""
    reports = msgspec.json.decode(source.read_bytes(), type=list[Report])
    shown = find("terminal")(Results(reports), Surface(width=COLUMNS, color=True))
    console = Console(file=io.StringIO(), record=True, width=COLUMNS, color_system="truecolor")
    console.print(Text.from_ansi(shown.rstrip("\n")), soft_wrap=True)
    svg = console.export_svg(title="promptops eval", unique_id="report")
    svg = re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font-family: [^;]*Fira Code[^;]*;", f"font-family: {FONTS};", svg)
    svg = re.sub(r"<!--.*?-->\s*", "", svg)
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


if __name__ == "__main__":
    (HERE / "report.svg").write_text(picture(), encoding="utf-8", newline="\n")
