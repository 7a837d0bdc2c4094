"""Row 42 of the faults, in a browser: nothing that anybody wrote acts in the page."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from promptops.reports.formats.html import render
from promptops.reports.surface import Surface
from tests.browser.conftest import Open
from tests.examples import CANARIES
from tests.gate_examples import hostile_results

ELEMENTS = "(() => [...new Set([...document.querySelectorAll('*')].map(e => e.localName))])()"
ACTIVE = """(() => {
  const found = [];
  for (const node of document.querySelectorAll('*')) {
    for (const {name, value} of node.attributes) {
      if (name.startsWith('on') || /^\\s*javascript:/i.test(value)) found.push(name);
      if (name === 'src' || name === 'srcdoc') found.push(name);
      if (name === 'href' && !/^(#|data:,$)/.test(value)) found.push(value);
    }
  }
  return found;
})()"""
UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u2069\ufeff\ue000-\uf8ff\ud800-\udfff]"
)


def go_through(page: Page) -> None:
    """Opens all that there is."""
    page.locator(".row").first.click()
    expect(page.locator(".case-head h3")).to_be_visible()
    page.locator(".chip").nth(1).click()
    expect(page.locator(".pane.candidate .failure").first).to_be_visible()
    page.locator(".chip").first.click()
    expect(page.locator(".trace").first).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("nobody says this")
    expect(page.locator(".count")).to_have_text("0 of 1 case")


@pytest.fixture(scope="module")
def elements(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """What a page is made of in which no text means harm."""
    file = tmp_path_factory.mktemp("harmless") / "page.html"
    file.write_text(render(hostile_results("harmless"), Surface()), encoding="utf-8")
    with browser.new_page() as page:
        page.goto(file.as_uri())
        go_through(page)
        return set(page.evaluate(ELEMENTS))


@pytest.mark.parametrize("canary", CANARIES)
def test_no_canary_acts(open_page: Open, elements: set[str], canary):
    shown = open_page(hostile_results(CANARIES[canary]))
    page = shown.page
    go_through(page)
    assert page.evaluate(ACTIVE) == []
    text = page.evaluate("document.body.innerText + document.title")
    assert UNSEEN.findall(text) == []
    isolated = "getComputedStyle(document.querySelector('.output')).unicodeBidi"
    assert page.evaluate(isolated) == "plaintext"  # a paragraph by itself, in its own direction
    assert set(page.evaluate(ELEMENTS)) <= elements


def test_what_nobody_sees_is_shown(open_page: Open):
    page = open_page(hostile_results(CANARIES["bidi"])).page
    page.locator(".row").first.click()
    output = page.locator(".pane.candidate .output")
    expect(output).to_contain_text("abcU+202EdcbaU+202C")
    expect(output.locator(".unseen").first).to_have_text("U+202E")


def test_markup_is_read_as_it_was_written(open_page: Open):
    page = open_page(hostile_results(CANARIES["html"])).page
    page.locator(".row").first.click()
    expect(page.locator(".pane.candidate .output")).to_have_text(CANARIES["html"])
    expect(page.locator(".finding")).to_contain_text("<img src=x onerror=alert(1)>")


def test_the_policy_stops_what_would_slip_through(open_page: Open):
    """Were markup ever made of a text, the page's own policy would still keep it from acting."""
    shown = open_page(hostile_results("harmless"))
    page = shown.page
    page.evaluate(
        """() => {
          document.body.insertAdjacentHTML('beforeend',
            '<img src="https://evil.example/a.png" onerror="document.title=1">'
            + '<b style="color:red">x</b>'
            + '<form action="https://evil.example/"><button id="send">send</button></form>');
          const script = document.createElement('script');
          script.textContent = 'document.title = "owned"';
          document.body.append(script);
        }"""
    )
    page.evaluate("document.getElementById('send').click()")
    page.wait_for_timeout(200)
    assert "owned" not in page.title()
    told = " ".join(shown.seen.console)
    for directive in ("img-src", "script-src", "style-src", "form-action"):
        assert directive in told
    assert shown.seen.requests == []
    shown.seen.console.clear()
