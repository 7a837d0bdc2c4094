"""The page for everybody: axe finds nothing serious, wherever a reader may be."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests import examples
from tests.browser.conftest import PHONE, WIDE, Open
from tests.browser.story import story
from tests.example_details import results_of
from tests.gate_examples import every_gate

GRAVE = {"serious", "critical"}
PLACES = {
    "light": {"color_scheme": "light", "viewport": WIDE},
    "dark": {"color_scheme": "dark", "viewport": WIDE},
    "phone": {"color_scheme": "light", "viewport": PHONE},
}


def grave(page: Page) -> list[str]:
    found = Axe().run(page).response
    assert len(found["passes"]) > 15, "axe looked at the page"
    return [
        f"{each['id']}: {each['help']}: {node['html'][:200]}"
        for each in found["violations"]
        if each["impact"] in GRAVE
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("place", PLACES)
def test_nothing_serious_stands_in_the_way(open_page: Open, place):
    page = open_page(story(), **PLACES[place]).page
    expect(page.locator(".row").first).to_be_visible()
    assert grave(page) == []
    page.locator(".row").first.click()
    expect(page.locator(".trace").first).to_be_visible()
    page.get_by_role("button", name="Mark differences").focus()
    assert grave(page) == []


@pytest.mark.parametrize("place", PLACES)
def test_nor_where_there_are_several(open_page: Open, place):
    page = open_page(every_gate()["regression"], **PLACES[place]).page
    expect(page.locator(".row:visible").first).to_be_visible()
    assert grave(page) == []


@pytest.mark.parametrize(
    "example", ["passed", "inconclusive", "invalid", "first_version", "stopped"]
)
def test_nor_with_any_verdict(open_page: Open, example):
    page = open_page(results_of(examples.every_example()[example])).page
    expect(page.locator(".row:visible").first).to_be_visible()
    assert grave(page) == []


def test_the_list_is_told_as_a_list(open_page: Open):
    page = open_page(story()).page
    rows = page.get_by_role("listbox", name="Cases").get_by_role("option")
    expect(rows.first).to_have_attribute("aria-setsize", "56")
    expect(rows.first).to_have_attribute("aria-posinset", "1")
    page.get_by_role("listbox", name="Cases").press("ArrowDown")
    chosen = rows.and_(page.get_by_role("option", selected=True))
    expect(chosen).to_have_count(1)
    active = page.get_by_role("listbox").get_attribute("aria-activedescendant")
    assert active == chosen.get_attribute("id")


def test_every_control_is_reached_and_seen_with_the_keyboard(open_page: Open):
    page = open_page(story()).page
    expect(page.locator(".row").first).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    expect(page.locator(".skip")).to_be_in_viewport()
    reached: set[str] = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.className || document.activeElement.id"))
        width = page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)")
        at_end = page.evaluate("document.activeElement === document.body")
        assert at_end or width >= 2, "focus is seen"
    assert {"quiet-button", "filter broken", "tags", "order", "case-list"} <= reached
