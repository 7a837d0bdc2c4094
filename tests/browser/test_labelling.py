"""Labelling in the page: blind, by keys, kept in the browser, and handed back as a sheet."""

from __future__ import annotations

import csv
import io
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Page, expect

from promptops.cli.judging.results import judged_results as known_results
from promptops.cli.main import main
from promptops.documents.tree import WorkingTree
from promptops.labels.files import read_labels
from promptops.labels.sheets import read_sheet
from promptops.reports.judged_results import Choice, digest_of
from promptops.store.store import Store
from promptops.values.results import Results
from tests.browser.conftest import PHONE, WIDE, Open
from tests.browser.story import story
from tests.browser.test_html_accessible import grave
from tests.browser.test_html_hostile import ACTIVE, ELEMENTS, UNSEEN
from tests.examples import CANARIES
from tests.functional.review_desk import lay
from tests.judged_examples import BAD, CASES, GOOD, QUESTIONS, judged_report, judged_results

SECRETS = re.compile(r"baseline|candidate|\bv1\b|\bv2\b|small-1|large-2|useless \(|0\.50|Ana Ficta")
"""What a blind reader must not see."""


def start(page: Page, question: int = 0) -> None:
    """Opens the dialogue for one of the questions."""
    expect(page.locator(".row").first).to_be_visible()
    if question:
        page.get_by_label("What to label").select_option(str(question))
    page.locator(".label-start").click()
    expect(page.locator("dialog.labelling .output").first).to_be_visible()


def answered(page: Page) -> str:
    return page.locator("dialog.labelling .output").first.inner_text()


def sheet(page: Page, folder: Path) -> tuple[Path, list[dict[str, str]]]:
    """The file that the page hands back, and its rows."""
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download").click()
    place = folder / waiting.value.suggested_filename
    waiting.value.save_as(place)
    text = place.read_text(encoding="utf-8-sig")
    return place, list(csv.DictReader(io.StringIO(text, newline="")))


def over(page: Page) -> None:
    expect(page.locator(".over")).to_contain_text("Nothing is left to label")


def test_a_reader_labels_everything_by_keys_and_takes_it_home(open_page: Open, tmp_path: Path):
    page = open_page(judged_results()).page
    start(page)
    given: dict[str, str] = {}
    for number in range(2 * CASES):
        expect(page.locator("dialog.labelling h2")).to_have_text(f"helpful · answer {number + 1}")
        text = answered(page)
        assert text not in given
        given[text] = "useless" if text.startswith(BAD) else "?" if number == 3 else "helpful"
        page.keyboard.press({"useless": "u", "?": "t", "helpful": "1"}[given[text]])
    over(page)
    page.keyboard.press("q")
    expect(page.locator("dialog.labelling")).to_have_count(0)
    expect(page.locator(".label-start")).to_be_focused()
    expect(page.locator(".label-desk")).to_contain_text("12 answers labelled here")
    place, rows = sheet(page, tmp_path)
    assert place.name == "parcel.answers.csv"
    read = read_sheet(place.read_bytes(), place.name)
    assert (read.kind, len(read.rows)) == ("answer", 12)
    assert not any(each.problem for each in read.rows)
    assert sorted(row["label"] for row in rows) == sorted(given.values())
    assert {row["metric"] for row in rows} == {"helpful"}
    expect(page.locator(".label-desk code")).to_have_text(
        "promptops review parcel --import parcel.answers.csv"
    )


def test_it_is_blind(open_page: Open):
    page = open_page(judged_results()).page
    start(page)
    cases = []
    for _ in range(2 * CASES):
        dialog = page.locator("dialog.labelling")
        told = dialog.inner_text()
        assert GOOD in told or BAD in told
        shown = told.replace(answered(page), "")
        assert not SECRETS.search(shown), shown
        cases.append(dialog.locator(".asked").first.inner_text())
        page.keyboard.press("s")
    over(page)
    assert len(set(cases)) == CASES
    apart = sum(one != other for one, other in pairwise(cases))
    assert apart >= 2 * CASES - 2, "two answers of a case do not follow each other"
    cover = "document.elementFromPoint(innerWidth / 2, innerHeight / 2).closest('dialog') !== null"
    assert page.evaluate(cover)
    ground = "getComputedStyle(document.querySelector('dialog.labelling')).backgroundColor"
    assert "rgba" not in page.evaluate(ground), "nothing shines through"


def test_order_and_sides_are_drawn(open_page: Open):
    page = open_page(judged_results()).page
    firsts, sides = set(), set()
    for _ in range(8):
        start(page)
        firsts.add(answered(page))
        page.keyboard.press("q")
        start(page, 1)
        outputs = page.locator("dialog.labelling .output")
        expect(outputs).to_have_count(2)
        sides.add("(b" in outputs.first.inner_text())
        page.keyboard.press("q")
        page.get_by_label("What to label").select_option("0")
    assert len(firsts) > 1
    assert len(sides) == 2, "either side comes first, 1 time in 128 always the same one"


def test_pairs_say_which_of_them_whatever_the_order(open_page: Open, tmp_path: Path):
    page = open_page(judged_results()).page
    start(page, 1)
    said: dict[str, bool] = {}
    for number in range(CASES):
        outputs = page.locator("dialog.labelling .output").all_inner_texts()
        case = re.findall(r"\([bc](\d)\)", outputs[0])[0]
        candidate = next(at for at, text in enumerate(outputs) if f"(c{case})" in text)
        said[f"order-{case}"] = number % 2 == 0
        page.keyboard.press(str(candidate + 1 if number % 2 == 0 else 2 - candidate))
    over(page)
    page.keyboard.press("q")
    place, rows = sheet(page, tmp_path)
    assert read_sheet(place.read_bytes(), "x").kind == "pair"
    details = judged_results().details(judged_report().run)
    assert details is not None

    outputs_of = {
        case.id: {each.arm: digest_of(each) for each in case.samples} for case in details.cases()
    }
    for row in rows:
        won = row["first"] if row["label"] == "first" else row["second"]
        assert (won == outputs_of[row["case"]]["candidate"]) == said[row["case"]]


def test_one_goes_back_comments_and_thinks_again(open_page: Open, tmp_path: Path):
    page = open_page(judged_results()).page
    start(page)
    first = answered(page)
    page.keyboard.press("c")
    page.keyboard.type("no day, =SUM(1)")
    page.keyboard.press("Enter")
    page.keyboard.press("1")
    expect(page.locator("dialog.labelling h2")).to_contain_text("answer 2")
    expect(page.get_by_label("Comment c")).to_have_value("")
    page.keyboard.press("b")
    expect(page.locator(".told")).to_have_text("You said helpful.")
    assert answered(page) == first
    expect(page.get_by_role("button", name="1 h helpful")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_label("Comment c")).to_have_value("no day, =SUM(1)")
    page.keyboard.press("b")
    expect(page.locator(".told")).to_have_text("This is the first one.")
    page.keyboard.press("2")
    page.keyboard.press("s")
    page.keyboard.press("Escape")
    expect(page.locator("dialog.labelling")).to_have_count(0)
    _, rows = sheet(page, tmp_path)
    assert [(row["label"], row["comment"]) for row in rows] == [("useless", "no day, '=SUM(1)")]


def test_what_was_labelled_is_kept_and_not_asked_again(open_page: Open):
    opened = open_page(judged_results())
    page = opened.page
    start(page)
    first = answered(page)
    page.keyboard.press("1")
    expect(page.locator("dialog.labelling h2")).to_contain_text("answer 2")
    page.reload()
    expect(page.locator(".label-desk")).to_contain_text("1 answer labelled here")
    start(page)
    seen = []
    for _ in range(2 * CASES - 1):
        seen.append(answered(page))
        page.keyboard.press("s")
    over(page)
    assert first not in seen
    page.keyboard.press("q")
    page.get_by_role("button", name="Discard").click()
    page.get_by_role("button", name="Keep").click()
    expect(page.locator(".label-desk")).to_contain_text("1 answer labelled here")
    page.get_by_role("button", name="Discard").click()
    page.get_by_role("button", name="Yes, discard 1 label").click()
    expect(page.locator(".label-desk")).not_to_contain_text("labelled here")
    page.reload()
    expect(page.locator(".label-start")).to_be_visible()
    expect(page.locator(".label-desk")).not_to_contain_text("labelled here")


def test_two_tabs_lose_nothing_of_each_other(open_page: Open):
    page = open_page(judged_results()).page
    other = page.context.new_page()
    other.goto(page.url)
    told = set()
    for tab in (page, other):
        start(tab)
    for at in (2, 3):
        for tab in (page, other):
            told.add(answered(tab))
            tab.keyboard.press("1")
            expect(tab.locator("dialog.labelling h2")).to_contain_text(f"answer {at}")
    what = f"{len(told)} answers labelled here"  # the same one in both counts once
    for tab in (page, other):
        tab.keyboard.press("q")
        expect(tab.locator(".label-desk")).to_contain_text(what)
    page.reload()
    expect(page.locator(".label-desk")).to_contain_text(what)


def test_storage_that_holds_nonsense_does_no_harm(open_page: Open):
    opened = open_page(judged_results())
    page, run = opened.page, judged_report().run
    for nonsense in ("{", "7", '[null, 3, {"kind": "answer"}, {"kind": "constructor"}]'):
        page.evaluate(f"localStorage.setItem('promptops-labels:{run}', {nonsense!r})")
        page.reload()
        start(page)
        page.keyboard.press("1")
        page.keyboard.press("q")
        expect(page.locator(".label-desk")).to_contain_text("1 answer labelled here")


def test_numbers_are_typed_and_held_to_their_scale(open_page: Open, tmp_path: Path):
    page = open_page(judged_results()).page
    start(page, 2)
    for wrong in ("51", "2.5", "many", ""):
        page.keyboard.press("v")
        page.keyboard.type(wrong)
        page.keyboard.press("Enter")
        expect(page.locator(".told")).to_contain_text("not a whole number from 1 to 50")
        page.locator(".typed").fill("")
        page.locator("dialog.labelling h2").focus()
    page.keyboard.press("v")
    page.keyboard.type("42")
    page.keyboard.press("Enter")
    expect(page.locator("dialog.labelling h2")).to_contain_text("answer 2")
    page.keyboard.press("q")
    _, rows = sheet(page, tmp_path)
    assert [row["label"] for row in rows] == ["42"]


def test_criteria_are_asked_one_by_one(open_page: Open, tmp_path: Path):
    page = open_page(judged_results()).page
    start(page, 3)
    expect(page.locator(".choices")).to_contain_text("1 of 2, day: Does it name the day?")
    page.keyboard.press("y")
    expect(page.locator(".choices")).to_contain_text("2 of 2, depot")
    page.keyboard.press("b")
    expect(page.locator(".choices")).to_contain_text("1 of 2, day")
    page.keyboard.press("n")
    page.keyboard.press("t")
    expect(page.locator("dialog.labelling h2")).to_contain_text("answer 2")
    page.keyboard.press("q")
    _, rows = sheet(page, tmp_path)
    assert [row["label"] for row in rows] == ["no, cannot_tell"]


def test_the_rubric_and_the_rest_of_the_case_are_at_hand(open_page: Open):
    page = open_page(judged_results()).page
    start(page)
    dialog = page.locator("dialog.labelling")
    expect(dialog.get_by_text("Thursday", exact=True)).to_be_hidden()
    dialog.get_by_text("The rest of the case").click()
    expect(dialog.get_by_text("Thursday", exact=True)).to_be_visible()
    page.keyboard.press("i")
    expect(dialog.get_by_text("You judge answers.")).to_be_visible()
    page.keyboard.press("i")
    expect(dialog.get_by_text("You judge answers.")).to_have_count(0)


def test_keys_of_the_page_rest_meanwhile(open_page: Open):
    page = open_page(judged_results()).page
    expect(page.locator(".row").first).to_be_visible()
    page.keyboard.press("l")
    expect(page.locator("dialog.labelling h2")).to_be_focused()
    expect(page.locator("dialog.labelling .output")).to_be_visible()
    theme = page.locator("#theme").inner_text()
    for key in ("/", "d", "j", "Enter", "?"):
        page.keyboard.press(key)
    expect(page.locator("dialog.help")).to_be_hidden()
    expect(page.locator(".detail")).to_be_hidden()
    assert page.locator("#theme").inner_text() == theme
    page.keyboard.press("Escape")
    expect(page.locator("dialog.labelling")).to_have_count(0)
    page.keyboard.press("j")
    expect(page.locator(".row[aria-selected=true]")).to_have_count(1)


def test_where_nothing_may_be_asked_nothing_is_offered(open_page: Open):
    for results in (story(), Results([judged_report()])):
        page = open_page(results).page
        expect(page.locator(".row").first).to_be_visible()
        expect(page.locator(".label-start")).to_have_count(0)
        page.keyboard.press("l")
        expect(page.locator("dialog.labelling")).to_have_count(0)


def test_a_case_shows_votes_and_what_people_say(open_page: Open):
    page = open_page(judged_results()).page
    page.locator(".row", has_text="order-0").click()
    candidate = page.locator(".scorer", has_text="helpful").locator(".said").nth(1)
    expect(candidate.locator(".votes").first).to_contain_text("2 votes divided")
    expect(candidate.locator(".votes li").nth(1)).to_contain_text("example/large-2 0.00 useless")
    expect(candidate.locator(".people li").first).to_contain_text("Ana Ficta 2026-05-01 useless")
    expect(candidate.locator(".people li").first).to_contain_text("vague")
    expect(candidate.locator(".people li").nth(1)).to_contain_text("cannot tell")
    baseline = page.locator(".scorer", has_text="helpful").locator(".said").first
    expect(baseline.locator(".people")).to_have_count(0)
    pair = page.locator(".scorer", has_text="preferred").locator(".said").first
    expect(pair).to_contain_text("baseline first")
    expect(pair.locator(".people")).to_contain_text("better than the other")


def test_both_differences_and_the_measured_trust_are_on_the_page(open_page: Open):
    page = open_page(judged_results()).page
    rows = page.locator(".compared tbody tr")
    expect(rows.nth(1)).to_contain_text("helpful, corrected")
    expect(rows.nth(1)).to_contain_text("80 labelled pairs")
    raw, corrected = (rows.nth(at).locator("circle.estimate").bounding_box() for at in (0, 1))
    assert raw
    assert corrected
    assert corrected["x"] < raw["x"]
    expect(page.locator(".metrics .notes")).to_contain_text("votes differ on 1 of 9 answers")
    expect(page.locator(".panel")).to_contain_text("example/large-2")
    page.locator(".trust summary").click()
    expect(page.locator(".trust")).to_contain_text("Krippendorff")
    expect(page.locator(".verdict .mark").first).to_contain_text("regressed")


def test_a_phone_shows_no_arrow_between_means_that_are_not_there(open_page: Open):
    page = open_page(judged_results(), viewport=PHONE).page
    arrow = "each => getComputedStyle(each, '::after').content"
    assert "→" in page.locator(".compared tr:not(.corrected) .baseline").first.evaluate(arrow)
    assert page.locator(".compared .corrected .baseline").evaluate(arrow) == "none"


def test_a_judge_that_is_not_trusted_does_not_make_its_report_the_first(open_page: Open):
    """The page opens at what regressed; a mark within the page on a judge is none of a report."""
    fine = msgspec.structs.replace(judged_report(), run="run-a", verdict="passed", exit_code=0)
    fallen = msgspec.structs.replace(judged_report(), run="run-b")
    known = judged_results()
    both = Results([fine, fallen], None, lambda _: known.details(judged_report().run))

    page = open_page(replace(known, reports=both.reports, details=both.details)).page
    expect(page.locator("article.report:visible")).to_have_attribute("id", "run=run-b")


@pytest.mark.parametrize(
    "place",
    [
        {"color_scheme": "light", "viewport": WIDE},
        {"color_scheme": "dark", "viewport": WIDE},
        {"color_scheme": "light", "viewport": PHONE},
    ],
)
@pytest.mark.parametrize("question", [0, 1, 2, 3])
def test_it_is_for_everybody(open_page: Open, place, question: int):
    page = open_page(judged_results(), **place).page
    expect(page.locator(".row").first).to_be_visible()
    page.locator(".trust summary").click()
    assert grave(page) == []
    start(page, question)
    assert grave(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    dialog = page.locator("dialog.labelling")
    assert dialog.evaluate("node => node.scrollWidth <= node.clientWidth")
    expect(dialog.get_by_role("button", name="Back b")).to_be_in_viewport()


def go_through(page: Page) -> None:
    page.locator(".row").first.click()
    expect(page.locator(".people").first).to_be_visible()
    page.locator(".trust summary").click()
    page.keyboard.press("l")
    expect(page.locator("dialog.labelling .output")).to_be_visible()
    page.keyboard.press("i")
    page.keyboard.press("1")
    page.keyboard.press("q")
    expect(page.locator(".label-desk")).to_contain_text("1 answer labelled here")
    page.keyboard.press("l")
    expect(page.locator("dialog.labelling .output")).to_be_visible()


@pytest.mark.parametrize("canary", ["html", "markup", "bidi", "escape", "formula", "unseen"])
def test_nothing_that_others_wrote_acts(open_page: Open, canary: str, tmp_path: Path):
    text = CANARIES[canary]
    harmless = open_page(judged_results(" and harmless words, whatever they say")).page
    go_through(harmless)
    known = set(harmless.evaluate(ELEMENTS))
    questions = [
        msgspec.structs.replace(
            QUESTIONS[0],
            choices=(Choice("yes" + text, "yes", ("1",), text),),
            rubric=((text, text),),
        )
    ]
    page = open_page(judged_results(text, questions)).page
    go_through(page)
    assert page.evaluate(ACTIVE) == []
    assert UNSEEN.findall(page.evaluate("document.body.innerText")) == []
    assert set(page.evaluate(ELEMENTS)) <= known
    page.keyboard.press("q")
    _, rows = sheet(page, tmp_path)
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in rows[0].values())


@pytest.fixture(scope="module")
def laid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("labelled") / "project"
    with ThreadPoolExecutor(1) as other:  # the browser's event loop is in this thread
        other.submit(lay, root).result()
    return root


def test_review_takes_the_file(
    open_page: Open, laid: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd
):
    root = tmp_path / "project"
    shutil.copytree(laid, root, symlinks=True)
    monkeypatch.chdir(root)
    tree = WorkingTree(root)
    with Store(root, reading=True) as store:
        last = store.runs.last_of_suite("say")
        assert last is not None
        report = store.runs.whole(last.run)
        assert report is not None
        results = known_results(Results([report], details=store.details.of), tree)
        assert [(each.metric, each.pairs) for each in results.questions(report)] == [
            ("fair", False), ("fair", True), ("said", False),
        ]  # fmt: skip
        page = open_page(results).page
    for question, count, key in ((0, 8, "2"), (1, 4, "="), (2, 8, "w")):
        start(page, question)
        for number in range(count):
            expect(page.locator("dialog.labelling h2")).to_contain_text(f"{number + 1}")
            page.keyboard.press(key if number else "1")
        over(page)
        page.keyboard.press("q")
        if question != 0:
            place, _ = sheet(page, root)
            arguments = ["review", "say", "--import", place.name, "--reviewer", "Bo Example"]
            assert main(arguments) == 0, capfd.readouterr().err
    found = read_labels(tree, "say")
    said: dict[str, list[str]] = {"fair": [], "said": []}
    for each in found.answers:
        said[each.metric].append(each.label)
    assert sorted(said["fair"]) == ["bad"] * 7 + ["good"]
    assert sorted(said["said"]) == ["right"] + ["wrong"] * 7
    assert sorted(str(each.better) for each in found.pairs)[1:] == ["tie"] * 3
    assert {each.reviewer for each in found.all} == {"Bo Example"}
    with Store(root, reading=True) as store:
        page = open_page(known_results(Results([report], details=store.details.of), tree)).page
    page.locator(".row").first.click()
    expect(page.locator(".people").first).to_contain_text("Bo Example")
