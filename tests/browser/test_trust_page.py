"""The page on judges in a real browser: accessible, and no wider than its window."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from promptops.reports.surface import Surface
from promptops.reports.trusts.html import render
from tests.examples import CANARIES
from tests.trust_examples import report

axe = pytest.importorskip("axe_playwright_python.sync_playwright")


@pytest.mark.parametrize("width", [390, 1000])
def test_the_page_is_accessible_and_fits(browser, tmp_path: Path, width: int) -> None:
    other = msgspec.structs.replace(report("may gate"), suite="another")
    place = tmp_path / "trust.html"
    place.write_text(render([report("observes", CANARIES["markup"]), other], Surface(100)))
    context = browser.new_context(bypass_csp=True, viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(place.as_uri())
    found = axe.Axe().run(page)
    assert [each["id"] for each in found.response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()
