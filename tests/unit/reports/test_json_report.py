from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops.reports.encoding import LARGE, encode
from promptops.reports.surface import Surface
from tests import examples
from tests.example_details import rendered

CONTRACT = {
    "": (
        "schema run suite prompt verdict exit_code reasons "
        "baseline candidate metrics calls tokens cost cases"
    ),
    "baseline": "version digest commit dirty samples failures",
    "candidate": "version digest commit dirty samples failures",
    "metrics": "name role baseline candidate delta interval population_interval pairs verdict",
    "calls": "planned made cached shared retried",
    "tokens": "input output cached_input",
    "cost": "incurred_usd evaluated_usd unpriced_calls",
    "cases": "id change baseline candidate",
}


def test_the_contract_with_other_tools_is_kept():
    (report,) = json.loads(rendered("json", [examples.regressed()], Surface()))
    for part, names in CONTRACT.items():
        value = report[part] if part else report
        value = value[0] if isinstance(value, list) else value
        assert set(names.split()) <= set(value)
    assert report["schema"] == "promptops.report/1"
    assert report["metrics"][0]["interval"] == [-0.16, -0.06]
    assert report["candidate"]["commit"].startswith("3d4f00ba")
    assert len(report["cases"]) == 56


def test_increases_are_part_of_it():
    (report,) = json.loads(rendered("json", [examples.dearer()], Surface()))
    cost = report["economy"][0]
    assert (cost["name"], cost["unit"], cost["limit"]) == ("cost", "usd", 0.25)
    assert (cost["interval"], cost["verdict"]) == ([0.362, 0.4712], "regressed")
    assert [each["verdict"] for each in report["economy"]] == ["regressed", None, "passed"]
    assert (report["cost"]["at_risk_usd"], report["cost"]["budget_usd"]) == (0.00041, 2.0)


def test_one_object_per_suite_and_model():
    read = json.loads(rendered("json", examples.two_models(), Surface()))
    assert [one["model"] for one in read] == ["example/small-1", "example/large-2"]
    assert json.loads(rendered("json", [], Surface())) == []


def test_the_surface_changes_nothing():
    reports = [examples.improved()]
    plain = rendered("json", reports, Surface(60, color=False, unicode=False))
    assert plain == rendered("json", reports, Surface(200, color=True))


def test_numbers_that_json_cannot_hold_become_null():
    report = msgspec.structs.replace(
        examples.passed(), seconds=float("nan"), meta={"a": float("inf")}
    )
    (read,) = json.loads(rendered("json", [report], Surface()))
    assert read["seconds"] is None
    assert read["meta"] == {"a": None}


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats()
    | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_whatever_is_encoded_is_read_by_a_strict_parser(value):
    text = encode(value)
    assert msgspec.json.decode(text.encode("utf-8")) == json.loads(text)
    assert not {char for char in text if char != "\n" and (ord(char) < 32 or char in "<>&\x7f\x9b")}


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_text_is_kept_to_the_character(text):
    assert json.loads(encode({text: [text]})) == {text: [text]}


@pytest.mark.parametrize("odd", ["\ud800", 2**70])
def test_a_value_that_json_has_no_room_for_leaves_the_rest_as_it_was(odd):
    rest = {"text": "⟨ü\x7f\u202e", "numbers": [1, 0.1, 1e-7, float("nan")], "none": [None, {}, []]}
    whole = json.loads(encode({"odd": odd, **rest}))
    assert whole.pop("odd") in {"\\ud800", 2**70}
    assert whole == json.loads(encode(rest))


def test_a_large_report_is_kept_to_ascii_and_reads_the_same():
    """One wide character would make a text of many cases twice as large in memory."""
    value = {"why": "−5 points 🙂 é", "cases": ["x" * 100] * (LARGE // 100)}
    text = encode(value)
    assert text.isascii()
    assert json.loads(text) == value
    assert not encode({"why": "−5"}).isascii()
