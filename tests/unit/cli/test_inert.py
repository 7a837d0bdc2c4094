from __future__ import annotations

import pytest

from promptops.cli.inert import inert, one_line


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
