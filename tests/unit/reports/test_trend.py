"""Trends in every format: what is drawn, what is left out, and what is never put in its place."""

from __future__ import annotations

import csv
import io
import os
import re
from pathlib import Path

import msgspec
import pytest
from rich.cells import cell_len

from promptops.errors import InputError
from promptops.reports.surface import Surface
from promptops.reports.trend_axis import Columns, fitted, from_zero, labels, ticks
from promptops.reports.trend_discovery import find_trend, trend_formats
from promptops.reports.trend_panels import panels
from promptops.values.trend import Break, Trend
from tests.examples import CANARIES
from tests.trend_examples import (
    every_trend,
    hostile,
    many,
    ordinary,
    point,
    score,
    trend,
    two_metrics,
)

FOLDER = Path(__file__).parent / "snapshots_trend"
SURFACES = {
    "80": Surface(width=80),
    "120": Surface(width=120),
    "60-ascii": Surface(width=60, unicode=False),
    "100-color": Surface(width=100, color=True),
}
TRENDS = every_trend()
FORMATS = trend_formats()


def shown(it: Trend, surface: Surface | None = None, format_: str = "terminal") -> str:
    return find_trend(format_)(it, surface or Surface())


@pytest.mark.parametrize("size", SURFACES)
@pytest.mark.parametrize("example", TRENDS)
def test_trends_look_as_they_did(example, size):
    text = shown(TRENDS[example], SURFACES[size])
    file = FOLDER / f"{example}.{size}.txt"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        file.write_text(text, encoding="utf-8", newline="\n")
    assert text == file.read_bytes().decode("utf-8")


def test_no_snapshot_is_left_over():
    names = {f"{name}.{size}.txt" for name in TRENDS for size in SURFACES}
    assert {file.name for file in FOLDER.iterdir()} == names


@pytest.mark.parametrize("width", range(60, 201, 7))
@pytest.mark.parametrize("unicode", [True, False])
def test_a_page_keeps_to_its_width(width, unicode):
    for it in [*TRENDS.values(), hostile("日本語 " * 40)]:
        text = shown(it, Surface(width=width, unicode=unicode))
        assert max(cell_len(line) for line in text.splitlines()) <= width
        assert unicode or text.isascii()


def test_colour_is_only_where_it_is_wanted():
    assert "\x1b[" not in shown(ordinary(), Surface(color=False))
    assert "\x1b[" in shown(ordinary(), Surface(color=True))


# -- formats


def test_the_formats_are_found():
    assert FORMATS == ["terminal", "csv", "html", "json"]


def test_a_format_that_shows_no_trends_is_refused():
    with pytest.raises(InputError, match="--trend has no format 'markdown'") as caught:
        find_trend("markdown")
    assert caught.value.hint == "known: csv, html, json, terminal"


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize("canary", CANARIES)
def test_hostile_text_is_inert(format_, canary):
    text = shown(hostile(CANARIES[canary]), format_=format_)
    text.encode("utf-8")
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    if format_ == "html":
        body = text.split("</head>")[1]
        assert "<script" not in text
        assert "<img" not in body
    if format_ == "csv":
        rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
        assert {len(row) for row in rows} == {len(rows[0])}
        assert not [cell for row in rows for cell in row if re.match(r"\s*[=@+]", cell)]
    if format_ == "terminal":
        assert not re.search(r"^ *::\w", text, re.MULTILINE)


def test_json_says_all_that_is_known():
    it = ordinary()
    assert msgspec.json.decode(shown(it, format_="json"), type=Trend) == it


def test_csv_has_a_row_a_version_and_leaves_empty_what_is_not_known():
    rows = list(
        csv.DictReader(io.StringIO(shown(ordinary(), format_="csv").removeprefix("\ufeff")))
    )
    assert [row["version"] for row in rows] == [*map(str, range(1, 7)), "", *map(str, range(8, 13))]
    by = {row["version"]: row for row in rows}
    assert (by["8"]["breaks"], by["8"]["against"]) == ("the dataset changed", "6")
    assert (by["9"]["exact"], by["9"]["exact delta"]) == ("0.55", "-0.11")
    assert (by["9"]["exact delta low"], by["9"]["verdict"]) == ("-0.155", "regressed")
    assert (by["11"]["cost_usd"], by["11"]["answers"]) == ("", "120")
    assert (by["5"]["exact"], by["5"]["answers"], by["5"]["standing"]) == ("", "", "unevaluated")
    assert (by[""]["standing"], by[""]["broken"]) == ("broken", "line 7: bad indentation")


# -- gaps and breaks


def lane(it: Trend, name: str = "exact") -> list[str]:
    """The rows of a metric's plot and of the axis below it."""
    rows = shown(it, Surface(width=100)).splitlines()
    start = next(at for at, row in enumerate(rows) if row.startswith(f"  {name} "))
    end = next(at for at in range(start, len(rows)) if "└" in rows[at])
    return [row.ljust(100) for row in rows[start + 1 : end + 1]]


def test_nothing_is_drawn_over_a_gap():
    it = trend(
        point(1, score(level=0.5, baseline=None)),
        point(2, score(level=0.6, baseline=0.5)),
        point(3),
        point(4, score(level=0.7, baseline=0.6)),
        point(5, score(level=0.8, baseline=0.7)),
    )
    *rows, axis = lane(it)
    step, first = 9, axis.index("└") + 2
    columns = [first + step * at for at in range(5)]
    assert axis[columns[2]] == "·"
    between = [row[columns[1] + 1 : columns[3]] for row in rows]
    assert not "".join(between).strip()
    for left, right in ((0, 1), (3, 4)):
        joined = "".join(row[columns[left] + 1 : columns[right]] for row in rows)
        assert "─" in joined


def test_levels_that_are_not_comparable_are_not_joined():
    points = [
        point(1, score(level=0.5, baseline=None)),
        point(2, score(level=0.6, baseline=0.5), breaks=[Break("the dataset changed")]),
    ]
    *rows, axis = lane(trend(*points))
    first = axis.index("└") + 2
    assert axis[first + 9] == "≠"
    between = "".join(row[first + 1 : first + 9] for row in rows)
    assert set(between) == {" ", "┊"}
    text = " ".join(shown(trend(*points)).split())
    assert "≠ v2: the dataset changed" in text
    assert "not comparable" in text


def test_a_changed_scorer_breaks_its_own_metric_alone():
    exact, faithful, *amounts = panels(two_metrics())
    assert [mark.broken_off for mark in exact.marks] == [False] * 4
    assert [mark.broken_off for mark in faithful.marks] == [False, False, True, False]
    assert not any(mark.broken_off for panel in amounts for mark in panel.marks)


def test_the_version_before_a_break_is_shown_as_it_was_measured_anew():
    exact = panels(ordinary())[0]
    assert exact.marks[7].again == (5, 0.70)
    assert [at for at, mark in enumerate(exact.marks) if mark.again] == [7]


def test_the_reach_of_a_level_starts_where_the_other_version_stood_in_the_same_run():
    (mark,) = panels(trend(point(1, score(level=0.9, baseline=0.88, half=0.3))))[0].marks
    assert mark.reach is not None
    assert mark.reach[0] == pytest.approx(0.6)
    assert mark.reach[1] == 1.0  # no level lies above 1


@pytest.mark.parametrize("format_", ["terminal", "html"])
def test_an_unknown_cost_is_said_and_never_drawn(format_):
    it = trend(point(1, score(), cost_usd=None, cost_usd_per_1000=None))
    text = shown(it, format_=format_)
    assert "unknown" in text
    assert "$0" not in text
    assert [panel.name for panel in panels(it)] == ["exact", "tokens an answer", "latency"]


# -- many versions


def test_of_many_versions_the_newest_are_in_the_table_and_all_in_the_plot():
    text = shown(many(), Surface(width=100))
    assert "\nv200 " in text
    assert "\nv177 " in text
    assert "\nv176 " not in text
    assert "176 older versions not in the table" in text
    assert "3 versions to a column" in text


@pytest.mark.parametrize("width", [12, 40, 90, 180])
def test_every_version_has_a_column_within_the_width(width):
    for count in [*range(1, 60), 200, 1_000, 5_001]:
        columns = Columns(count, width)
        places = [columns.at(at) for at in range(count)]
        assert places == sorted(places)
        assert places[0] == 1
        assert places[-1] < columns.used <= width
        assert columns.shared == 1 or not columns.step
        if columns.step:
            assert len(set(places)) == count


def test_labels_never_meet_and_the_last_is_there():
    for count in (1, 2, 9, 37, 200, 2_000):
        names = [f"v{number}" for number in range(1, count + 1)]
        text = labels(Columns(count, 70), names)
        assert text.split()[-1] == names[-1]
        assert set(text.split()) <= set(names)


@pytest.mark.parametrize("values", [[0.5], [0.0], [1.0], [0.2, 0.9], [0.71, 0.72], [0.0, 1.0]])
def test_scales_hold_their_values_and_have_round_numbers_beside_them(values):
    rows = fitted(values, 9)
    assert 0.0 <= rows.low <= min(values)
    assert max(values) <= rows.high <= 1.0
    assert len(ticks(rows)) >= 2
    assert all(len(f"{value:.4g}") <= 6 for value in ticks(rows).values())


def test_amounts_are_measured_from_nothing():
    assert (from_zero([3.0, 4.0], 2).low, from_zero([3.0, 4.0], 2).high) == (0.0, 4.0)
    assert from_zero([0.0], 2).share(0.0) == 0.0


# -- the page


@pytest.mark.parametrize("example", TRENDS)
def test_a_page_is_whole_and_asks_nothing_of_anybody(example):
    text = shown(TRENDS[example], format_="html")
    assert "default-src 'none'; style-src 'sha256-" in text
    assert "<script" not in text
    assert " style=" not in text
    assert not re.search(r"""(?:href|src|action)=["'](?!data:,)""", text)
    assert "url(" not in text


def test_every_version_is_in_the_table_of_a_page():
    text = shown(many(), format_="html")
    rows = re.findall(r'<th scope="row">(v\d+)</th>', text)
    assert rows == [f"v{number}" for number in range(200, 0, -1)]
    assert len(text) < 600_000
