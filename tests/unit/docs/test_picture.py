"""The picture in the README is a real report, drawn as reports are drawn today."""

from __future__ import annotations

import html
import re
import runpy
from pathlib import Path

import msgspec
from rich.text import Text

from promptops.reports.surface import Surface
from promptops.reports.symbols import UNICODE
from promptops.reports.words import many_points, signed
from promptops.values.report import Report
from tests.example_details import rendered

DOCS = Path(__file__).parents[3] / "docs"


def test_the_picture_shows_the_report_as_it_is_drawn_today():
    """When this fails: `python docs/picture.py`, and look at it."""
    drawing = runpy.run_path(str(DOCS / "picture.py"))
    kept = (DOCS / "report.svg").read_text(encoding="utf-8")
    reports = msgspec.json.decode((DOCS / "report.json").read_bytes(), type=list[Report])
    surface = Surface(width=drawing["COLUMNS"], color=True)
    drawn = Text.from_ansi(rendered("terminal", reports, surface)).plain
    shown = re.findall(r'<text class="report-r\d+"[^>]*>([^<]*)</text>', kept)
    assert "".join(html.unescape("".join(shown)).split()) == "".join(drawn.split())


def test_the_same_run_gives_the_same_picture():
    draw = runpy.run_path(str(DOCS / "picture.py"))["picture"]
    assert draw() == draw()


def test_the_picture_loads_nothing():
    kept = (DOCS / "report.svg").read_text(encoding="utf-8")
    assert re.findall(r"https?://[^\"')\s]+", kept) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"@font-face|@import|href|<script|<image", kept)


def test_the_readme_tells_what_the_picture_shows():
    (report,) = msgspec.json.decode((DOCS / "report.json").read_bytes(), type=list[Report])
    told = " ".join((DOCS.parent / "README.md").read_text(encoding="utf-8").split())
    (metric,) = report.metrics
    assert report.budget
    assert metric.delta is not None
    assert metric.population_interval is not None
    assert metric.candidate is not None
    low, high = metric.population_interval
    drawn = report.calls.planned - report.budget.saved_calls
    assert f"{drawn} of {report.calls.planned} calls were enough" in told
    assert f"({signed(low, UNICODE)} to {signed(high, UNICODE)})" in told
    assert f"{metric.name} is worse by {many_points(metric.delta)}" in told
    assert report.baseline
    fewer = 1 - report.candidate.tokens.input / report.baseline.tokens.input
    assert f"saved {100 * fewer:.0f}% of them" in told
    assert f"{metric.candidate:.2f} {signed(metric.delta, UNICODE)} $0 One example" in told
