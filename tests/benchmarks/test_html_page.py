"""A page of 5,000 cases with 5 samples on 2 arms, made and opened in a real browser."""

from __future__ import annotations

import random
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from promptops.reports.formats.html import render
from promptops.reports.surface import Surface
from promptops.values.details import CaseDetails, SampleDetails
from promptops.values.report import Report
from promptops.values.results import Results
from promptops.values.sample import Arm
from promptops.values.score import Score
from promptops.values.usage import Usage
from tests import examples
from tests.browser.conftest import executable

CASES, SAMPLES = 5_000, 5
MOST_SECONDS = 3.0
MOST_BYTES = 12_000_000
MOST_MEMORY = 25_000_000
"""Beyond the page itself, while it is made: whatever is behind the cases is not held at once."""

WORDS = [
    "the",
    "parcel",
    "left",
    "depot",
    "city",
    "harbour",
    "on",
    "monday",
    "morning",
    "and",
    "should",
    "reach",
    "you",
    "by",
    "friday",
    "evening",
    "please",
    "ask",
    "again",
    "about",
    "order",
    "invoice",
    "letter",
    "train",
    "bridge",
    "quiet",
    "northern",
    "market",
    "answer",
]


@dataclass(frozen=True)
class Many:
    """Words drawn anew for every sample, so that they compress no better than real ones."""

    report: Report

    baseline = None
    candidate = None

    def cases(self) -> Iterator[CaseDetails]:
        chance = random.Random(7)

        def said(count: int) -> str:
            return " ".join(chance.choices(WORDS, k=count))

        def sample(arm: Arm, index: int) -> SampleDetails:
            return SampleDetails(
                arm,
                index,
                content=said(40),
                finish_reason="stop",
                scores={
                    "exact": Score(1.0, "right"),
                    "faithful": Score(0.5, "partly", said(20), "5be1" * 16),
                },
                usage=Usage(212, 48),
                cost_usd=0.00021,
                latency_seconds=0.61,
            )

        arms: tuple[Arm, Arm] = ("baseline", "candidate")
        for case in self.report.cases:
            yield CaseDetails(
                case.id,
                {"question": said(30), "expected": said(5)},
                ("letter",),
                samples=[sample(arm, index) for arm in arms for index in range(SAMPLES)],
            )


@pytest.fixture
def results() -> Results:
    cases = examples.cases(broken=300, fixed=200, worse=300, same=CASES - 800)
    cases = [msgspec.structs.replace(case, id=f"order-{at:05}") for at, case in enumerate(cases)]
    report = msgspec.structs.replace(examples.regressed(), cases=cases)
    return Results([report], None, lambda _: Many(report))


@pytest.fixture
def page() -> Iterator[Page]:
    path = executable()
    if path is None:
        pytest.skip("there is no Chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser.new_page()
        browser.close()


def test_many_cases_open_quickly(results: Results, page: Page, tmp_path: Path):
    began = time.perf_counter()
    text = render(results, Surface())
    made = time.perf_counter() - began
    file = tmp_path / "page.html"
    file.write_text(text, encoding="utf-8")

    began = time.perf_counter()
    page.goto(file.as_uri(), wait_until="commit")
    page.locator(".row").first.click()
    expect(page.locator(".pane.candidate .output")).to_be_visible()
    answered = time.perf_counter() - began
    paint = page.evaluate(
        "performance.getEntriesByName('first-contentful-paint')[0].startTime / 1000"
    )

    began = time.perf_counter()
    page.keyboard.press("/")
    page.keyboard.type("order-04999")
    expect(page.locator(".count")).to_have_text(f"1 of {CASES:,} cases")
    searched = time.perf_counter() - began

    print(
        f"\n{CASES:,} cases × {SAMPLES} samples × 2 arms: {len(text) / 1e6:.1f} MB made in"
        f" {made:.1f} s; first paint after {paint:.2f} s, first case open after {answered:.2f} s,"
        f" a search through all of it {searched:.2f} s"
    )
    assert len(text) < MOST_BYTES
    assert paint < MOST_SECONDS
    assert answered < MOST_SECONDS


def test_what_is_behind_the_cases_is_not_held_at_once(results: Results):
    tracemalloc.start()
    try:
        text = render(results, Surface())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    print(f"\npeak of memory {peak / 1e6:.0f} MB for a page of {len(text) / 1e6:.1f} MB")
    assert peak < 3 * len(text) + MOST_MEMORY
