"""Strict JSON: one value, nothing twice, nothing endless."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops.documents.strict_json import strict_json

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
LEAVES = st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.text() | FLOATS
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


@given(VALUES)
def test_what_json_writes_is_read_back(value):
    assert strict_json(json.dumps(value)) == value
    assert strict_json(f" \n{json.dumps(value, ensure_ascii=False)}\t") == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON"),
        ("{'a': 1}", "line 1, column 2"),
        ("1 2", "text after the JSON value, at character 3"),
        ('{"a": 1, "b": 2, "a": 3}', "the key 'a' stands there twice"),
        ("[NaN]", "NaN is no JSON number"),
        ("-Infinity", "no JSON number"),
        ("1e999", "too large a number"),
        ("9" * 10_000, "a whole number of 10000 digits"),
        ("[" * 100_000, "nested too deeply"),
        ('{"a":' * 100_000, "nested too deeply"),
    ],
)
def test_what_is_not_strict_json_is_refused_in_plain_words(text, message):
    with pytest.raises(ValueError, match=message):
        strict_json(text)


def test_a_duplicate_among_very_many_keys_is_found_quickly():
    text = "{" + ",".join(f'"{n}":0' for n in range(200_000)) + ',"199999":1}'
    start = time.monotonic()
    with pytest.raises(ValueError, match="'199999' stands there twice"):
        strict_json(text)
    assert time.monotonic() - start < 2
