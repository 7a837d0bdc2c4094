"""What a body says before anybody translates it, and the mending of its usage."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops.models.raw_answers import read_raw

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def dumped(value: Any) -> bytes:
    return json.dumps(value).encode()


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"choices": [{"finish_reason": "galaxy"}], "usage": None}, "galaxy"),
        ({"choices": [{"finish_reason": None}]}, ""),
        ({"choices": []}, ""),
        ({"choices": None}, ""),
        ({"choices": [{"finish_reason": 3}]}, ""),
        ({"stop_reason": "pause_turn", "usage": {}}, "pause_turn"),
        ({"stop_reason": None, "usage": {}}, ""),
        ({"stop_reason": ["x"], "usage": {}}, ""),
        ({"candidates": [{"finishReason": "TOO_MANY"}], "usageMetadata": {}}, "TOO_MANY"),
        ({"candidates": [{"content": {"parts": []}}], "usageMetadata": {}}, ""),
        ({"stopReason": "end_turn", "usage": {}}, "end_turn"),
        ({"something": "else"}, ""),
    ],
)
def test_the_finish_reason_as_it_was_said(body: dict[str, Any], reason: str):
    raw = read_raw(dumped(body))
    assert raw.finish_reason == reason
    assert raw.body == dumped(body)


@pytest.mark.parametrize(
    ("mark", "key", "nothing"),
    [
        ({"stop_reason": "end_turn"}, "usage", {"input_tokens": 0, "output_tokens": 0}),
        ({"candidates": [{}]}, "usageMetadata", {}),
        ({"promptFeedback": {}}, "usageMetadata", {}),
        (
            {"stopReason": "end_turn"},
            "usage",
            {"inputTokens": 0, "outputTokens": 0, "totalTokens": 0},
        ),
    ],
)
@pytest.mark.parametrize("usage", [..., None, 7, "x", [1], {"n": -1}, {"n": [{"m": 2**53}]}])
def test_a_usage_that_says_nothing_stands_where_none_can_be_read(
    mark: dict[str, Any], key: str, nothing: dict[str, Any], usage: Any
):
    body = {**mark, "id": "a", **({} if usage is ... else {key: usage})}
    assert json.loads(read_raw(dumped(body)).body) == {**body, key: nothing}


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 40])
def test_numbers_that_are_none_are_no_usage(number: str):
    body = b'{"choices": [{"finish_reason": "stop"}], "usage": {"prompt_tokens": %b}}'
    raw = read_raw(body % number.encode())
    assert json.loads(raw.body) == {"choices": [{"finish_reason": "stop"}], "usage": None}
    assert raw.finish_reason == "stop"


@pytest.mark.parametrize("usage", [None, {"prompt_tokens": 1, "tier": "flex", "cost": 0.5}])
def test_where_usage_may_be_missing_it_is_left_so(usage: Any):
    bodies: list[dict[str, Any]] = [{"choices": []}, {"choices": [], "usage": usage}]
    for body in bodies:
        assert read_raw(dumped(body)).body == dumped(body)


def test_a_number_elsewhere_is_left_as_it_came():
    body = b'{"stop_reason": "tool_use", "content": [{"input": NaN}], "usage": {"input_tokens": 1}}'
    assert read_raw(body) == (body, "tool_use")


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b'"x"', b"{", b"\xff{}", b'{"a": "\xff"}', b"[" * 100_000, b"<html>"],
    ids=lambda body: str(body[:9]),
)
def test_what_is_no_object_is_left_as_it_is(body: bytes):
    assert read_raw(body) == (body, "")


@given(JSON, JSON)
def test_whatever_comes_is_read(value: Any, usage: Any):
    for mark in ("choices", "stop_reason", "candidates", "stopReason"):
        body = dumped({mark: value, "usage": usage, "usageMetadata": usage, "kept": value})
        raw = read_raw(body)
        assert isinstance(raw.finish_reason, str)
        found = json.loads(raw.body)
        assert dumped(found["kept"]) == dumped(value)
        assert dumped(found[mark]) == dumped(value)
