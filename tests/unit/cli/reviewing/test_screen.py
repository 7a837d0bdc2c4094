"""One screen: nothing is lost at its edges, and nothing of others passes for a part of it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from promptops.cli.reviewing.choices import PAIR, Choice, Choices
from promptops.cli.reviewing.material import Question, Shown
from promptops.cli.reviewing.screen import Paper, Standing, body, foot, help_lines, shown, wrapped
from promptops.reports.surface import Surface

PAPER = Paper(Surface(60))


@given(st.text(st.characters(codec="utf-8", exclude_characters="\n")), st.integers(10, 80))
def test_wrapping_loses_nothing_but_blanks_and_fits(line, width):
    parts = list(wrapped(line, width))
    assert "".join(parts).replace(" ", "") == line.replace(" ", "")
    assert all(cell_len(part) <= width for part in parts)


def test_a_line_without_end_is_laid_out():
    parts = list(wrapped("x" * 2_000_000, 58))
    assert len(parts) == -(-2_000_000 // 58)


def test_what_others_wrote_stands_behind_a_bar():
    question = Question(
        "c",
        (("name\x1b[1m", "ANSWER\nq quit"),),
        None,
        (Shown("a", "ANSWER 2\n\x1b[2J" + "long " * 40),),
    )
    lines = body(question, PAPER)
    ours = [line for line in lines if not line.startswith("│ ")]
    assert ours == ["name␛[1m", "", "ANSWER"]
    assert "\x1b" not in "".join(lines)
    assert max(map(cell_len, lines)) <= 59


def test_an_empty_answer_is_told_as_such():
    assert body(Question("c", (), "x", (Shown("a", " \n"),)), PAPER)[-1] == "(nothing was answered)"


def test_the_screen_is_as_tall_as_the_window_and_its_foot_stays():
    lines = [f"line {n}" for n in range(100)]
    above, below = ["head"], ["foot"]
    page, top, room = shown((above, lines, below), 12, 0, PAPER)
    assert (len(page), top, room) == (12, 0, 9)
    assert page[0] == "head"
    assert page[-1] == "foot"
    assert "lines 1 to 9 of 100" in page[-2]
    page, top, _ = shown((above, lines, below), 12, 10**9, PAPER)
    assert "line 99" in page
    assert top == 91
    assert shown((above, lines[:10], below), 12, 5, PAPER)[1] == 0
    tiny, _, room = shown((above, lines, below), 2, 0, PAPER)
    assert room == 1
    assert tiny[-1] == "foot"


def test_the_foot_has_every_key_and_fits():
    wide = Choices(tuple(Choice(f"label number {n}", n / 9, (str(n),)) for n in range(1, 10)))
    for choices in (wide, PAIR, Choices(ends=(0, 100), whole=True)):
        standing = Standing(1, 2, said="x" * 200, comment="so " * 40)
        lines = foot(choices, standing, PAPER)
        assert max(map(cell_len, lines)) <= 59
        assert "q quit" in lines[-1]
        assert any("[t] cannot tell" in line for line in lines)
        told = "\n".join(help_lines(choices, PAPER))
        assert all(each.label in told for each in choices.listed)


def test_of_a_line_that_is_typed_the_end_is_seen():
    lines = foot(PAIR, Standing(1, 2, line=("comment", "a" * 100 + " the end")), PAPER)
    assert lines[-1].startswith("comment: ")
    assert lines[-1].endswith("the end")
    assert cell_len(lines[-1]) <= 59


def test_without_colour_and_unicode_there_is_none():
    paper = Paper(Surface(60, color=False, unicode=False))
    question = Question("c", (("é", "“x”"),), None, (Shown("a", "漢"),))
    text = "\n".join([*body(question, paper), *foot(PAIR, Standing(1, 1), paper)])
    assert text.isascii()
    assert "\x1b" not in text
    assert "\x1b[1m" in body(question, Paper(Surface(60, color=True)))[0]


def test_in_a_small_window_the_head_makes_room_for_the_answer():
    lines = [f"line {n}" for n in range(100)]
    above, below = ["name", "asked", "more", "rule"], ["rule", "[1] good", "q quit"]
    page, _, room = shown((above, lines, below), 8, 0, PAPER)
    assert len(page) == 8
    assert page[0] == "name"
    assert [line for line in page if line.startswith("line")] == ["line 0", "line 1", "line 2"]
    assert room == 3
    page, _, _ = shown((above, ["short"], below), 8, 0, PAPER)
    assert page == [*above, "short", *below]


def test_help_has_keys_in_one_column_and_words_in_another():
    choices = Choices(
        (Choice("good", 1.0, ("1", "g"), "it says why " * 9), Choice("bad", 0, ("2",)))
    )
    lines = help_lines(choices, PAPER)
    assert lines[2].startswith("1 or g  good: it says why")
    assert lines[3].startswith("        why it says")
    assert any(line.startswith("2       bad") for line in lines)
    assert any(line.startswith("t       you cannot tell") for line in lines)
    assert any(line.startswith("s      skip") for line in lines)
    assert max(map(cell_len, lines)) <= 60
    nameless = Choices((Choice("good", 1.0, ()), Choice("bad", 0.0, ())))
    assert "v  type its name, then Enter" in help_lines(nameless, PAPER)
    typed = Choices(ends=(0.0, 20.0), whole=True)
    assert "v  type a whole number from 0 to 20, then Enter" in help_lines(typed, PAPER)
