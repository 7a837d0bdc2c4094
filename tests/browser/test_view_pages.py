"""The pages of `promptops view`, and of a trend in a file, as a browser shows them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Dialog,
    Page,
    Request,
    expect,
)

from promptops.reports.surface import Surface
from promptops.reports.trend_discovery import find_trend
from promptops.store.store import Store
from promptops.values.trend import Trend
from tests.browser.conftest import PHONE, WIDE
from tests.examples import CANARIES, every_example
from tests.examples import hostile as hostile_report
from tests.functional.trend_desk import Desk
from tests.functional.viewing_desk import Server, viewing
from tests.trend_examples import every_trend, hostile, many, ordinary

GRAVE = {"serious", "critical"}
PLACES = {
    "light": {"color_scheme": "light", "viewport": WIDE},
    "dark": {"color_scheme": "dark", "viewport": WIDE},
    "phone": {"color_scheme": "light", "viewport": PHONE},
}
PAGES = {"index": "", "trend": "trend?prompt=city", "message": "nothing"}

NewPage = Callable[..., Page]


@pytest.fixture
def new_page(browser: Browser) -> Iterator[NewPage]:
    """Pages that may do nothing but show themselves: at the end none has reported an error, asked
    a question, or gone anywhere but where it was sent.
    """
    contexts = []
    wrong: list[str] = []

    def opened(address: str, **context: object) -> Page:
        made = browser.new_context(**({"viewport": WIDE} | context))  # type: ignore[arg-type]
        contexts.append(made)
        page = made.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        own = address.partition("?")[0].rstrip("/").rpartition("/")[0]

        def refused(dialog: Dialog) -> None:
            wrong.append(dialog.message)
            dialog.dismiss()

        def noted(message: ConsoleMessage) -> None:
            text = message.text
            if "404" not in text:  # of a page that is not there, and says so itself
                wrong.append(text)

        def asked(request: Request) -> None:
            url = request.url
            if not url.startswith((own, "data:,")):
                wrong.append(f"asked for {url}")

        page.on("dialog", refused)
        page.on("console", noted)
        page.on("request", asked)
        page.goto(address)
        return page

    yield opened
    for each in contexts:
        each.close()
    assert wrong == []


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    made = Desk(tmp_path_factory.mktemp("seen") / "reports")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(made.root)
        made.versions(4)
        made.run(None, 1, 0.5)
        made.run(1, 2, 0.62)
        made.run(2, 4, 0.7, was=0.6, dataset_fingerprint="d2")
    with Store(made.root) as store:
        for number, name in enumerate(("regressed", "inconclusive", "invalid")):
            (report,) = every_example()[name]
            changed = {"run": f"2026-other-{number}", "suite": "answer", "prompt": "answer"}
            store.runs.finish(msgspec.structs.replace(report, **changed))
    return made


@pytest.fixture(scope="module")
def server(desk: Desk) -> Iterator[Server]:
    with viewing(desk.root) as running:
        yield running


def written(trend: Trend, folder: Path) -> str:
    file = folder / "trend.html"
    file.write_text(find_trend("html")(trend, Surface()), encoding="utf-8")
    return file.as_uri()


def grave(page: Page) -> list[str]:
    found = Axe().run(page).response
    assert len(found["passes"]) > 10, "axe looked at the page"
    return [
        f"{each['id']}: {each['help']}: {node['html'][:200]}"
        for each in found["violations"]
        if each["impact"] in GRAVE
        for node in each["nodes"]
    ]


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    wider: int = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return wider


# -- the index


def test_from_the_index_to_a_run_and_back(server: Server, new_page: NewPage) -> None:
    page = new_page(server.url)
    expect(page.get_by_role("heading", name="Runs of reports")).to_be_visible()
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(6)
    expect(rows.first).to_contain_text("invalid")  # the newest
    rows.filter(has_text="v2 → v4").get_by_role("link", name="city").click()
    expect(page.locator(".verdict")).to_contain_text("exact is no worse")
    page.go_back()
    expect(rows).to_have_count(6)


def test_runs_are_chosen_without_a_script(server: Server, new_page: NewPage) -> None:
    page = new_page(server.url, java_script_enabled=False)
    page.get_by_label("prompt").select_option("answer")
    page.get_by_label("verdict").select_option("invalid")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    assert "prompt=answer" in page.url
    assert "verdict=invalid" in page.url
    expect(page.get_by_label("verdict")).to_have_value("invalid")
    page.get_by_role("link", name="all of them").click()
    expect(page.locator("tbody tr")).to_have_count(6)


def test_a_run_is_kept_as_a_file(server: Server, new_page: NewPage) -> None:
    page = new_page(server.url)
    with page.expect_download() as kept:
        page.locator("tbody tr").first.get_by_role("link", name="markdown").click()
    assert kept.value.suggested_filename == "answer-2026-other-2.md"
    assert "answer" in Path(kept.value.path()).read_text(encoding="utf-8")


def test_the_index_can_be_gone_through_by_keyboard(server: Server, new_page: NewPage) -> None:
    page = new_page(server.url)
    reached = set()
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.tagName"))
    assert {"A", "SELECT", "BUTTON"} <= reached


# -- a trend


def test_from_the_index_to_a_trend_to_a_run(server: Server, new_page: NewPage) -> None:
    page = new_page(server.url)
    page.get_by_role("navigation", name="Trends").get_by_role("link", name="city").click()
    expect(page.locator(".finding")).to_have_text("v4: exact 0.70, +0.10 against v2")
    plots = page.locator("svg[role=img]")
    expect(plots).to_have_count(4)
    said = plots.first.get_attribute("aria-label")
    assert said
    assert said.startswith("exact: from 0.50 at v1 to 0.70 at v4; least 0.50, most 0.70.")
    expect(page.locator(".versions-table tbody tr.cut")).to_contain_text("the dataset changed")
    page.get_by_role("row", name=re.compile("^v2 ")).get_by_role("link").click()
    expect(page.locator(".verdict")).to_contain_text("exact")
    page.go_back()
    page.get_by_role("link", name="All runs").click()
    expect(page.get_by_role("heading", name="Runs of reports")).to_be_visible()


def test_nothing_joins_points_over_a_gap(new_page: NewPage, tmp_path: Path) -> None:
    page = new_page(written(ordinary(), tmp_path))
    lane = page.locator("svg.lane").first
    expect(lane.locator("line.way:not(.anew)")).to_have_count(3 + 4)  # v1 to v4, and v8 to v12
    expect(lane.locator("line.anew")).to_have_count(1)  # v6 as v8's run measured it, to v8
    expect(lane.locator("line.cut")).to_have_count(1)
    expect(lane.locator("text.unread")).to_have_text("×")
    expect(lane.locator("text.absent")).to_have_text("·")


def test_a_version_tells_of_itself_under_the_pointer(new_page: NewPage, tmp_path: Path) -> None:
    page = new_page(written(ordinary(), tmp_path))
    card = page.locator(".card").nth(8)
    expect(card).to_be_hidden()
    page.locator(".cards > div").nth(8).hover()
    expect(card).to_be_visible()
    expect(card).to_contain_text("v9")
    expect(card).to_contain_text("−0.11")
    for nth in (0, 5, 6, 11):  # it stays within the page, on whichever side it opens
        page.locator(".cards > div").nth(nth).hover()
        box = page.locator(".card").nth(nth).bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= WIDE["width"]


def test_plots_and_what_is_under_the_pointer_stand_above_one_another(
    new_page: NewPage, tmp_path: Path
) -> None:
    page = new_page(written(ordinary(), tmp_path))
    points = page.locator("svg.lane").first.locator("svg.point")
    columns = page.locator(".cards > div")
    for point, column in ((0, 1), (8, 11)):  # v2 and v12
        place, share = points.nth(point).bounding_box(), columns.nth(column).bounding_box()
        assert place
        assert share
        middle = share["x"] + share["width"] / 2
        assert abs(place["x"] + place["width"] / 2 - middle) < 1.5


def test_of_many_versions_all_can_be_seen(new_page: NewPage, tmp_path: Path) -> None:
    page = new_page(written(many(), tmp_path))
    first = page.locator("svg.lane").first
    assert first.locator("svg.point, circle.bare").count() == 189
    labels = page.locator(".labels text")
    boxes = [label.bounding_box() for label in labels.all()]
    ends = [(box["x"], box["x"] + box["width"]) for box in boxes if box]
    assert len(ends) > 10
    assert all(end < start for (_, end), (start, _) in pairwise(ends))
    assert ends[-1][1] <= WIDE["width"]


# -- for everybody, and against anybody


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("which", PAGES)
def test_nothing_serious_stands_in_the_way(
    server: Server, new_page: NewPage, which: str, place: str
) -> None:
    page = new_page(server.url + PAGES[which], **PLACES[place])
    assert grave(page) == []
    assert overflow(page) == 0


@pytest.mark.parametrize("example", every_trend())
def test_every_trend_is_for_everybody(new_page: NewPage, tmp_path: Path, example: str) -> None:
    page = new_page(written(every_trend()[example], tmp_path), **PLACES["phone"])
    assert overflow(page) == 0
    if example != "many":  # axe looks at each of its thousands of elements
        assert grave(page) == []


def test_hostile_text_stays_text(new_page: NewPage, tmp_path: Path) -> None:
    text = CANARIES["html"]
    page = new_page(written(hostile(text), tmp_path))
    assert page.locator("script, img, iframe, object, embed").count() == 0
    expect(page.locator("h1")).to_have_text(text)
    assert overflow(page) == 0


def test_a_hostile_store_stays_a_list(new_page: NewPage, tmp_path: Path) -> None:
    (tmp_path / "prompts").mkdir()
    kept = ("html", "markup", "fence", "wide", "bidi", "unbroken")
    with Store(tmp_path) as store:
        for name in kept:
            store.runs.finish(hostile_report(CANARIES[name][:900]))
    with viewing(tmp_path) as server:
        for place in ("light", "phone"):
            page = new_page(server.url, **PLACES[place])
            expect(page.locator("tbody tr")).to_have_count(len(kept))
            assert page.locator("script, img, iframe").count() == 0
            assert overflow(page) == 0
