"""Row 42 of the faults: what a model or a repository says never acts, in a terminal or as JSON.

Other formats have a file of their own: test_hostile_formats.py.
"""

from __future__ import annotations

import json
import re
import unicodedata

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from promptops.reports.difference_parts import Difference, PromptView
from promptops.reports.differences import difference_json, render_difference
from promptops.reports.listings import (
    PromptLine,
    RunLine,
    render_prompts,
    render_runs,
    runs_json,
)
from promptops.reports.surface import Surface
from promptops.reports.versions import VersionLine, render_versions, versions_json
from promptops.values.report import Report
from promptops.values.request import Message
from tests.example_details import rendered
from tests.examples import CANARIES, hostile

COLOURS = re.compile(r"\x1b\[[0-9;]*m")
BUILD_COMMANDS = re.compile(r"^\s*::\w|##\w*\[", re.MULTILINE)


def acts(text: str) -> list[str]:
    """The characters of a text that a terminal, or the eye, does not show as they are."""
    return [
        char
        for char in text
        if char != "\n" and unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
        if char not in "\u200c\u200d"
    ]


def commands(text: str) -> list[str]:
    return BUILD_COMMANDS.findall(text)


LONGEST = 40_000
"""Characters that one hostile report may take in a terminal."""


@pytest.mark.parametrize("canary", CANARIES)
@pytest.mark.parametrize("width", [60, 80, 200])
def test_no_canary_acts_at_any_width(canary, width):
    text = rendered("terminal", [hostile(CANARIES[canary])], Surface(width=width))
    assert acts(text) == []
    assert commands(text) == []
    text.encode("utf-8")
    assert len(text) <= LONGEST


@pytest.mark.parametrize("canary", CANARIES)
def test_colour_brings_no_escape_but_our_own(canary):
    text = rendered("terminal", [hostile(CANARIES[canary])], Surface(width=90, color=True))
    assert COLOURS.search(text)
    plain = COLOURS.sub("", text)
    assert acts(plain) == []
    without = rendered("terminal", [hostile(CANARIES[canary])], Surface(width=90))
    assert [line.split() for line in plain.splitlines()] == [
        line.split() for line in without.splitlines()
    ]


@pytest.mark.parametrize("canary", CANARIES)
@pytest.mark.parametrize("width", [60, 80, 120])
def test_columns_stay_within_the_page(canary, width):
    for unicode in (True, False):
        surface = Surface(width=width, unicode=unicode)
        text = rendered("terminal", [hostile(CANARIES[canary])], surface)
        assert max(cell_len(line) for line in text.splitlines()) <= width
        assert unicode or text.isascii()


def test_what_could_act_is_shown_instead():
    text = rendered("terminal", [hostile(CANARIES["escape"])], Surface(width=120))
    assert "␛[2J␛[31mred␛]0;owned␇" in text
    text = rendered("terminal", [hostile(CANARIES["bidi"])], Surface(width=120))
    assert "\\u202edcba" in text
    text = rendered("terminal", [hostile(CANARIES["markup"])], Surface(width=200))
    assert CANARIES["markup"] in text


def test_a_line_that_breaks_before_a_command_is_no_command():
    for width in range(60, 110):
        text = rendered("terminal", [hostile(CANARIES["fold"])], Surface(width=width))
        assert commands(text) == []


@pytest.mark.parametrize("canary", sorted(set(CANARIES) - {"surrogate"}))
def test_json_keeps_every_character(canary):
    report = hostile(CANARIES[canary])
    text = rendered("json", [report], Surface())
    assert "<" not in text
    assert msgspec.json.decode(text.encode(), type=list[Report]) == [report]
    assert msgspec.convert(json.loads(text), list[Report]) == [report]


def test_json_with_a_lone_surrogate_is_read_by_strict_parsers():
    text = rendered("json", [hostile(CANARIES["surrogate"])], Surface())
    (report,) = msgspec.json.decode(text.encode())
    assert report["suite"] == "half \\ud800 and \\udfff"


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(), max_size=60))
def test_no_text_whatsoever_acts(told):
    reports = [hostile(told)]
    for name in ("terminal", "json"):
        text = rendered(name, reports, Surface(width=72))
        assert acts(text) == []
        assert commands(text) == []
        text.encode("utf-8")
    parsed = msgspec.json.decode(rendered("json", reports, Surface()).encode())
    assert len(parsed) == 1


def other_pages(text: str) -> tuple[list[str], list[str]]:
    """Every page beside the reports with this text in every place, for people and as JSON."""
    surface = Surface(width=100)
    view = PromptView(
        label=text,
        digest=text,
        model=text,
        messages=[Message("system", text)],
        params={text: text},
        tools=[{"function": {"name": text}}],
        includes={text: text},
        change=text,
        rendered=[Message("user", text)],
        tokens=3,
    )
    other = PromptView("b", "b", "b", [Message("user", "b" + text)], rendered=[], tokens=2)
    version = VersionLine(
        1, text, text, text, text, text, broken=text, evaluated=True, metric=text, run=text
    )
    prompt = PromptLine(text, 1, text, description=text, suites=(text, text), model=text)
    run = RunLine(text, text, text, text, 1, 2, "passed", 1, None, model=text)
    difference = Difference(text, view, other, case_id=text, quality=hostile(text))
    shown = [
        render_difference(difference, surface),
        render_versions(text, [version], surface),
        render_prompts([prompt], surface),
        render_runs([run], surface),
    ]
    objects = [
        difference_json(difference),
        versions_json(text, [version]),
        runs_json([run]),
    ]
    return shown, objects


@pytest.mark.parametrize("canary", CANARIES)
def test_no_other_page_lets_a_canary_act(canary):
    shown, objects = other_pages(CANARIES[canary])
    for text in [*shown, *objects]:
        assert acts(text) == []
        assert commands(text) == []
        text.encode("utf-8")
    for text in objects:
        assert msgspec.json.decode(text.encode())["schema"].startswith("promptops.")
