"""Row 42 of the faults, format by format, in the eyes of whoever reads that format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promptops.reports.discovery import find, formats
from promptops.reports.surface import Surface
from promptops.values.results import Results
from tests.example_details import results_of
from tests.examples import CANARIES, hostile
from tests.faults.format_readers import READERS, Seen, mentions
from tests.faults.test_hostile_output import acts, commands
from tests.gate_examples import every_gate, hostile_results

LIMITS = {"markdown": 65_536, "terminal": 80_000}
"""Characters that a report of 70 KB in every place may take, where somebody sets a limit."""

HARMLESS = [
    "word",
    "two words",
    "a line\nand another\n\n- a list\n- of two",
    "long " * 14_000,
    "y" * 70_000,
    "",
]
"""Texts of every shape that mean nothing; what a page is made of for them is ours."""

PLACES: dict[str, Callable[[str], Results]] = {
    "reports": lambda text: Results([hostile(text)]),
    "reports with details": lambda text: results_of([hostile(text)]),
    "all details": lambda text: hostile_results(text, gated=False),
    "a gate": hostile_results,
}


def said(name: str, results: Results) -> str:
    return find(name)(results, Surface(width=80, max_cases=None))


def without_ends(name: str, text: str) -> str:
    """The text without what its format asks for at its start and at the ends of lines."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n") if name == "csv" else text


@cache
def ours(name: str) -> Seen:
    """What the pages of a format are made of when nobody means harm."""
    read, found = READERS[name], Seen()
    harmless = [place(text) for place in PLACES.values() for text in HARMLESS]
    gates = [results for key, results in every_gate().items() if "hostile" not in key]
    for results in [*harmless, *gates]:
        seen = read(said(name, results))
        found.parts |= seen.parts
        found.addresses |= seen.addresses
        found.comments |= seen.comments
        found.unclosed += seen.unclosed
    return found


@cache
def active(name: str, place: str) -> Counter[str]:
    return READERS[name](said(name, PLACES[place]("word"))).active


@pytest.mark.parametrize("name", formats())
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("canary", CANARIES)
def test_a_canary_is_inert_valid_and_within_the_limit(name, place, canary):
    text = said(name, PLACES[place](CANARIES[canary]))
    bare = without_ends(name, text)
    assert acts(bare) == []
    assert commands(bare) == []
    text.encode("utf-8")
    assert len(text) <= LIMITS.get(name, len(text))
    if name in READERS:
        check(name, place, READERS[name](text))


def check(name: str, place: str, seen: Seen) -> None:
    known = ours(name)
    assert seen.active == active(name, place)
    assert seen.parts <= known.parts
    assert {each for each in seen.addresses if not each.startswith("#")} <= known.addresses
    assert seen.comments <= known.comments
    assert seen.unclosed == known.unclosed == []


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("canary", ["mention", "hyperlink", "markup", "html", "fence", "formula"])
def test_a_comment_calls_nobody_and_links_nowhere(place, canary):
    if "markdown" not in formats():
        pytest.skip("there is no such format yet")
    asked = "@team fixes #1 GH-1 http://evil.example www.evil.example " + CANARIES[canary]
    seen = READERS["markdown"](said("markdown", PLACES[place](asked)))
    assert mentions(seen.linked) == []


MARKS = "< > & | * _ ` ``` ~~~ $$ \\ \" ' = + - @ ; , [x](y) ![ ]( <!-- --> ]]> </details> <b>"
SAID = "</script> &lt; &#64; @team #1 ::error:: ##[x] http://e.example word # -"
BLANKS = [" ", "  \n", "\n", "\n\n", "\r\n", "\t", "\x1b[", "\x00", "\u202e", "\ud800", "\ufffe"]
NASTY = st.lists(
    st.sampled_from([*MARKS.split(), *SAID.split(), "- ", "# ", *BLANKS]), max_size=8
).map("".join)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(NASTY)
def test_no_mixture_of_what_means_something_acts(text):
    for name in formats():
        for place in ("reports", "a gate"):
            told = said(name, PLACES[place](text))
            assert acts(without_ends(name, told)) == []
            assert commands(without_ends(name, told)) == []
            if name in READERS:
                check(name, place, READERS[name](told))


@pytest.mark.parametrize("name", sorted(set(formats()) & {"markdown"}))
def test_many_suites_of_large_answers_stay_within_the_limit(name):
    texts = [CANARIES["long"], CANARIES["unbroken"], CANARIES["fold"], CANARIES["html"] * 2_000]
    reports = [hostile(f"{at} {text}") for at in range(10) for text in texts]
    assert len(said(name, results_of(reports))) <= LIMITS[name]
    gate = hostile_results(texts[0]).gate
    assert len(said(name, Results(reports, gate))) <= LIMITS[name]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("html", "<p>word<img src=x onerror=alert(1)></p>"),
        ("html", "<p onclick=x>word</p>"),
        ("html", "<p>word</p><script>x</script>"),
        ("html", "<p><a href='javascript:x'>word</a></p>"),
        ("html", "<p>word</p></div>"),
        ("html", "<p>word</p><!-- promptops:gate -->"),
        ("markdown", "word\n<details>\nmore"),
        ("markdown", "![x](http://evil.example/x.png)"),
        ("junit", "<testsuites word='1'/>"),
    ],
)
def test_a_reader_sees_what_would_act(name, text):
    seen, plain = READERS[name](text), READERS[name]("<p>word</p>")
    same = (seen.parts, seen.addresses, seen.comments, seen.active, seen.unclosed)
    assert same != (plain.parts, plain.addresses, plain.comments, plain.active, plain.unclosed)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("junit", "<a>\x07</a>"),
        ("junit", "<a>&#0;</a>"),
        ("junit", "<a>\ufffe</a>"),
        ("junit", "<a b='<'/>"),
        ("json", "NaN"),
        ("json", "[1,]"),
        ("csv", "a\r\n=1+1"),
        ("csv", 'a\r\n"x;@SUM(1)"'),
        ("csv", "a\r\n＝1"),
        ("csv", "a,b\r\n1"),
        ("csv", f"a\r\n{'x' * 32_768}"),
    ],
)
def test_a_reader_refuses_what_is_not_valid(name, text):
    with pytest.raises((AssertionError, ValueError, SyntaxError)):
        READERS[name](text)


def test_mentions_are_found_in_whatever_a_forge_would_link():
    said_ = ["@team fixes #1, GH-2", "see www.evil.example", "http://e.example", "0a1b2c3d" * 5]
    assert len(mentions(said_)) == 6
    assert mentions(["mail@example.org", "`@team`", "F#1 a#1"]) == []
