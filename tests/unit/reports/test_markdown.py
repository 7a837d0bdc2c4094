"""The comment and the step summary: what they say, how they look, what they hold at most."""

from __future__ import annotations

import os
import re
from pathlib import Path

import msgspec
import pytest

from promptops.reports.discovery import find
from promptops.reports.formats.markdown import LIMIT
from promptops.reports.markdown.inline import Markup
from promptops.reports.markdown.marker import MARKER
from promptops.reports.markdown.writing import in_bytes, in_letters, write
from promptops.reports.surface import Surface
from promptops.values.gate import GateReport
from promptops.values.results import Results
from tests import examples, gate_examples
from tests.example_details import results_of
from tests.unit.reports.markdown_reading import assert_inert

FOLDER = Path(__file__).parent / "snapshots_markdown"
PAGES = {
    **{f"gate_{name}": it for name, it in gate_examples.every_gate().items()},
    **{name: results_of(it) for name, it in examples.every_example().items()},
}
PAGES = {name: it for name, it in PAGES.items() if "hostile" not in name}
MEBIBYTE = 1_048_576


def comment(results: Results, **surface) -> str:
    return find("markdown")(results, Surface(**surface))


def gate_of(results: Results, **fields) -> Results:
    assert results.gate is not None
    gate: GateReport = msgspec.structs.replace(results.gate, **fields)
    return Results(results.reports, gate, results.details)


@pytest.mark.parametrize("page", PAGES)
def test_comments_look_as_they_did(page):
    text, file = comment(PAGES[page]), FOLDER / f"{page}.md"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        file.write_text(text, encoding="utf-8", newline="\n")
    assert text == file.read_bytes().decode("utf-8")
    assert_inert(text, gated=PAGES[page].gate is not None)


def test_no_snapshot_is_left_over():
    assert {file.stem for file in FOLDER.iterdir()} == set(PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_ascii_alone_where_nothing_else_is_shown(page):
    text = comment(PAGES[page], unicode=False)
    assert text.isascii()
    assert_inert(text, gated=PAGES[page].gate is not None)


@pytest.mark.parametrize(
    ("page", "first"),
    [
        ("gate_regression", "## ❌ May not merge: `extract-city` regressed (1 of 3 suites)"),
        ("gate_may_go", "## ✅ May merge: `extract-city` improved (1 of 2 suites)"),
        ("gate_nothing_touched", "## ✅ May merge: no suite is touched"),
        ("gate_uncovered", "## ⚠️ May merge: no suite evaluates what changed"),
        ("gate_supplied", "## ❔ May merge: `extract-city` is inconclusive"),
        ("gate_removed", "## ⚠️ May not merge: `extract-city` is invalid (1 of 2 suites)"),
        (
            "regressed",
            "## ❌ `extract-city` regressed: exact is worse by 11 points (16 to 6), sure at 95%",
        ),
        ("several_suites", "## ⚠️ 3 reports: 1 invalid, 1 passed, 1 improved"),
        ("none", "Nothing was evaluated."),
    ],
)
def test_the_first_line_says_it(page, first):
    assert comment(PAGES[page]).splitlines()[0] == first


def test_what_stands_against_merging_comes_first_and_is_open():
    text = comment(gate_examples.regression())
    worse, well = (
        text.index("### ❌ `extract-city`"),
        text.index("<code>answer-from-context</code>"),
    )
    assert worse < well
    assert "<details>\n<summary>✅ <code>answer-from-context</code> passed</summary>" in text


def test_who_supplied_the_answers_stands_before_any_number():
    text = comment(gate_examples.supplied())
    assert text.index("> [!WARNING]\n> **The answers were supplied") < text.index("| suite |")
    report = msgspec.structs.replace(examples.regressed(), meta={"supplied": "by the author"})
    text = comment(results_of([report]))
    said = "> [!WARNING]\n> **The answers were supplied, not drawn here:** by the author"
    assert 0 < text.index(said) < text.index("| metric |")


def test_the_marker_is_the_last_line_of_a_gate_and_in_no_other():
    assert comment(gate_examples.may_go()).splitlines()[-1] == MARKER
    assert MARKER not in comment(results_of([examples.improved()]))


def test_what_changed_around_the_prompt_is_said_as_such():
    text = comment(gate_examples.judged_anew())
    assert "- **judge** judge faithful v1 → v2 `prompts/judges/faithful.yaml`" in text
    text = comment(gate_examples.regression())
    assert "- **dataset** 3 cases added, 1 changed, 1 removed `evals/extract-city.jsonl`" in text
    assert "-Name the city.\n+Name the city that a message is about.\n" in text
    assert "wording" not in text, "the lines themselves are shown"


def test_without_the_texts_the_gates_words_tell_what_changed():
    results = gate_examples.regression()
    text = comment(Results(results.reports, results.gate))
    assert "- **wording** 2 of 2 messages differ: 1 line added, 1 removed" in text
    assert "What changed in the prompt" not in text


def test_cases_are_shown_worst_first_with_both_answers():
    text = comment(results_of([examples.regressed()]))
    first = text.index("✖ **broken** `city-001` 1.00 → 0.00 · **critical**")
    assert first < text.index("`city-002`") < text.index("✔ **fixed**")
    assert "- Osaka\n+ The message is about a trip." in text
    assert "`+` is empty." in text
    assert "… 8 more: `promptops report 20261002-0915-7f3a --cases all`" in text
    assert text.count("**broken**") + text.count("**fixed**") == 8
    everything = comment(results_of([examples.regressed()]), max_cases=None)
    assert everything.count("**broken**") == 12


def test_a_reader_of_a_comment_is_not_sent_to_a_store_that_is_elsewhere():
    text = comment(gate_examples.regression())
    assert "… 8 more in the full report" in text
    assert "promptops report" not in text


def test_a_slice_that_fell_is_marked_as_a_diagnostic():
    text = comment(results_of([examples.early()]))
    assert "| `slang` | `exact` | 60 | 0.81 | 0.51 | −0.30 |" in text
    assert "`letter`" not in text
    assert "1 in 10 such marks may be wrong" in text


def test_an_unknown_cost_is_unknown_and_a_dollar_starts_no_formula():
    assert "$" not in comment(results_of([examples.inconclusive()]))
    assert "unknown: 236 calls without a known price" in comment(
        results_of([examples.inconclusive()])
    )
    text = comment(results_of([examples.regressed()]))
    assert "<span>$</span>1.20 paid now" in text
    assert not re.search(r"(?<!<span>)\$", text)


def test_only_a_build_of_github_becomes_a_link():
    results = gate_examples.may_go()
    build = "https://github.com/example-org/example-app/actions/runs/17"
    assert f"[this build]({build})" in comment(gate_of(results, url=build))
    for url in (
        "https://ci.example/runs/7",
        build + ")[x](https://evil.example",
        build + "/../../../../evil",
        "https://github.com.evil.example/a/b/actions/runs/1",
        "javascript:alert(1)",
    ):
        text = comment(gate_of(results, url=url))
        assert "](" not in text.replace(url, "")
        assert_inert(text, gated=True)


def crowd(count: int, outputs: str, cases: int = 500) -> Results:
    """So many suites, each with so many cases that changed."""
    kinds = ["broken", "fixed", "worse", "better", "same"]
    made = [
        examples.regressed(),
        examples.passed(),
        examples.improved(),
        examples.inconclusive(),
        examples.invalid(),
    ]
    rows = [
        examples.case(
            at, kinds[at % 5], baseline_output=outputs, candidate_output=outputs + str(at)
        )
        for at in range(cases)
    ]
    reports = [
        msgspec.structs.replace(
            made[at % 5], run=f"run-{at:03}", suite=f"suite-{at:03}", prompt=f"p-{at}", cases=rows
        )
        for at in range(count)
    ]
    suites = [gate_examples.suite_gate(each, [gate_examples.WORDING]) for each in reports]
    gate = gate_examples.regression().gate
    assert gate is not None
    return results_of(reports, msgspec.structs.replace(gate, suites=suites))


@pytest.mark.parametrize("most", [8, None])
@pytest.mark.parametrize(
    "outputs", ["word " * 14_000, "x" * 70_000, "```\n" * 17_500, "\u202e日" * 9_000]
)
def test_many_suites_stay_within_both_limits(most, outputs):
    results, surface = crowd(200, outputs, cases=40), Surface(max_cases=most)
    text = find("markdown")(results, surface)
    assert len(text.encode("utf-16-le")) // 2 <= LIMIT
    assert in_letters(text) <= LIMIT
    assert_inert(text, gated=True)
    shown = text.count("### ")
    assert 10 < shown < 200
    assert f"… {200 - shown} reports left out here" in text
    summary = write(results, surface, MEBIBYTE)
    assert in_bytes(summary) <= MEBIBYTE
    assert summary.count("### ") > shown
    assert_inert(summary, gated=True)


def test_outputs_are_given_up_before_cases_and_cases_before_suites():
    surface = Surface(max_cases=None)
    counts = (1, 4, 12, 120)
    texts = [write(crowd(count, "word " * 200, cases=60), surface, LIMIT) for count in counts]
    outputs = [text.count("\n- word") / count for text, count in zip(texts, counts, strict=True)]
    named = [text.count("**broken**") / count for text, count in zip(texts, counts, strict=True)]
    sections = [text.count("### ") + text.count("<summary>✅") for text in texts]
    assert outputs[0] > outputs[1] > outputs[2] >= outputs[3] == 0
    assert named[0] == named[1] > named[2] > named[3] == 0
    assert sections[:3] == [1, 4, 12]
    assert 12 < sections[3] < 120
    assert all(in_bytes(text) <= LIMIT for text in texts)


def test_a_suite_is_looked_at_only_where_there_is_room_for_it():
    results, asked = crowd(200, "word"), []

    def details(run):
        asked.append(run)
        return results.details(run)

    write(Results(results.reports, results.gate, details), Surface(), 20_000)
    assert len(asked) == len(set(asked)) < 60


def test_a_fence_is_never_cut_in_its_middle():
    texts = [
        write(crowd(9, "a\nb\n" * 60, cases=30), Surface(), room)
        for room in range(20_000, 60_000, 4_000)
    ]
    for text in texts:
        assert_inert(text, gated=True)
        assert len(re.findall(r"^`{3,}diff$", text, re.MULTILINE)) == len(
            re.findall(r"^`{3,}$", text, re.MULTILINE)
        )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "a: promptops judge check judges/x --write",
            "a: `promptops judge check judges/x --write`",
        ),
        ("a; promptops review s -n 3  shows it", "a; `promptops review s -n 3` shows it"),
        ("a: promptops review s -n 3; b", "a: `promptops review s -n 3`; b"),
        ("promptops gate main  says so", "`promptops gate main` says so"),
        ("say promptops gate is ok", "say promptops gate is ok"),
        ("a: promptops run `x` @team", "a: ``promptops run `x` @team``"),
        ("a: promptops report " + "x" * 40, "a: `promptops report xx`…"),
    ],
)
def test_a_command_in_a_sentence_is_one_code_span(text, told):
    assert Markup().sentence(text, most=23 if "xxx" in text else 600) == told
