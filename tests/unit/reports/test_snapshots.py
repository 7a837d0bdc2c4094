"""What people see, kept as text files: `UPDATE_SNAPSHOTS=1 pytest …` writes them anew."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from rich.cells import cell_len

from promptops.reports.differences import Difference, PromptView, render_difference
from promptops.reports.listings import PromptLine, RunLine, render_prompts, render_runs
from promptops.reports.surface import Surface
from promptops.reports.versions import VersionLine, render_versions
from promptops.values.request import Message
from tests.example_details import rendered
from tests.examples import every_example, improved

FOLDER = Path(__file__).parent / "snapshots"
EXAMPLES = {name: it for name, it in every_example().items() if "hostile" not in name}
SURFACES = {
    "80": Surface(width=80),
    "120": Surface(width=120),
    "60-ascii": Surface(width=60, unicode=False),
    "100-color": Surface(width=100, color=True),
}


def check(name: str, text: str) -> None:
    file = FOLDER / f"{name}.txt"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        file.write_text(text, encoding="utf-8", newline="\n")
    assert text == file.read_bytes().decode("utf-8")


def before() -> PromptView:
    return PromptView(
        label="v1 (1a2b3c4)",
        digest="1" * 64,
        model="example/small-1",
        messages=[
            Message("system", "You read messages.\nName the city.\nSay nothing else.\n"),
            Message("user", "{{ message }}"),
        ],
        params={"temperature": 0.7, "max_tokens": 12},
        inputs={"message": {"type": "string"}},
        includes={"shared/tone.txt": "Be kind."},
        rendered=[
            Message("system", "You read messages.\nName the city.\nSay nothing else.\n"),
            Message("user", "We land in Lyon at noon."),
        ],
        tokens=31,
    )


def after() -> PromptView:
    return PromptView(
        label="v2 (uncommitted)",
        digest="2" * 64,
        model="example/small-2",
        messages=[
            Message(
                "system",
                "You read messages.\nName the city that a message is about.\nSay nothing else.\n",
            ),
            Message("user", "Dinner in Osaka?"),
            Message("assistant", "Osaka"),
            Message("user", "{{ message }}"),
        ],
        params={"temperature": 0.2, "max_tokens": 12, "seed": 7},
        inputs={"message": {"type": "string"}},
        output={"type": "object", "required": ["city"]},
        tools=[{"type": "function", "function": {"name": "find_city"}}],
        includes={"shared/tone.txt": "Be kind and brief.", "shared/new.txt": "One line."},
        change="Show a worked example.",
        rendered=[
            Message(
                "system",
                "You read messages.\nName the city that a message is about.\nSay nothing else.\n",
            ),
            Message("user", "Dinner in Osaka?"),
            Message("assistant", "Osaka"),
            Message("user", "We land in Lyon at noon."),
        ],
        tokens=52,
    )


DIFFERENCE = Difference("extract-city", before(), after(), case_id="city-001", quality=improved())

VERSIONS = [
    VersionLine(
        3,
        "3c" * 32,
        None,
        "",
        "",
        "Ask for one word.",
        dirty=True,
        path="prompts/extract-city.yaml",
    ),
    VersionLine(
        2,
        "2b" * 32,
        "1a2b3c4d" * 5,
        "A. Author",
        "2026-10-02T09:15:04Z",
        "Show three worked examples.",
        evaluated=True,
        metric="exact",
        score=0.81,
        delta=0.62,
        cost_usd=0.0012,
        run="20261002-0915-7f3a",
    ),
    VersionLine(
        2,
        "",
        "5e6f7a8b" * 5,
        "B. Ødegård",
        "2026-09-30T09:15:04Z",
        "",
        broken="line 7: bad indentation",
    ),
    VersionLine(
        1,
        "1a" * 32,
        "9c0d1e2f" * 5,
        "日本 太郎",
        "2026-09-28T09:15:04Z",
        "Name the city that a message is about, in one word, without any sentence around it.",
        evaluated=True,
        metric="exact",
        score=0.19,
    ),
]

PROMPTS = [
    PromptLine(
        "extract-city",
        2,
        "2b" * 32,
        dirty=True,
        description="Name the city that a message is about.",
        suites=("extract-city",),
    ),
    PromptLine("judges/faithful", 1, "7d" * 32, description="Is an answer held by its context?"),
    PromptLine("torn", 0, "", broken="prompts/torn.yaml:3:1: expected a mapping"),
]

RUNS = [
    RunLine(
        "20261002-0915-7f3a",
        "2026-10-02T09:15:04Z",
        "extract-city",
        "extract-city",
        1,
        2,
        "improved",
        236,
        0.0241,
        model="example/small-1",
        dirty=True,
    ),
    RunLine(
        "20261001-1100-0b1c",
        "2026-10-01T11:00:00Z",
        "answer",
        "answer",
        None,
        1,
        "inconclusive",
        40,
        0.0,
    ),
    RunLine(
        "20260930-0801-aa21", "2026-09-30T08:01:00Z", "answer", "answer", 1, 2, "invalid", 7, None
    ),
]

PAGES = {
    "difference": lambda surface: render_difference(DIFFERENCE, surface),
    "versions": lambda surface: render_versions("extract-city", VERSIONS, surface),
    "prompts": lambda surface: render_prompts(PROMPTS, surface),
    "runs": lambda surface: render_runs(RUNS, surface),
}


@pytest.mark.parametrize("size", SURFACES)
@pytest.mark.parametrize("example", EXAMPLES)
def test_reports_look_as_they_did(example, size):
    check(f"{example}.{size}", rendered("terminal", EXAMPLES[example], SURFACES[size]))


@pytest.mark.parametrize("size", SURFACES)
@pytest.mark.parametrize("page", PAGES)
def test_other_pages_look_as_they_did(page, size):
    check(f"{page}.{size}", PAGES[page](SURFACES[size]))


@pytest.mark.parametrize("width", range(60, 201, 7))
def test_every_page_keeps_to_its_width(width):
    surface = Surface(width=width)
    texts = [page(surface) for page in PAGES.values()]
    texts += [rendered("terminal", reports, surface) for reports in EXAMPLES.values()]
    for text in texts:
        assert max(cell_len(line) for line in text.splitlines()) <= width


def test_no_snapshot_is_left_over():
    names = {f"{name}.{size}.txt" for name in [*EXAMPLES, *PAGES] for size in SURFACES}
    assert {file.name for file in FOLDER.iterdir()} == names
