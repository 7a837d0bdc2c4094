"""Strict JSON: one value, nothing twice, nothing endless."""

from __future__ import annotations

import json
import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops.documents.strict_json import DECODER, RefusedError, strict_json

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
        ("", "not valid JSON"),
        ("{'a': 1}", "line 1, column 2"),
        ("1 2", "something follows the end of the value .line 1, column 3."),
        ('{"a": 1, "b": 2, "a": 3}', "duplicate key .a. .line 1, column 18."),
        ("[NaN]", "NaN is not JSON .line 1, column 2."),
        ("-Infinity", "-Infinity is not JSON"),
        ("1e999", "the number 1e999 is too large"),
        ("9" * 10_000, "an integer of 10000 digits is too long"),
        ("[" * 100_000, "nested too deep"),
        ('{"a":' * 100_000, "nested too deep"),
    ],
)
def test_what_is_not_strict_json_is_refused_in_plain_words(text, message):
    with pytest.raises(ValueError, match=message):
        strict_json(text)


def test_a_duplicate_among_very_many_keys_is_found_quickly():
    text = "{" + ",".join(f'"{n}":0' for n in range(200_000)) + ',"199999":1}'
    start = time.process_time()
    with pytest.raises(ValueError, match="duplicate key '199999'"):
        strict_json(text)
    assert time.process_time() - start < 5


def test_a_duplicate_behind_a_long_text_is_found_in_little_memory():
    text = '{"long": "' + r"\n\u00e9 words and more words " * 200_000 + '", "a": 1, "a": 2}'
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=r"duplicate key 'a' \(line 1, column 6000022\)"):
            strict_json(text)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 5 * len(text)


def test_an_answer_may_hold_longer_integers_than_a_dataset_can_keep():
    long = "9" * 40
    assert strict_json(long) == int(long)
    with pytest.raises(RefusedError, match="40 digits does not fit 64 bits"):
        DECODER.decode(long)
