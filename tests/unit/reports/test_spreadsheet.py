from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops.reports.spreadsheet import LONGEST, number_cell, text_cell

NUMBER = re.compile(r"[+-]?\d{1,15}(\.\d{1,15})?")


def works_out(cell: str) -> bool:
    """Whether a spreadsheet would take a cell, or a part of it behind a separator, for a formula.

    An apostrophe makes a text of what follows, so it is no quote that may be skipped.
    """
    parts = [part.strip(' \u00a0\u3000"`“”‘’＂＇') for part in re.split("[,;，；]", cell)]
    begins = [part for part in parts if unicodedata.normalize("NFKC", part[:1])[:1] in set("=+-@")]
    return any(not NUMBER.fullmatch(part) for part in begins)


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-2+3", "'-2+3"),
        ("@SUM(1)", "'@SUM(1)"),
        ("  =1+1", "  '=1+1"),
        ('"=1+1"', '"\'=1+1"'),
        ("' \" =1+1", "' \" '=1+1"),
        ("\u00a0\u3000=1", "\u00a0\u3000'=1"),
        ("＝1+1", "'＝1+1"),
        ("﹢1+1", "'﹢1+1"),
        ("＠SUM(1)", "'＠SUM(1)"),
        ("a;=1+1", "a;'=1+1"),
        ('a","=1+1', 'a","\'=1+1'),
        ("a, =1+1; -x", "a, '=1+1; '-x"),
        ("\t=1+1", "␉=1+1"),
        ("\r=1+1", "␍=1+1"),
        ("\n=1+1", "⏎=1+1"),
        ("\x00=1", "␀=1"),
        ("\u200b=1", "\\u200b=1"),
    ],
)
def test_what_could_be_worked_out_is_text(text, cell):
    assert text_cell(text) == cell


@pytest.mark.parametrize(
    "text",
    [
        "-5",
        "+3.25",
        "12",
        "1, -2, 3",
        "a - b",
        "1=1",
        "mail@example.org",
        "C++",
        "a,b",
        "−5 points",
    ],
)
def test_plain_numbers_and_words_are_left_as_they_are(text):
    assert text_cell(text) == text


def test_lists_are_left_as_they_are_on_their_one_line():
    assert text_cell("- one\n- two") == "'- one⏎- two"
    assert text_cell("Here:\n- one\n- two") == "Here:⏎- one⏎- two"


@given(st.text(st.characters(), max_size=30) | st.text("=+-@;, '\"\t\r\n＝1a", max_size=12))
def test_no_text_is_worked_out(text):
    cell = text_cell(text)
    assert not works_out(cell)
    assert not set(cell) & {"\n", "\r", "\t", "\x00"}
    cell.encode("utf-8")


@pytest.mark.parametrize("letter", ["x", "ü", "🙂", "\x07", "\u202e"])
@pytest.mark.parametrize("length", [LONGEST - 1, LONGEST, LONGEST + 1, 3 * LONGEST])
def test_a_cell_holds_no_more_than_it_can(letter, length):
    cell = text_cell(letter * length)
    assert len(cell.encode("utf-16-le")) // 2 <= LONGEST
    cell.encode("utf-8")
    whole = letter in "xü\x07" and length <= LONGEST
    assert (len(cell) == length) if whole else cell.endswith("characters in all)")


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, ""),
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (100.0, "100"),
        (-0.11, "-0.11"),
        (0.1 + 0.2, "0.3"),
        (1e-9, "0"),
        (-1e-9, "0"),
        (2 / 3, "0.666667"),
        (float("nan"), ""),
        (float("inf"), ""),
    ],
)
def test_numbers_are_numbers(value, cell):
    assert number_cell(value) == cell


@given(st.floats(-1, 1))
def test_a_number_is_read_back(value):
    assert float(number_cell(value)) == pytest.approx(value, abs=5e-7)
