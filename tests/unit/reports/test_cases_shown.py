from __future__ import annotations

import pytest

from promptops.reports.changed_cases import choose, gravity, moved_scorers
from promptops.reports.surface import Surface
from promptops.reports.symbols import UNICODE
from tests.example_details import rendered
from tests.examples import case, cases, hostile, improved, regressed


def changes(chosen):
    return [one.change for one in chosen]


@pytest.mark.parametrize(
    ("counts", "fell", "rose"),
    [
        ({"broken": 9, "fixed": 9}, 5, 3),
        ({"broken": 1, "fixed": 9}, 1, 7),
        ({"broken": 9, "fixed": 1}, 7, 1),
        ({"broken": 9}, 8, 0),
        ({"fixed": 2}, 0, 2),
    ],
)
def test_both_sides_have_their_share(counts, fell, rose):
    chosen = changes(choose(cases(**counts), 8))
    assert (chosen.count("broken"), chosen.count("fixed")) == (fell, rose)


def test_critical_then_broken_then_the_deepest_fall_comes_first():
    found = [
        case(1, "worse"),
        case(2, "broken", candidate=0.4),
        case(3, "broken"),
        case(4, "worse", critical=True),
        case(5, "better"),
        case(6, "fixed"),
    ]
    order = ["city-004", "city-003", "city-002", "city-001", "city-006", "city-005"]
    assert [one.id for one in choose(found, None)] == order


def test_how_many_are_left_and_how_to_see_them():
    text = rendered("terminal", [regressed()], Surface())
    assert "… 8 more: promptops report 20261002-0915-7f3a --cases all" in text
    text = rendered("terminal", [regressed()], Surface(max_cases=None))
    assert " more: promptops" not in text
    assert text.count("✖ broken") == 12
    assert text.count("✔ fixed") == 4


def test_long_outputs_say_how_long_they_were():
    text = rendered("terminal", [hostile("word " * 14_000)], Surface(width=100))
    assert text.count("(70,000 characters)") == 2


def test_outputs_stand_side_by_side_where_there_is_room():
    wide = rendered("terminal", [improved()], Surface(width=100)).splitlines()
    assert any("Osaka" in line and "│ The message is about" in line for line in wide)
    narrow = rendered("terminal", [improved()], Surface(width=60)).splitlines()
    assert "    v1 │ Osaka" in narrow


def test_an_empty_output_is_called_empty():
    text = rendered("terminal", [regressed()], Surface(width=100))
    assert any(line.endswith("│ empty") and "Quito" in line for line in text.splitlines())


def test_where_few_cases_have_room_what_broke_is_kept_before_what_is_critical():
    found = [
        case(1, "same"),
        case(2, "better", critical=True),
        case(3, "worse", critical=True),
        case(4, "broken", candidate=0.4),
        case(5, "broken"),
        case(6, "broken", candidate=0.4, critical=True),
    ]
    order = ["city-006", "city-005", "city-004", "city-003", "city-002", "city-001"]
    assert [one.id for one in sorted(found, key=gravity)] == order


def test_scorers_are_told_apart_only_where_there_are_several_and_they_read_differently():
    several = {"exact": (1.0, 0.0), "brief": (0.5, 0.501), "polite": (None, 0.25)}
    moved = moved_scorers(case(1, "broken", scores=several), UNICODE)
    assert moved == {"exact": "1.00 → 0.00", "polite": "unscored → 0.25"}
    assert moved_scorers(case(1, "broken", scores={"exact": (1.0, 0.0)}), UNICODE) == {}
