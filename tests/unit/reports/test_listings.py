"""The list of runs: how a run stands, and what is left out where there is no room."""

import json

import pytest

from promptops.reports.listings import RunLine, render_runs, runs_json
from promptops.reports.surface import Surface

AT = "2026-05-0{}T10:00:00+00:00"
MODEL = "example/small-1"


def line(at, *rest):
    return RunLine(f"2026050{at}-101010-000{at}", AT.format(at), *rest)


LINES = [
    line(5, "city", "city", 1, 2, None, 40, None, MODEL, False, "under_way", 36),
    line(4, "city", "city", 1, 2, None, 36, 0.5, MODEL, False, "broken_off", 36),
    line(3, "city", "", None, None, None, 1, 0.0, "", False, "broken_off", 1),
    line(2, "city", "city", 1, 2, "invalid", 7, 0.1, MODEL, True, "stopped"),
    line(1, "city", "city", 1, 2, "passed", 1234, 2.5, MODEL),
]  # fmt: skip


@pytest.mark.parametrize("width", [60, 80, 100, 120])
def test_it_says_how_each_run_stands(width):
    text = render_runs(LINES, Surface(width=width))
    assert max(map(len, text.splitlines())) <= width
    rows = {f"r{row[7]}": row for row in text.splitlines() if row.startswith("2026")}
    assert "under way, 36 answers" in rows["r5"]
    assert "broken off, 36 answers" in rows["r4"]
    assert "broken off, 1 answer" in rows["r3"]
    assert "invalid, stopped" in rows["r2"]
    assert "passed" in rows["r1"]
    assert "promptops eval --resume 20260504" in text
    assert "promptops report 20260502" in text  # the newest that has one


@pytest.mark.parametrize(
    ("width", "left_out"),
    [
        (60, "versions, calls and cost"),
        (80, "calls and cost"),
        (84, "calls"),
        (100, ""),
    ],
)
def test_figures_that_are_left_out_are_named(width, left_out):
    text = render_runs(LINES, Surface(width=width))
    assert ("no room" in text) == bool(left_out)
    if left_out:
        assert f"no room for {left_out}:" in " ".join(text.split())
    heads = text.splitlines()[0].split()
    for each in ("versions", "calls", "cost"):
        assert (each in heads) == (each not in left_out)


def test_runs_that_all_ended_offer_nothing_to_go_on_with():
    assert "--resume" not in render_runs(LINES[-1:], Surface(width=80))
    assert "promptops report" not in render_runs(LINES[:1], Surface(width=80))


def test_the_state_is_in_the_json():
    runs = json.loads(runs_json(LINES))["runs"]
    assert [(each["state"], each["answers"]) for each in runs] == [
        ("under_way", 36), ("broken_off", 36), ("broken_off", 1), ("stopped", None),
        ("finished", None),
    ]  # fmt: skip
    assert runs[2]["candidate_version"] is None
