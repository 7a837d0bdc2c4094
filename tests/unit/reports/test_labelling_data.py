"""What a page asks about, and in which order: as `promptops review` draws by the rule `uniform`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import msgspec
import pytest

from promptops.engine.people.choosing_answers import choose_answers, choose_pairs, drawn
from promptops.reports.judged_results import JudgedResults, no_labels, no_questions
from promptops.values.details import CaseDetails, PromptText, SampleDetails
from promptops.values.report import CaseReport
from tests.judged_examples import judged_report, judged_results
from tests.unit.reports.test_html import data_of

CASES, SAMPLES = 23, 3


@dataclass(frozen=True)
class ManyDraws:
    """Three samples a case and side; one answer did not come, and two are alike."""

    baseline: PromptText | None = None
    candidate: PromptText | None = None

    def cases(self) -> Iterator[CaseDetails]:
        for at in range(CASES):
            made = [
                SampleDetails(arm, index, content=f"{arm} says {index % 2 if at == 5 else index}")
                for arm in ("baseline", "candidate")
                for index in range(SAMPLES)
            ]
            if at == 3:
                made[1] = msgspec.structs.replace(made[1], content="", failure="timeout")
            yield CaseDetails(f"case-{at}", {"word": str(at)}, samples=made)


@pytest.fixture
def results() -> JudgedResults:
    cases = [CaseReport(f"case-{at}", "same", 1.0, 1.0, "", "") for at in range(CASES)]
    report = msgspec.structs.replace(judged_report(), cases=cases)
    known = judged_results(report=report)
    return replace(known, details=lambda _: ManyDraws(), labels=no_labels)


def asked(results: JudgedResults, *, pairs: bool) -> list[tuple[str, ...]]:
    """Case and digests in the order in which the page goes through them, as `asking.js` does."""
    index, blocks = data_of(results)
    found: list[tuple[str, ...]] = []
    for turn in range(SAMPLES):
        for at in index["drawn"]:
            block, place = index["cases"]["block"][at]
            behind = blocks[block][place]
            samples = behind["details"]["samples"]
            both = [
                [
                    digest
                    for sample, digest in zip(samples, behind["digests"], strict=True)
                    if sample.get("index", 0) == number and digest
                ]
                for number in behind["draws"]
            ]
            whole = [each for each in both if len(each) == 2]
            if turn < len(whole):
                name = index["cases"]["id"][at]
                keys = [tuple(sorted(whole[turn]))] if pairs else [(each,) for each in whole[turn]]
                found += [(name, *key) for key in keys if len(set(key)) == len(key)]
    return list(dict.fromkeys(found))


def test_the_page_asks_about_what_the_terminal_asks_about(results):
    details = ManyDraws()
    samples = drawn(details, "helpful", ())
    single = choose_answers(samples, "uniform", 1000, seed=0)
    shown = [(each.case, *each.outputs) for each in single]
    assert len(shown) == 2 * (CASES * SAMPLES - 2)
    assert asked(results, pairs=False) == shown
    both = choose_pairs(samples, "uniform", 1000, seed=0)
    assert asked(results, pairs=True) == [(each.case, *each.outputs) for each in both]
    few = [(each.case, *each.outputs) for each in choose_answers(samples, "uniform", 10, seed=0)]
    assert few == shown[:10]


def test_a_page_on_which_nothing_is_asked_has_no_order(results):
    index, blocks = data_of(replace(results, questions=no_questions))
    assert index["drawn"] == index["questions"] == []
    assert not any("draws" in case for block in blocks for case in block)
