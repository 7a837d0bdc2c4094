"""What the report for a terminal says, and what it leaves out."""

from __future__ import annotations

import msgspec
import pytest

from promptops.reports.discovery import find
from promptops.reports.page import Page
from promptops.reports.surface import Surface
from promptops.values.report import Calls
from tests import examples


def shown(report, surface=None):
    return find("terminal")([report], surface or Surface(width=120))


@pytest.mark.parametrize("make", [examples.first_version, examples.alone])
def test_a_version_without_another_is_told_once_and_without_dashes(make):
    text = shown(make())
    assert text.count("compare") == 1
    assert "baseline" not in text
    assert "delta" not in text
    assert "–" not in text
    slices = text.split("by tag")[1].splitlines()
    assert slices[1].split() == ["tag", "metric", "cases", "score"]
    assert [line.split()[0] for line in slices[2:4]] == ["slang", "letter"]


def test_alone_is_not_called_a_first_version():
    report = examples.alone()
    older = msgspec.structs.replace(report, reasons=examples.first_version().reasons)
    for one in (report, older):
        text = shown(one)
        assert "scored alone: compared with nothing; exact is 0.82" in text
        assert "first version" not in text


def test_a_slice_of_two_arms_keeps_its_delta():
    text = shown(examples.improved()).split("by tag")[1]
    assert text.splitlines()[1].split() == [
        "tag", "metric", "cases", "baseline", "candidate", "delta"
    ]  # fmt: skip
    assert text.index("slang") < text.index("letter")


def test_a_case_lists_only_the_metrics_that_moved():
    text = shown(examples.regressed())
    assert "exact 1.00 → 0.00 · faithful 0.90 → 0.30\n" in text
    assert "short 1.00" not in text
    lost = examples.case(1, "broken", scores={"exact": (1.0, 0.0), "tone": (0.5, None)})
    text = shown(msgspec.structs.replace(examples.regressed(), cases=[lost]))
    assert "exact 1.00 → 0.00 · tone 0.50 → unscored" in text


@pytest.mark.parametrize(
    ("calls", "told"),
    [
        (
            Calls(64, 96, judge=32),
            "64 answers planned at most · 96 calls made, 32 of them to score",
        ),
        (Calls(120, 60, cached=60), "120 answers planned at most · 60 calls made · 60 kept"),
        (Calls(1, 1), "1 answer planned at most · 1 call made"),
        (Calls(64, 0, cached=64, judge=32), "64 answers planned at most · 0 calls made · 64 kept"),
        (
            Calls(60, 62, shared=4, retried=2),
            "60 answers planned at most · 62 calls made · 4 shared by both arms · 2 retried",
        ),
    ],
)
def test_calls_are_told_so_that_they_add_up(calls, told):
    text = shown(msgspec.structs.replace(examples.passed(), calls=calls))
    assert f"  calls {told}\n" in text
    assert " cached" not in text


@pytest.mark.parametrize("width", range(60, 121, 5))
@pytest.mark.parametrize("run", ["20261002-0915-7f3a", "20261002-091504-7f3a"])
def test_a_command_line_to_copy_is_never_broken(width, run):
    report = msgspec.structs.replace(examples.regressed(), run=run)
    lines = [line.strip() for line in shown(report, Surface(width=width)).splitlines()]
    for command in (f"promptops report {run} --cases all", f"promptops report {run}"):
        assert any(line.endswith(command) for line in lines), command


def test_a_command_that_fills_the_page_stands_at_its_edge():
    page = Page(Surface(width=60))
    page.command("see: ", "x " * 29 + "yz", indent=4)
    assert page.text() == "    see:\n" + "x " * 29 + "yz\n"


def test_separators_of_ascii_are_no_stars():
    text = shown(examples.regressed(), Surface(width=120, unicode=False))
    assert " * " not in text
    assert "985 calls made, 480 of them to score - 20 kept - 40 shared" in text


def test_a_stopped_run_reads_well():
    text = shown(examples.stopped())
    assert text.startswith(
        "! INVALID  extract-city  v1 → v2  example/small-1\n"
        "  stopped before its end: the budget of 20 calls is spent before a verdict was reached\n"
        "  · what was paid for is kept: a larger budget goes on from here\n"
        "  · 14 of 240 samples were had\n"
    )
    assert "24 cases: 1 broken, 5 the same, 18 not compared" in text
    bare = msgspec.structs.replace(examples.stopped(), reasons=["the key is not accepted"])
    assert "14 of 240 samples were had; a further run goes on from there" in shown(bare)


def test_a_run_that_had_nothing_shows_no_empty_tables():
    text = shown(examples.stopped_at_once())
    assert "0 of 240 samples were had\n" in text
    assert "unscored" not in text
    assert "by tag" not in text
    assert " cases:" not in text
