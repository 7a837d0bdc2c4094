"""Draw `page.png`, the picture in the README, from the example of `comment.py`.

    python -m docs.page     # in the root of the project

The HTML report as it is written, photographed in Chromium.
"""  # noqa: INP001  # a script, not a package

from __future__ import annotations

import tempfile
from pathlib import Path

from docs.comment import CHROMIUM, END, example, note
from playwright.sync_api import sync_playwright

from promptops.reports.discovery import find
from promptops.reports.surface import Surface
from promptops.values.results import Results

HERE = Path(__file__).parent
SIZE = {"width": 1000, "height": 1480}


def page(results: Results) -> str:
    """The report of the suite that regressed, by itself."""
    told = [each for each in results.reports if each.verdict == "regressed"]
    return find("html")(Results(told, None, results.details), Surface())


def photograph(html: str, file: Path) -> None:
    """The upper part of the page, in light colours."""
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "report.html"
        place.write_text(html, encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            tab = browser.new_page(viewport=SIZE, color_scheme="light")
            tab.goto(place.as_uri())
            tab.locator(".row").first.wait_for()
            picture = tab.screenshot()
        finally:
            browser.close()
    file.write_bytes(picture[:-END] + note(html) + picture[-END:])


if __name__ == "__main__":
    photograph(page(example()), HERE / "page.png")
