"""What came of trying a judge, in every format: complete, alike, and inert."""

import json

import msgspec
import pytest

from promptops.errors import InputError
from promptops.reports.surface import Surface
from promptops.reports.tuning_discovery import find_tuning, tuning_formats
from promptops.values.trust import Measure
from promptops.values.tuning import SCHEMA, Half, Tried, TuneReport
from tests.examples import CANARIES

PLAIN = Surface(100)


def report(outcome="better", hostile=""):
    """Everything filled; `hostile` stands in every text that others may have written."""
    before = Measure("alpha", 0.61, (0.42, 0.76), "BCa", 80)
    after = Measure("alpha", 0.84, (0.7, 0.93), "BCa", 80)
    accuracy = Measure("accuracy", 0.9, (0.8, 0.95), "Wilson", 80)
    return TuneReport(
        schema=SCHEMA,
        judge="judges/right" + hostile,
        version=3,
        digest="d" * 64,
        model="openai/judge" + hostile,
        suite="write" + hostile,
        metric="right" + hostile,
        seed=7,
        scale="nominal",
        picking=Half(80, 61),
        held_out=Half(80, 59),
        tried=[
            Tried("as it is", "", "d" * 64, before, accuracy, current=True),
            Tried("strict" + hostile, "It is stricter." + hostile, "e" * 64, after, accuracy, 2),
            Tried("lax" + hostile, "", "f" * 64, after, accuracy, out="an order" + hostile),
        ],
        picked="strict" + hostile,
        outcome=outcome,
        reasons=["it is so" + hostile],
        settle="label 30 more answers" if outcome == "not known" else "",
        before=before,
        after=after,
        gain=Measure("gain in alpha", 0.23, (0.08, 0.41), "BCa", 80),
        optimism=0.055,
        looks=2,
        level=0.975,
        left_out=1,
        source="version: 3\n" + hostile,
        created="2026-05-01T10:00:00+00:00",
        calls=300,
        cost_usd=0.12,
    )


def shown(format_, each, surface=PLAIN):
    return find_tuning(format_)(each, surface)


@pytest.mark.parametrize("format_", ["terminal", "markdown"])
@pytest.mark.parametrize("outcome", ["better", "worse", "not known"])
def test_everything_is_told(format_, outcome):
    text = " ".join(shown(format_, report(outcome)).replace("\\", "").split())
    for told in (
        outcome,
        "strict",
        "lax",
        "0.840",
        "0.610",
        "0.080 to 0.410",
        "97.5%",
        "0.055 higher on",
    ):
        assert told in text
    for told in ("out: an order", "told 2 times", "1 labelled answer", "80 answers of 59 cases"):
        assert told in text
    assert ("label 30 more answers" in text) is (outcome == "not known")


def test_nothing_is_told_of_a_half_that_was_not_asked():
    bare = msgspec.structs.replace(
        report("unchanged"), before=None, after=None, gain=None, optimism=None, looks=1
    )
    text = shown("terminal", bare)
    assert "that nobody picked by" not in text
    assert "by luck" not in text


def test_the_json_is_the_report():
    text = shown("json", report())
    assert msgspec.json.decode(text, type=TuneReport) == report()
    assert json.loads(text)["schema"] == "promptops.tune/1"


@pytest.mark.parametrize("name", CANARIES)
@pytest.mark.parametrize("format_", ["terminal", "json", "markdown"])
def test_words_of_others_are_inert(format_, name):
    text = shown(format_, report(hostile=CANARIES[name]))
    assert text.encode("utf-8")
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "<script" not in text.lower().replace("\\u003c", "")
    assert not any(line.startswith("::") for line in text.splitlines())


@pytest.mark.parametrize("columns", [60, 100, 200])
def test_lines_fit_the_terminal(columns):
    surface = Surface(columns, unicode=False)
    text = shown("terminal", report(hostile="x" * 300), surface)
    assert text.isascii()
    assert max(map(len, text.splitlines())) <= columns


def test_formats_are_found_by_their_files():
    assert tuning_formats() == ["terminal", "json", "markdown"]
    with pytest.raises(InputError, match="no format 'jsn'") as error:
        find_tuning("jsn")
    assert error.value.hint == "did you mean 'json'?"
