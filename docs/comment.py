"""Draw `comment.png`, the picture in the README, from an example of a gate that says no.

    python -m docs.comment     # in the root of the project

The comment is rendered as it would be posted, laid out by a Markdown parser with a style like
GitHub's, and photographed in Chromium. The part that unfolds is open in the picture.
"""  # noqa: INP001  # a script, not a package

from __future__ import annotations

import hashlib
import os
import re
import struct
import zlib
from html import escape
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from msgspec.structs import replace
from playwright.sync_api import sync_playwright

from promptops.reports.discovery import find
from promptops.reports.surface import Surface
from promptops.values.results import Results
from tests.example_details import results_of
from tests.gate_examples import regression

HERE = Path(__file__).parent
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
WIDTH = 900
CASES = 3
END = 12
"""Bytes of the last part of a PNG, which says that it ends."""

SIGNS = {
    "❌": ("✖", "#cf222e"),
    "✅": ("✔", "#1a7f37"),
    "❔": ("?", "#9a6700"),
    "⚠️": ("⚠", "#9a6700"),
    "ℹ️": ("i", "#0969da"),
}
"""Coloured letters, drawn here as a machine without such a font can draw them."""

STYLE = """
body { margin: 0; padding: 24px; background: #fff; color: #1f2328; font: 14px/1.5 sans-serif; }
article { border: 1px solid #d1d9e0; border-radius: 6px; overflow: hidden; }
header { background: #f6f8fa; border-bottom: 1px solid #d1d9e0; padding: 8px 16px; color: #59636e; }
header b { color: #1f2328; } main { padding: 16px; }
h2, h3 { margin: 20px 0 12px; line-height: 1.25; } main > :first-child { margin-top: 0; }
h2 { font-size: 21px; padding-bottom: 6px; border-bottom: 1px solid #d1d9e0; }
h3 { font-size: 17px; } p, ul, details, pre, table { margin: 0 0 14px; } ul { padding-left: 26px; }
table { border-collapse: collapse; } th, td { border: 1px solid #d1d9e0; padding: 5px 10px; }
tr:nth-child(even) td { background: #f6f8fa; }
code { background: #eff1f3; border-radius: 6px; padding: 2px 5px; }
code, pre { font: 12px/1.45 monospace; } h2 code, h3 code { font-size: inherit; }
pre { background: #f6f8fa; border-radius: 6px; padding: 12px; }
pre code { background: none; padding: 0; display: block; white-space: pre-wrap; }
pre span { display: block; min-height: 1.45em; }
.new { background: #dafbe1; color: #116329; } .old { background: #ffebe9; color: #82071e; }
.at { color: #6639ba; font-weight: bold; } sub { color: #59636e; font-size: 12px; }
summary { margin-bottom: 10px; } .sign { font-weight: bold; }
"""


def example() -> Results:
    """A gate that says no; every case has an id of its own."""
    results = regression()
    reports = [
        replace(report, cases=[replace(case, id=f"city-{at:03}") for at, case in told])
        for report in results.reports
        for told in [enumerate(report.cases, 1)]
    ]
    return results_of(reports, results.gate)


def difference(self: Any, tokens: Any, at: int, _options: Any, _env: Any) -> str:
    """A block of changes as GitHub colours it."""
    del self
    kinds = {"+": "new", "-": "old", "@": "at"}
    lines = [
        f'<span class="{kinds.get(line[:1], "")}">{escape(line)}</span>'
        for line in tokens[at].content.removesuffix("\n").split("\n")
    ]
    return f"<pre><code>{''.join(lines)}</code></pre>"


def page(results: Results) -> str:
    """The comment, as a page of HTML."""
    parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    parser.add_render_rule("fence", difference)
    body = parser.render(find("markdown")(results, Surface(max_cases=CASES)))
    for sign, (letter, colour) in SIGNS.items():
        drawn = f'<span class="sign" style="color: {colour}">{letter}</span>'
        body = body.replace(sign, drawn)
    body = re.sub(r"<details>", "<details open>", body, count=1)
    who = "<b>github-actions</b> bot commented"
    return (
        f'<!doctype html><meta charset="utf-8"><style>{STYLE}</style>'
        f"<article><header>{who}</header><main>{body}</main></article>"
    )


def photograph(html: str, file: Path) -> None:
    """The whole page, at the width of a comment."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            tab = browser.new_page(viewport={"width": WIDTH, "height": 400})
            tab.set_content(html)
            picture = tab.screenshot(full_page=True)
        finally:
            browser.close()
    file.write_bytes(picture[:-END] + note(html) + picture[-END:])


def note(html: str) -> bytes:
    """What a picture was made of, as a part of the picture that nobody sees."""
    told = b"tEXt" + b"Page\0" + hashlib.sha256(html.encode()).hexdigest().encode()
    return struct.pack(">I", len(told) - 4) + told + struct.pack(">I", zlib.crc32(told))


if __name__ == "__main__":
    photograph(page(example()), HERE / "comment.png")
