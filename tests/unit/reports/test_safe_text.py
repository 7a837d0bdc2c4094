from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops.reports.safe_text import inert, inert_lines, one_line, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain words", "plain words"),
        ("two\nlines", "two⏎lines"),
        ("a\tb\rc", "a␉b␍c"),
        ("\x1b[31m", "␛[31m"),
        ("\x00\x7f", "␀␡"),
        ("\x9b31m\x85", "\\x9b31m\\x85"),
        ("a\u202eb", "a\\u202eb"),
        ("a\u2028b\u2029", "a\\u2028b\\u2029"),
        ("zero\u200bwidth\ufeff", "zero\\u200bwidth\\ufeff"),
        ("\U000e0041", "\\U000e0041"),
        ("\ud800", "\\ud800"),
        ("\u3164", "\\u3164"),
        ("naïve Ωμέγα привет", "naïve Ωμέγα привет"),
        ("日本 🌸", "日本 🌸"),
        ("क्षि สวัสดี", "क्षि สวัสดี"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("a\u200c b", "a\\u200c b"),
        ("👩\u200d👧", "👩\\u200d👧"),
        ("❤\ufe0f", "❤"),
        ("a\ufe0f", "a\\ufe0f"),
        ("\u0301x", "◌\u0301x"),
        ("e" + "\u0301" * 6, "e" + "\u0301" * 4 + "\\u0301" * 2),
        ("::error::x", "\\x3a:error::x"),
        ("said ::add-mask::x", "said \\x3a:add-mask::x"),
        ("std::vector<int>, a :: b, 10::2", "std::vector<int>, a :: b, 10::2"),
        ("##[group]x", "#\\x23[group]x"),
        ("x ##vso[task.x]", "x #\\x23vso[task.x]"),
        ("## Title [1]", "## Title [1]"),
    ],
)
def test_what_acts_or_hides_is_shown(text, shown):
    assert visible(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("two\nlines\t\r", "two\\nlines\\t\\r"),
        ("\x1b[0m\x7f", "\\x1b[0m\\x7f"),
        ("é日🌸", "\\xe9\\u65e5\\U0001f338"),
        ("v1 → v2, surely above −5 · “so”…", 'v1 -> v2, surely above -5 - "so"...'),
        ("┊:error::x", "\\x3a:error::x"),
    ],
)
def test_ascii_is_all_there_is_where_nothing_else_can_be_shown(text, shown):
    assert visible(text, unicode=False) == shown


@given(st.text(st.characters()))
def test_nothing_acts_and_it_settles(text):
    shown = visible(text)
    assert "\n" not in shown
    left = {unicodedata.category(char) for char in shown if char not in "\u200c\u200d"}
    assert not left & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    shown.encode("utf-8")
    narrow = visible(text, unicode=False)
    assert narrow.isascii()
    assert narrow.isprintable()


@given(
    st.text(st.characters(codec="ascii", categories=["L", "N", "P", "Zs"], exclude_characters=":#"))
)
def test_ordinary_text_is_left_alone(text):
    assert visible(text) == text


def test_a_finished_line_never_begins_as_a_command():
    page = "::error::a\n  ::debug::b\nx ::note::\n:: no\n"
    assert inert_lines(page) == "\\:error::a\n  \\:debug::b\nx ::note::\n:: no\n"


@pytest.mark.parametrize(
    "hostile",
    ["\x1b[2Jgone", "\x9b31m", "a\rb", "bell\x07", "\u202etxt.exe", "zero\u200bwidth", "\udc80"],
)
def test_nothing_that_acts_or_hides_is_left(hostile: str) -> None:
    shown = inert(hostile)
    assert shown.isprintable()
    assert "\\" in shown or any(0x2400 <= ord(char) < 0x2440 for char in shown)


@pytest.mark.parametrize("line", ["::add-mask::x", "  ::error::x", "##[group]x"])
def test_no_line_speaks_to_a_build_server(line: str) -> None:
    for shown in inert(f"words\n{line}").splitlines():
        assert not shown.strip().startswith("::")
        assert "##[" not in shown


def test_lines_stay_and_tabs_become_blanks() -> None:
    assert inert("a\n\tb\n") == "a\n    b\n"


def test_letters_of_every_script_stay() -> None:
    assert inert("Zürich 東京 🙂 مرحبا") == "Zürich 東京 🙂 مرحبا"


def test_one_line_is_one_line() -> None:
    assert one_line("a\n\n  b\tc") == "a b c"


def test_plain_surfaces_get_ascii() -> None:
    assert inert("é\x1b", unicode=False).isascii()
