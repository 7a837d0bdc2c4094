"""What is said of a run that stands still."""

from __future__ import annotations

from math import inf

import pytest

from promptops.cli.pauses import LONGEST_WORTH_SECONDS, Pauses, pause_words, span
from promptops.engine.calling.waiting import Waiting

DOWN = Waiting("acme/one", "down", "HTTP 503", 40.0, 260.0)
LIMITED = Waiting("acme/one", "limited", "rate limited", 0.5, 2.6)
HELD = Waiting("acme/one", "held", "60 requests a minute", 5.0, 0.9)


def limited(seconds, left):
    return Waiting("acme/one", "limited", "rate limited", seconds, left)


@pytest.mark.parametrize(
    ("pause", "told"),
    [
        (LIMITED, "acme/one: rate limited, goes on in 3 s"),
        (DOWN, "acme/one: down for 40 s (HTTP 503), gives up in 4 min 20 s"),
        (
            Waiting("acme/one", "down", "HTTP 503", 40.0, inf),
            "acme/one: down for 40 s (HTTP 503)",
        ),
        (HELD, "acme/one: held to 60 requests a minute"),
    ],
)
def test_a_pause_says_why_and_how_long(pause, told):
    assert pause_words(pause) == told
    assert pause_words(pause, with_model=False) == told.removeprefix("acme/one: ")


def test_what_is_nearly_over_is_not_over():
    assert pause_words(limited(3.0, 0.01)).endswith("goes on in 1 s")
    assert pause_words(limited(3.0, -0.2)).endswith("goes on in 1 s")


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.4, "0 s"), (59.9, "59 s"), (60, "1 min 00 s"), (260, "4 min 20 s"), (7500, "2 h 05 min")],
)
def test_a_stretch_of_time(seconds, told):
    assert span(seconds) == told


def test_a_long_pause_is_told_when_it_begins_and_when_it_ends():
    pauses = Pauses()
    assert pauses.tell(None, 10.0) is None
    assert pauses.tell(LIMITED, 10.5) == "acme/one: rate limited, goes on in 3 s"
    assert pauses.tell(limited(1.5, 1.6), 11.5) is None
    assert pauses.tell(None, 13.0) == "acme/one: goes on after 3 s"
    assert pauses.tell(None, 14.0) is None


def test_a_short_pause_is_not_worth_a_line():
    pauses = Pauses()
    assert pauses.tell(limited(0.2, 1.7), 1.0) is None
    assert pauses.tell(None, 3.0) is None


def test_a_model_is_not_called_down_before_it_is_down_for_long():
    pauses = Pauses()
    assert pauses.tell(Waiting("acme/one", "down", "HTTP 503", 1.9, 298.1), 1.9) is None
    told = pauses.tell(Waiting("acme/one", "down", "HTTP 503", 2.4, 297.6), 2.4)
    assert told == "acme/one: down for 2 s (HTTP 503), gives up in 4 min 58 s"
    assert pauses.tell(None, 12.0) == "acme/one: answers again after 12 s"


def test_a_run_that_is_limited_again_and_again_does_not_fill_a_log():
    pauses, lines, now = Pauses(), 0, 0.0
    for _ in range(500):
        lines += pauses.tell(limited(0.0, 5.0), now) is not None
        lines += pauses.tell(None, now + 5.0) is not None
        now += 6.0
    assert lines == 4
    assert pauses.tell(limited(0.0, LONGEST_WORTH_SECONDS + 1), now) is not None


def test_a_pace_is_told_once():
    pauses = Pauses()
    assert pauses.tell(HELD, 1.0) == "acme/one: held to 60 requests a minute"
    assert pauses.tell(HELD, 2.0) is None
    assert pauses.tell(None, 3.0) is None
    assert pauses.tell(HELD, 4.0) is None


def test_a_pause_ends_where_the_pace_takes_over():
    pauses = Pauses()
    assert pauses.tell(LIMITED, 0.5) is not None
    assert pauses.tell(HELD, 4.0) == "acme/one: goes on after 4 s"
    assert pauses.tell(HELD, 4.5) == "acme/one: held to 60 requests a minute"
