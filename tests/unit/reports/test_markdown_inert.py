"""Whatever others wrote is code or plain words in Markdown, wherever it stands."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptops.reports.discovery import find
from promptops.reports.markdown.inline import Markup
from promptops.reports.markdown.marker import MARKER
from promptops.reports.surface import Surface
from promptops.values.results import Results
from tests.examples import CANARIES, hostile
from tests.gate_examples import hostile_results
from tests.unit.reports.markdown_reading import LINKED, assert_inert, leaves

NASTY = [
    *(
        "`",
        "``",
        "```",
        "````",
        "~~~",
        "~~",
        "|",
        "\\",
        "\\|",
        "$",
        "$$",
        "$x$",
        "$`x`$",
        "*",
        "**",
    ),
    *(
        "_",
        "@team",
        "@org/team",
        "#1",
        "GH-1",
        "org/repo#1",
        "deadbeef1",
        "a@b.example",
        "&#64;team",
    ),
    *(
        "https://evil.example",
        "www.evil.example",
        "mailto:a@b.example",
        "![x](y)",
        "[x](y)",
        "[^1]",
    ),
    *(
        "<!--",
        "-->",
        MARKER,
        "<",
        "/details>",
        "</details>",
        "<details>",
        "</summary>",
        "<b>",
        "</code>",
    ),
    *(
        ":smile:",
        "\n",
        "\r\n",
        "\n\n",
        "    ",
        "\t",
        "- ",
        "1. ",
        "1) ",
        "> ",
        "> [!NOTE]\n",
        "* * *",
    ),
    *(
        "\n===\n",
        "\n---\n",
        "# ",
        "::error::x",
        "##[group]",
        "\u202e",
        "\u200b",
        "\u2028",
        "\u00a0",
    ),
    *(
        "é",
        "京",
        "word",
        "0.82",
        "$1.50",
        "(",
        ")",
        '"',
        "'",
        ",",
        ".",
        ":",
        "!",
        "&amp;",
        "\x1b[2J",
    ),
]

nasty = st.lists(st.sampled_from(NASTY) | st.text(max_size=3), max_size=12).map("".join)


@pytest.mark.parametrize("canary", CANARIES)
@pytest.mark.parametrize("gated", [True, False])
@pytest.mark.parametrize("unicode", [True, False])
def test_no_canary_acts(canary, gated, unicode):
    results = hostile_results(CANARIES[canary], gated=gated)
    assert_inert(find("markdown")(results, Surface(unicode=unicode)), gated=gated)


@settings(max_examples=120, deadline=None)
@given(nasty, st.booleans())
def test_no_text_whatsoever_acts(text, gated):
    assert_inert(find("markdown")(hostile_results(text, gated=gated), Surface()), gated=gated)


@settings(max_examples=60, deadline=None)
@given(nasty)
def test_nor_where_there_is_only_a_report(text):
    assert_inert(find("markdown")(Results([hostile(text)]), Surface()), gated=False)


@settings(max_examples=300, deadline=None)
@given(nasty.filter(lambda text: text.strip()))
def test_a_name_is_one_code_span_and_holds_what_is_seen(text):
    markup = Markup()
    tokens = leaves(f"a {markup.code(text, 1_000)} b")[1:-1]
    assert [token.type for token in tokens] == ["text", "code_inline", "text"]
    kept = "".join(char for char in text if char.isalnum() and char.isascii())
    shown = "".join(char for char in tokens[1].content if char.isalnum() and char.isascii())
    assert len(kept) <= len(shown)


@settings(max_examples=300, deadline=None)
@given(nasty)
def test_a_sentence_is_words_and_code(text):
    told = Markup().sentence(text)
    kinds = {token.type for token in leaves(f"- {told} end")}
    assert kinds <= {
        *("bullet_list_open", "list_item_open", "paragraph_open", "text", "code_inline"),
        *("html_inline", "paragraph_close", "list_item_close", "bullet_list_close"),
    }
    words = [token.content for token in leaves(told) if token.type == "text"]
    assert not [each for each in words if LINKED.search(each)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("exact fell by 11.0 points (6.0 to 16.0)", None),
        ("it is 95% sure, isn't it? “Yes”, at v2…", None),
        ("recorded on 2026-10-02; none was drawn", None),
        ("judge faithful: 1b2c3d4e → 5be15be1", "judge faithful: `1b2c3d4e` → `5be15be1`"),
        ("deadbeef-cafe, 1234567%", "`deadbeef-cafe, 1234567%`"),
        ("-1234567.5 and $7654321", "`-1234567.5` and ` $7654321 `"),
        ("came from example/small-1, at noon", "came from `example/small-1`, at noon"),
        ("@team fixes #1", "`@team` fixes `#1`"),
        ("(see https://evil.example)", "(see `https://evil.example`)"),
        ("a_b c_d and e", "`a_b c_d` and e"),
        ("1. first", "`1`. first"),
        ("ends in `a`", "ends in `` `a` ``"),
        ("saves $0.41 now", "saves <span>$</span>0.41 now"),
        ("京都 was lovely 🌸", None),
        ("", ""),
        (" \n ", ""),
    ],
)
def test_sentences(text, told):
    assert Markup().sentence(text) == (text if told is None else told)


def test_the_marker_cannot_be_forged():
    for text in (MARKER, f"x\n{MARKER}\n", "<!-" + "-", "<!-- promptops:gate --"):
        shown = find("markdown")(hostile_results(text), Surface())
        assert shown.count("<!--") == 1
        assert shown.splitlines()[-1] == MARKER
