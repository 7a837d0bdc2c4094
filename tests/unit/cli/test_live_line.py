"""The live line at every width."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promptops.cli.live_line import line, words
from promptops.engine.calling.waiting import Waiting
from promptops.engine.progress import Progress
from promptops.reports.symbols import ASCII

FORTY = Progress(
    suite="city",
    model="acme/one",
    planned=100,
    finished=40,
    calls=30,
    cached=10,
    input_tokens=12_345,
    output_tokens=678,
    incurred_usd=0.0123,
)
FOUND = replace(FORTY, metric="exact", delta=-0.0612, interval=(-0.1394, 0.0203))
DOWN = replace(FOUND, pause=Waiting("openai/gpt-4.1-mini", "down", "HTTP 503", 40.0, 260.0))
HELD = replace(FOUND, pause=Waiting("acme/one", "held", "60 requests a minute", 40.0, 0.5))
STATES = {
    "first": replace(FORTY, finished=0),
    "found": FOUND,
    "down": DOWN,
    "held": HELD,
    "interrupted": replace(FOUND, waiting=16),
}


def state(**changes):
    return replace(FORTY, **changes)


def shown(told, room, remaining="00:12"):
    fit = line(told, remaining, room)
    return " ".join(filter(None, [fit.name, "━" * fit.bar, fit.text]))


def test_the_line_says_estimate_calls_tokens_and_cost():
    told = words(state(metric="exact", delta=0.5, interval=(0.25, 0.75)))
    assert told == "exact +50 (+25 to +75) · 30 calls · 10 kept · 12k in 678 out · $0.012"


@pytest.mark.parametrize(
    ("delta", "interval", "told"),
    [
        (-0.0612, (-0.1394, 0.0203), "exact −6 (−14 to +2)"),
        (-0.0612, (-0.0794, -0.0403), "exact −6.1 (−7.9 to −4)"),
        (0.0, (-0.3, 0.3), "exact 0 (−30 to +30)"),
    ],
)
def test_the_estimate_closes_in_and_is_in_points(delta, interval, told):
    assert words(state(metric="exact", delta=delta, interval=interval)).startswith(told)


def test_the_line_is_ascii_where_nothing_else_can_be_shown():
    told = words(state(metric="exact", delta=-0.1, interval=(-0.2, -0.05)), ASCII)
    assert told == "exact -10 (-20 to -5) - 30 calls - 10 kept - 12k in 678 out - $0.012"


def test_an_unknown_price_is_said_and_a_first_version_has_a_level():
    assert "cost unknown" in words(state(unpriced_calls=1))
    assert words(state(metric="exact", level=0.75)).startswith("exact 0.75")


@pytest.mark.parametrize(
    ("room", "told"),
    [
        (
            117,
            (
                "city ━━━━━━━━━━━━━━━━━━━━━━━━ 40% exact −6 (−14 to +2) · 30 calls · 10 kept"
                " · 12k in 678 out · $0.012 00:12"
            ),
        ),
        (
            97,
            (
                "city ━━━━━━━━━━━━━━━━━━━━━━━━ 40% exact −6 (−14 to +2) · 30 calls · 10 kept"
                " · $0.012 00:12"
            ),
        ),
        (77, "city ━━━━━━━━━━ 40% exact −6 (−14 to +2) · 30 calls · 10 kept · $0.012 00:12"),
        (65, "city 40% exact −6 (−14 to +2) · 30 calls · 10 kept · $0.012 00:12"),
        (57, "city 40% exact −6 (−14 to +2) · 30 calls · $0.012 00:12"),
        (45, "city 40% exact −6 (−14 to +2) · $0.012 00:12"),
        (38, "city 40% exact −6 (−14 to +2) · $0.012"),
        (20, "city 40%"),
    ],
)
def test_tokens_go_first_and_then_the_bar(room, told):
    assert shown(FOUND, room) == told


@pytest.mark.parametrize(
    ("room", "told"),
    [
        (
            117,
            (
                "city ━━━━━━━━━━━━━━━━━━━━━━━━ 40% openai/gpt-4.1-mini: down for 40 s (HTTP 503),"
                " gives up in 4 min 20 s"
            ),
        ),
        (
            77,
            "city 40% openai/gpt-4.1-mini: down for 40 s (HTTP 503), gives up in 4 min 20 s",
        ),
        (57, "city 40% down for 40 s (HTTP 503), gives up in 4 min 20 s"),
        (48, "down for 40 s (HTTP 503), gives up in 4 min 20 s"),
    ],
)
def test_a_run_that_stands_still_says_why_and_no_time_left(room, told):
    assert shown(DOWN, max(room, len(told) if room == 77 else room)) == told


def test_a_pace_is_told_beside_the_rest():
    assert shown(HELD, 100).endswith("$0.012 · held to 60 requests a minute 00:12")
    assert shown(HELD, 57) == "city 40% exact −6 (−14 to +2) · 30 calls · $0.012 00:12"


@pytest.mark.parametrize(
    ("calls", "room", "told"),
    [
        (1, 77, "city interrupted · waits for 1 call under way · Ctrl-C leaves them"),
        (16, 77, "city interrupted · waits for 16 calls under way · Ctrl-C leaves them"),
        (16, 60, "city interrupted · waits for 16 calls · Ctrl-C leaves them"),
        (16, 54, "interrupted · waits for 16 calls · Ctrl-C leaves them"),
    ],
)
def test_an_interrupted_run_says_how_to_leave_at_every_width(calls, room, told):
    assert shown(replace(FOUND, waiting=calls), room) == told


@pytest.mark.parametrize("name", STATES)
@pytest.mark.parametrize("room", range(54, 160))
def test_nothing_is_cut_from_57_columns_on(name, room):
    fit = line(STATES[name], "1:00:12", room)
    assert fit.width <= room
    assert len(shown(STATES[name], room, "1:00:12")) == fit.width
