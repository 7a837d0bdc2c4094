"""What changed between two versions of a prompt."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from promptops.reports.prompt_changes import (
    TextChange,
    line_difference,
    prompt_changes,
    setting_words,
)
from promptops.values.details import PromptText
from promptops.values.request import Message


def version(**fields) -> PromptText:
    defaults: dict[str, Any] = {
        "name": "a",
        "path": "prompts/a.yaml",
        "digest": "0" * 64,
        "version": 1,
        "source": "",
        "messages": [Message("system", "One.\nTwo.\n"), Message("user", "{{ message }}")],
        "model": "example/small-1",
        "params": {"temperature": 0.7},
    }
    return PromptText(**(defaults | fields))


def test_nothing_changed():
    assert not prompt_changes(version(), version(version=2, change="why"))


def test_a_message_by_line_and_by_word():
    after = version(
        messages=[Message("system", "One.\nTwo of it.\n"), Message("user", "{{ message }}")]
    )
    changes = prompt_changes(version(), after)
    (text,) = changes.texts
    assert text == TextChange("system", "changed", "One.\nTwo.\n", "One.\nTwo of it.\n")
    assert text.lines == [(" ", "One."), ("-", "Two."), ("+", "Two of it.")]
    assert [piece.mark for piece in text.pieces] == [" ", "~"]
    assert (changes.added, changes.removed) == (1, 1)


def test_messages_that_came_went_and_changed_their_role():
    after = version(
        messages=[
            Message("developer", "One.\nTwo.\n"),
            Message("assistant", "Yes."),
            Message("user", "{{ message }}"),
        ]
    )
    told = [(text.name, text.change) for text in prompt_changes(version(), after).texts]
    assert told == [("system → developer", "changed"), ("assistant", "added")]
    told = [(text.name, text.change) for text in prompt_changes(after, version()).texts]
    assert told == [("developer → system", "changed"), ("assistant", "removed")]


def test_includes_are_told_as_such():
    before, after = version(includes={"a.txt": "A", "b.txt": "B"}), version(includes={"b.txt": "C"})
    texts = prompt_changes(before, after).texts
    assert [(text.name, text.change, text.included) for text in texts] == [
        ("include a.txt", "removed", True),
        ("include b.txt", "changed", True),
    ]


def test_settings_in_words():
    after = version(
        model="example/small-2",
        params={"temperature": 0.2, "seed": 7},
        output={"type": "object"},
        tools=[{"type": "function", "function": {"name": "find_city"}}],
    )
    told = [setting_words(each) for each in prompt_changes(version(), after).settings]
    assert told == [
        'model "example/small-1" → "example/small-2"',
        "params.temperature 0.7 → 0.2",
        "params.seed added: 7",
        'output added: {"type": "object"}',
        'tools.find_city added: {"type": "function", "function": {"name": "find_city"}}',
    ]
    told = [setting_words(each) for each in prompt_changes(after, version()).settings]
    assert "params.seed removed; it was 7" in told


LINES = st.lists(st.sampled_from(["a", "b", "c", "", " d"]), max_size=12).map("\n".join)


@given(LINES, LINES)
def test_both_sides_can_be_read_off_a_difference(before, after):
    lines = line_difference(before, after)
    for text, other in ((before, "+"), (after, "-")):
        kept = [line for mark, line in lines if mark != other]
        assert "\n".join(kept) == text.removesuffix("\n")


def test_very_long_texts_are_told_in_time():
    before, after = "a\nb\n" * 20_000, "b\na\n" * 20_000
    lines = line_difference("x\n" + before, "x\n" + after)
    assert lines[0] == (" ", "x")
    assert len(lines) > 40_000
