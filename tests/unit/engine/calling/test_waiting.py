"""Which of several waits is told."""

from __future__ import annotations

import pytest

from promptops.engine.calling.waiting import Waiting, gravest, symptom
from promptops.values.response import Failure

DOWN = Waiting("acme/judge", "down", "HTTP 503", 5.0, 295.0)
LIMITED = Waiting("acme/one", "limited", "rate limited", 0.0, 3.0)
LONGER = Waiting("acme/two", "limited", "rate limited", 0.0, 30.0)
HELD = Waiting("acme/one", "held", "60 requests a minute", 5.0, 1.0)


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ([], None),
        ([None, None], None),
        ([HELD, None, DOWN, LONGER], DOWN),
        ([HELD, LIMITED, LONGER], LONGER),
        ([None, HELD], HELD),
    ],
)
def test_the_gravest_is_told(found, told):
    assert gravest(found) == told


@pytest.mark.parametrize(
    ("kind", "seconds", "left", "brief"),
    [
        ("down", 0.5, 299.5, True),
        ("down", 1.0, 299.0, False),
        ("limited", 0.0, 0.9, True),
        ("limited", 0.0, 3.0, False),
        ("held", 0.5, 0.1, True),
    ],
)
def test_what_is_nearly_over_when_it_begins_is_told_to_nobody(kind, seconds, left, brief):
    waits = Waiting("acme/one", kind, "", seconds, left)
    assert waits.brief is brief
    assert gravest([waits]) == (None if brief else waits)


def test_a_symptom_is_a_status_where_there_is_one():
    assert symptom(Failure("unavailable", "", 502)) == "HTTP 502"
    assert symptom(Failure("connection", "")) == "no connection"
    assert symptom(Failure("unavailable", "")) == "unavailable"
