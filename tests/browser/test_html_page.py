"""The page of reports, driven as a reader drives it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
import pytest
from playwright.sync_api import Page, expect

from promptops.values.details import CaseDetails, SampleDetails
from promptops.values.report import Report
from promptops.values.results import Results
from tests import examples
from tests.browser.conftest import PHONE, Open
from tests.browser.story import CHANGED, PLAIN, WHY_NOT, story
from tests.example_details import results_of
from tests.gate_examples import every_gate

RUN = "20261002-0915-7f3a"


def ids(page: Page) -> list[str]:
    """The ids of the rows that are drawn, in order."""
    expect(page.locator(".row:visible").first).to_be_visible()
    return page.locator(".row:visible .id").all_inner_texts()


def opened(page: Page) -> str:
    heading = page.locator(".detail:visible .case-head h3")
    expect(heading).to_be_visible()
    return heading.inner_text()


def test_the_verdict_comes_first(open_page: Open):
    page = open_page(story()).page
    expect(page.locator(".verdict .mark")).to_have_text("✖regressed")
    expect(page.locator("h1")).to_have_text("parcel")
    expect(page.locator(".finding")).to_contain_text("exact is worse by 11 points (16 to 6)")
    expect(page.locator(".finding")).to_be_in_viewport()
    expect(page.get_by_role("heading", name="Warnings")).to_be_in_viewport()
    assert page.title() == "parcel: regressed"


def test_the_plots_show_what_the_numbers_say(open_page: Open):
    page = open_page(story()).page
    fell = page.locator(".compared tr", has_text="exact").locator("circle.estimate")
    rose = page.locator(".compared tr", has_text="short").locator("circle.estimate")
    zero = page.locator(".compared tr", has_text="exact").locator("line.zero")
    margin = page.locator(".compared tr", has_text="exact").locator("line.margin")
    places = [(each.bounding_box() or {"x": -1.0})["x"] for each in (fell, margin, zero, rose)]
    assert places[0] > 0
    assert places[:3] == sorted(places[:3])
    assert places[3] > places[1]
    expect(page.get_by_role("img", name=re.compile("exact: after 40 pairs"))).to_be_visible()


def test_bars_of_both_versions_stand_on_one_line(open_page: Open):
    report = examples.regressed()
    equal = [
        msgspec.structs.replace(each, baseline=3.0, candidate=3.0)
        for each in examples.economy({"cost": 0.25})
    ]
    report = msgspec.structs.replace(
        report,
        baseline=msgspec.structs.replace(examples.arm(9), dirty=False),
        candidate=msgspec.structs.replace(examples.arm(10), dirty=True),
        economy=equal,
    )
    page = open_page(results_of([report])).page
    for resource in page.locator(".resource").all():
        before, after = (each.bounding_box() for each in resource.locator("svg.bar").all())
        assert before
        assert after
        assert (before["x"], before["width"]) == (after["x"], after["width"])
        assert before["width"] > 40


def test_what_was_not_compared_is_not_the_same(open_page: Open):
    page = open_page(results_of([examples.early()])).page
    expect(page.get_by_role("button", name="not compared 58")).to_be_visible()
    same = page.locator(".filter.same")
    told = int(same.locator(".number").inner_text())
    same.click()
    expect(page.locator(".count")).to_have_text(f"{told} of 200 cases")
    expect(page.locator(".row", has_text="not compared")).to_have_count(0)


def test_cases_are_narrowed_by_what_became_of_them(open_page: Open):
    page = open_page(story()).page
    count = page.locator(".count")
    expect(count).to_have_text("56 cases")
    fixed = page.get_by_role("button", name="fixed 4")
    fixed.click()
    expect(count).to_have_text("4 of 56 cases")
    assert ids(page) == ["order-012", "order-013", "order-014", "order-015"]
    page.get_by_role("button", name="broken 12").click()
    expect(count).to_have_text("16 of 56 cases")
    fixed.click()
    expect(count).to_have_text("12 of 56 cases")
    page.get_by_role("button", name="critical 1").click()
    assert ids(page) == ["order-000"]


@pytest.mark.parametrize(
    ("name", "case"),
    [("own failures 1", 2), ("unscorable 1", 0), ("lost calls 1", 1), ("several steps 1", 0)],
)
def test_cases_are_narrowed_by_what_happened_in_them(open_page: Open, name, case):
    page = open_page(story()).page
    page.get_by_role("button", name=name).click()
    expect(page.locator(".count")).to_have_text("1 of 56 cases")
    assert ids(page) == [f"order-{case:03}"]


def test_cases_are_narrowed_by_tag_and_put_in_order(open_page: Open):
    page = open_page(story()).page
    page.get_by_label("Tag", exact=True).select_option(label="slang (19)")
    expect(page.locator(".count")).to_have_text("19 of 56 cases")
    assert ids(page)[:2] == ["order-000", "order-003"]
    page.get_by_label("Order", exact=True).select_option(label="best first")
    expect(page.locator(".row .id").first).to_have_text("order-012")
    page.get_by_label("Order", exact=True).select_option(label="lowest score first")
    expect(page.locator(".row .id").first).to_have_text("order-000")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("order-017", "1 of 56 cases"),
        ("ORDER 1003", "1 of 56 cases"),  # an input
        ('"friday evening"', "12 of 56 cases"),  # an output
        ("friday sample", "12 of 56 cases"),  # each word somewhere
        ("nobody says this", "0 of 56 cases"),
    ],
)
def test_cases_are_searched_by_id_input_and_output(open_page: Open, query, found):
    page = open_page(story()).page
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type(query)
    expect(page.locator(".count")).to_have_text(found)


def test_an_opened_case_shows_both_answers_and_marks_what_differs(open_page: Open):
    page = open_page(story()).page
    page.locator(".row", has_text="order-003").click()
    assert opened(page) == "order-003"
    expect(page.locator(".asked")).to_contain_text("Where is the parcel of order 1003?")
    expect(page.locator(".asked")).to_contain_text('"day": "Thursday"')
    before, after = page.locator(".pane.baseline .output"), page.locator(".pane.candidate .output")
    expect(before).to_have_text(PLAIN)
    expect(after).to_have_text(CHANGED)
    assert "Thursday" in before.locator("del").all_inner_texts()
    assert "Friday evening" in after.locator("ins").all_inner_texts()
    page.get_by_role("button", name="Mark differences").click()
    expect(after.locator("ins")).to_have_count(0)
    expect(after).to_have_text(CHANGED)


def test_every_sample_and_every_judge_is_read_whole(open_page: Open):
    page = open_page(story()).page
    page.locator(".row", has_text="order-000").click()
    chips = page.get_by_role("group", name="Samples of the candidate").get_by_role("button")
    expect(chips).to_have_count(3)
    faithful = page.locator(".scorer", has_text="faithful")
    expect(faithful.locator(".explanation").last).to_have_text(WHY_NOT)
    chips.nth(1).click()
    expect(page.locator(".pane.candidate .output")).to_have_text(CHANGED + " Sample 2.")
    expect(faithful).to_contain_text("unscorable")
    expect(faithful).to_contain_text("asking failed: the judge answered with no verdict")
    page.locator(".row", has_text="order-001").click()
    chips.nth(2).click()
    expect(page.locator(".pane.candidate")).to_contain_text("timeout: no answer within 60 s")


def test_a_sample_of_several_steps_shows_its_trace(open_page: Open):
    page = open_page(story(), fragment=f"run={RUN}&case=order-000").page
    steps = page.locator(".steps.candidate .step")
    expect(steps).to_have_count(4)
    expect(steps.nth(0)).to_contain_text("find_order")
    expect(steps.nth(0)).to_contain_text('"order": 1000')
    expect(steps.nth(0)).to_contain_text("180 → 12 tokens · $0.00012 · 410 ms")
    expect(steps.nth(1)).to_contain_text('{"depot": "Lyon"}')
    expect(steps.nth(2)).to_contain_text("the calendar did not answer")


def test_the_keyboard_goes_everywhere(open_page: Open):
    page = open_page(story()).page
    ids(page)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.keyboard.press("/")
    page.keyboard.type("order-00")
    expect(page.locator(".count")).to_have_text("10 of 56 cases")
    page.keyboard.press("Enter")  # from the search into the list
    page.keyboard.press("ArrowDown")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    assert opened(page) == "order-001"
    page.keyboard.press("j")
    expect(page.locator(".case-head h3")).to_have_text("order-002")
    page.keyboard.press("k")
    expect(page.locator(".case-head h3")).to_have_text("order-001")
    page.keyboard.press("2")
    expect(page.locator(".pane.candidate .output")).to_contain_text("Sample 2.")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".pane.candidate .output")).to_contain_text("No answer came")
    page.keyboard.press("Escape")
    expect(page.locator(".detail")).to_be_hidden()
    assert page.evaluate("document.activeElement.className") == "case-list"
    page.keyboard.press("End")
    expect(page.locator('.row[aria-selected="true"] .id')).to_have_text("order-009")


def test_an_address_leads_to_a_case_and_names_what_is_open(open_page: Open):
    shown = open_page(story(), fragment=f"run={RUN}&case=order-007&sample=2")
    page = shown.page
    assert opened(page) == "order-007"
    expect(page.locator(".pane.candidate .output")).to_have_text(CHANGED + " Sample 2.")
    page.keyboard.press("j")
    expect(page).to_have_url(re.compile(f"#run={RUN}&case=order-008$"))
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile(f"#run={RUN}$"))
    shown.at(f"run={RUN}&case=nobody")
    expect(page.locator(".row").first).to_be_visible()
    expect(page.locator(".detail")).to_be_hidden()


@pytest.mark.parametrize("id_", ["a b&c=d", "100%", "#1?", "äöü 京都", "'\"<b>"])
def test_any_id_can_be_linked_to(open_page: Open, id_):
    cases = [examples.case(1, "broken", id=id_), *examples.cases(same=3)]
    report = msgspec.structs.replace(examples.regressed(), cases=cases)
    shown = open_page(results_of([report]))
    shown.page.locator(".row").first.click()
    assert opened(shown.page) == id_
    shown.page.reload()
    assert opened(shown.page) == id_


def test_reports_are_switched_and_the_gate_stands_above_them(open_page: Open):
    results = every_gate()["regression"]
    page = open_page(results).page
    expect(page.locator(".gate h1")).to_have_text("✖may not merge")
    expect(page.locator(".gate .reasons")).to_contain_text("extract-city regressed")
    assert page.locator(".reports tbody tr").count() == 2
    expect(page.locator("article:visible h1")).to_have_text("extract-city")
    page.get_by_role("navigation", name="Reports").get_by_text("answer-from-context").click()
    expect(page.locator("article:visible")).to_have_count(1)
    expect(page.locator("article:visible h1")).to_have_text("answer-from-context")
    expect(page).to_have_url(re.compile("#run=20261002-0916-81c2$"))
    assert ids(page)[:2] == ["city-001", "city-002"]
    page.go_back()
    expect(page.locator("article:visible h1")).to_have_text("extract-city")


def test_the_worst_of_several_reports_is_shown_first(open_page: Open):
    page = open_page(results_of(examples.two_models())).page
    expect(page.locator("article:visible .verdict .mark")).to_have_text("✖regressed")
    expect(page.locator(".overview h1")).to_have_text("2 reports: 1 improved, 1 regressed")


def test_without_a_fall_it_is_the_one_without_a_verdict(open_page: Open):
    page = open_page(results_of([examples.improved(), examples.invalid()])).page
    expect(page.locator("article:visible .verdict .mark")).to_have_text("!invalid")


def test_totals_fit_a_phone(open_page: Open):
    report = examples.unpriced()
    dirty = msgspec.structs.replace(report.candidate, dirty=True)
    page = open_page(
        results_of([msgspec.structs.replace(report, candidate=dirty)]), viewport=PHONE
    ).page
    wide = page.locator(".totals").evaluate("e => [e.scrollWidth, e.parentElement.clientWidth]")
    assert wide[0] < wide[1]


def test_the_theme_follows_the_system_or_the_reader(open_page: Open):
    page = open_page(story(), color_scheme="dark").page
    ground = expect(page.locator("body"))
    night, day = "rgb(19, 21, 23)", "rgb(247, 247, 245)"
    ground.to_have_css("background-color", night)
    page.get_by_role("button", name="Theme: auto").click()
    ground.to_have_css("background-color", day)
    for _ in range(10):  # the browser writes it down in its own time, and a busy one takes longer
        page.reload()
        if page.get_by_role("button", name="Theme: light").is_visible():
            break
        page.wait_for_timeout(200)
    ground.to_have_css("background-color", day)  # the choice is kept
    page.keyboard.press("t")
    ground.to_have_css("background-color", night)
    page.emulate_media(color_scheme="light")
    expect(page.get_by_role("button", name="Theme: dark")).to_be_visible()
    ground.to_have_css("background-color", night)
    page.keyboard.press("t")
    ground.to_have_css("background-color", day)


@pytest.mark.parametrize("example", ["regressed", "early", "several_suites", "hostile_unbroken"])
def test_a_phone_never_scrolls_sideways(open_page: Open, example):
    page = open_page(results_of(examples.every_example()[example]), viewport=PHONE).page
    expect(page.locator(".row:visible").first).to_be_visible()
    wide = "document.documentElement.scrollWidth"
    assert page.evaluate(wide) <= PHONE["width"]
    page.locator(".row:visible").first.click()
    expect(page.locator(".case-head h3:visible")).to_be_in_viewport()
    expect(page.locator(".case-list:visible")).to_have_count(0)
    assert page.evaluate(wide) <= PHONE["width"]
    page.get_by_role("button", name="List").click()
    expect(page.locator(".case-list:visible")).to_have_count(1)


ARABIC = "غادر الطرد المستودع صباح {} (order 1000)."


@dataclass(frozen=True)
class Abroad:
    """Answers in scripts of their own, under a tag without end; prices small and large."""

    report: Report

    baseline = None
    candidate = None

    def cases(self) -> Iterator[CaseDetails]:
        said = [
            ("包裹预计星期四送达里昂。", "包裹预计星期五送达里昂。"),
            (ARABIC.format("الاثنين"), ARABIC.format("الثلاثاء")),
            ("👩‍👩‍👧 is on the way", "👩‍👩‍👦 is on the way"),
        ]
        for case, (before, after) in zip(self.report.cases, said, strict=True):
            yield CaseDetails(
                case.id,
                tags=("t" * 60,),
                samples=[
                    SampleDetails(
                        "baseline", 0, content=before, cost_usd=1e-7, latency_seconds=130.0
                    ),
                    SampleDetails(
                        "candidate", 0, content=after, cost_usd=1234.5, latency_seconds=0.3
                    ),
                ],
            )


def abroad() -> Results:
    report = msgspec.structs.replace(examples.regressed(), cases=examples.cases(broken=3))
    return Results([report], None, lambda _: Abroad(report))


def test_every_script_is_read_its_own_way(open_page: Open):
    page = open_page(abroad()).page
    answers = page.locator(".pane.candidate .output")
    page.locator(".row").nth(0).click()
    expect(answers.locator("ins")).to_have_text(["五"])
    expect(page.locator(".used").nth(0)).to_contain_text("$0.00000010 · 2 min 10 s")
    expect(page.locator(".used").nth(1)).to_contain_text("$1,234.50 · 300 ms")
    page.locator(".row").nth(1).click()
    expect(answers).to_contain_text("order 1000")
    first, last = page.evaluate(
        """() => {
          const text = document.querySelector(".pane.candidate .output").firstChild;
          const place = (at) => {
            const range = document.createRange();
            range.setStart(text, at);
            range.setEnd(text, at + 1);
            return range.getBoundingClientRect().x;
          };
          return [place(0), place(20)];
        }"""
    )
    right = answers.bounding_box()
    assert right
    assert first > last
    assert first > right["x"] + right["width"] / 2
    page.locator(".row").nth(2).click()
    expect(answers).to_have_text("👩‍👩‍👦 is on the way")
    expect(answers.locator("ins")).to_have_text(["👩‍👩‍👦"])


def test_a_long_tag_does_not_widen_a_phone(open_page: Open):
    page = open_page(abroad(), viewport=PHONE).page
    expect(page.locator("select.tags")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_without_scripts_verdict_reasons_and_metrics_are_read(open_page: Open):
    results = every_gate()["regression"]
    page = open_page(results, java_script_enabled=False).page
    expect(page.locator(".gate h1")).to_contain_text("may not merge")
    expect(page.locator("article:visible")).to_have_count(2)
    expect(page.locator(".finding").first).to_contain_text("exact is worse by 11 points")
    expect(page.locator(".reasons", has_text="critical case city-001 broke")).to_be_visible()
    rows = page.locator("article").first.locator(".compared tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.first).to_contain_text("−0.16 to −0.06")
    expect(page.locator(".line.changed").first).to_be_visible()
    expect(page.locator("noscript p").first).to_be_visible()
    expect(page.locator("#theme")).to_be_hidden()


def test_paper_has_what_is_read_and_no_buttons(open_page: Open):
    page = open_page(story()).page
    page.emulate_media(media="print")
    expect(page.locator(".finding")).to_be_visible()
    expect(page.locator(".compared")).to_be_visible()
    expect(page.locator("#theme")).to_be_hidden()
    expect(page.locator(".case-tools")).to_be_hidden()


@pytest.mark.parametrize("example", [n for n in examples.every_example() if "hostile" not in n])
@pytest.mark.parametrize("kept", [True, False])
def test_every_report_opens(open_page: Open, example, kept):
    reports = examples.every_example()[example]
    page = open_page(results_of(reports) if kept else Results(reports)).page
    if not reports:
        expect(page.get_by_text("Nothing was evaluated.")).to_be_visible()
        return
    expect(page.locator("article:visible .finding")).to_be_visible()
    page.locator("article:visible .row").first.click()
    expect(page.locator("article:visible .case-head h3")).to_be_visible()


def test_what_an_old_run_kept_is_shown(open_page: Open):
    """Nothing is known but the report: its own two outputs, scores and reason."""
    report: Report = examples.improved()
    page = open_page(Results([report])).page
    page.locator(".row").first.click()
    case = report.cases[0]
    expect(page.locator(".pane.baseline .output")).to_have_text(case.baseline_output or "")
    expect(page.locator(".pane.candidate .output")).to_have_text(case.candidate_output or "")
    expect(page.locator(".why")).to_have_text(f"Why {case.why}")
    expect(page.locator(".scorer").first).to_contain_text("1.00")
    expect(page.locator(".chips")).to_have_count(0)
    expect(page.locator(".prompt")).to_have_count(0)
