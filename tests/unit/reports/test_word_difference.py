from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from promptops.reports.word_difference import (
    changed_lines,
    compare_values,
    word_segments,
)

TEXTS = st.text(alphabet="ab c\n.é", max_size=40)


def shown(old, new):
    return [
        piece.mark
        + "".join(f"[{kind}{text}]" if kind != "=" else text for kind, text in piece.segments)
        for piece in changed_lines(old, new)
    ]


def test_words_are_marked_within_a_line():
    assert word_segments("Name the city.", "Name the capital city.") == [
        ("=", "Name the"),
        ("+", " capital"),
        ("=", " city."),
    ]


def test_a_script_without_blanks_is_compared_by_letter():
    assert shown("包裹预计星期四送达里昂。", "包裹预计星期五送达里昂。") == [
        "~包裹预计星期[-四][+五]送达里昂。"
    ]
    assert shown("荷物は木曜日に着きます", "荷物は金曜日に着きます") == [
        "~荷物は[-木][+金]曜日に着きます"
    ]


def test_lines_are_kept_removed_added_or_changed():
    old = "You are kind.\nName the city of it.\nThe end."
    new = "You are kind.\nName the one city of it.\nBe brief.\nThe end."
    assert shown(old, new) == [
        " You are kind.",
        "~Name the [+one ]city of it.",
        "+[+Be brief.]",
        " The end.",
    ]


def test_a_joined_line_shows_the_break_that_went():
    assert shown("one two\nthree four", "one two three four") == [
        "~one two[-\n]",
        "~[+ ]three four",
    ]


def test_texts_with_little_in_common_are_shown_whole():
    assert shown("Name the city.", "Translate into Norwegian, please") == [
        "-[-Name the city.]",
        "+[+Translate into Norwegian, please]",
    ]


def test_nothing_becomes_something():
    assert shown("", "a\nb") == ["+[+a]", "+[+b]"]
    assert shown("a", "") == ["-[-a]"]
    assert shown("same", "same") == [" same"]


def test_texts_that_repeat_themselves_are_not_compared_word_by_word():
    old, new = "a " * 5_000, "a b " * 5_000
    assert word_segments(old, new) is None
    assert [piece.mark for piece in changed_lines(old, new)] == ["-", "+"]
    assert len(changed_lines("x\n" * 3_000, "y\nx\n" * 3_000)) == 9_002


def test_one_change_in_a_long_repetitive_text_is_still_found():
    old = "row\n" * 2_000 + "Name the city.\n" + "row\n" * 2_000
    new = old.replace("city", "capital city")
    changed = [piece for piece in changed_lines(old, new) if piece.mark != " "]
    assert [piece.mark for piece in changed] == ["~"]


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_out_of_the_words(old, new):
    segments = word_segments(old, new)
    if segments is not None:
        assert "".join(text for kind, text in segments if kind != "+") == old
        assert "".join(text for kind, text in segments if kind != "-") == new


@given(TEXTS, TEXTS)
def test_no_word_is_lost_between_lines(old, new):
    pieces = changed_lines(old, new)
    for side, other in ((old, "+"), (new, "-")):
        read = "".join(text for piece in pieces for kind, text in piece.segments if kind != other)
        assert read.split() == side.split() or "".join(read.split()) == "".join(side.split())
    assert all(piece.mark == " " for piece in pieces) == (old == new)


def test_settings_are_compared_by_path():
    before = {"temperature": 0.2, "stop": ["a"], "seed": 1, "old": None}
    after = {"temperature": 0.7, "stop": ["a", "b"], "seed": 1.0, "top_p": 1}
    assert compare_values(before, after) == [
        ("temperature", "0.2", "0.7"),
        ("stop", '["a"]', '["a", "b"]'),
        ("seed", "1", "1.0"),
        ("old", "null", None),
        ("top_p", None, "1"),
    ]
    assert compare_values({"a": {"b": True}}, {"a": {"b": 1}}) == [("a.b", "true", "1")]
    assert (
        compare_values({"a": 1, "b": [{"c": 1, "d": 2}]}, {"b": [{"d": 2, "c": 1}], "a": 1}) == []
    )
    assert compare_values(None, {"type": "object"}) == [("", None, '{"type": "object"}')]
    assert compare_values(None, None) == []
