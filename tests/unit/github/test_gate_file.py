"""gate.json, decoded as if anybody had written it."""

from __future__ import annotations

import json
import time
from typing import Any

import msgspec
import pytest

from promptops.errors import InputError
from promptops.github.gate_file import LARGEST, decode_gate
from promptops.reports.encoding import encode
from promptops.values.gate import SCHEMA, GateFile, PromptPair
from tests.gate_examples import every_gate, may_go, regression


def file_of(name: str = "regression") -> GateFile:
    results = every_gate()[name]
    assert results.gate is not None
    details = [results.details(each.run) for each in results.reports]
    prompts = {
        each.run: PromptPair(one.baseline, one.candidate)
        for each, one in zip(results.reports, details, strict=True)
        if one is not None
    }
    return GateFile(SCHEMA, results.gate, list(results.reports), prompts)


def plain(file: GateFile) -> Any:
    return msgspec.to_builtins(file)


def decoded(value: Any) -> GateFile:
    return decode_gate(json.dumps(value).encode())


UNFIT = ("surrogate", "long", "unbroken")
"""JSON holds no lone surrogate; and 70 KB in every text there is come to more than is taken."""


@pytest.mark.parametrize("name", [name for name in every_gate() if not name.endswith(UNFIT)])
def test_what_a_gate_writes_comes_back(name):
    file = file_of(name)
    assert decode_gate(encode(file).encode()) == file


def test_what_a_later_version_adds_is_passed_over():
    value = plain(file_of())
    value["more"] = {"gate": [1]}
    value["gate"]["more"] = True
    assert decoded(value) == file_of()


def changed(**fields: Any) -> Any:
    return plain(file_of()) | fields


def with_gate(**fields: Any) -> Any:
    value = plain(file_of())
    value["gate"] |= fields
    return value


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([], "object"),
        ({}, "schema"),
        (changed(schema="promptops.report/1"), "promptops.gate/1"),
        (changed(schema="promptops.gate/2"), "same version"),
        (changed(gate=None), "gate"),
        (changed(reports=[{}]), "reports"),
        (with_gate(may_merge="true"), "may_merge"),
        (with_gate(may_merge=True), "contradicts itself"),
        (with_gate(exit_code=0), "contradicts itself"),
        (with_gate(suites=[{"suite": "a", "prompt": "a", "status": "fine"}]), "status"),
        (with_gate(reasons=["x" * 500_000]), "500,000 characters"),
        (with_gate(reasons=["x"] * 50_001), "50,001 entries"),
        (with_gate(more={str(at): 1 for at in range(50_001)}), "50,001 entries"),
        (with_gate(more=1e300), "beyond all that is measured"),
        (with_gate(more=10**19), "beyond all that is measured"),
        (with_gate(**{"k" * 500_000: 1}), "500,000 characters"),
        (
            with_gate(suites=[{"suite": "a", "prompt": "a", "status": "untouched"}] * 1_001),
            "more than 1,000 suites",
        ),
    ],
)
def test_what_no_gate_writes_is_refused(value, said):
    with pytest.raises(InputError) as caught:
        decoded(value)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"null",
        b'{"schema": NaN}',
        b'{"schema": 1e999}',
        b'{"a": "\xed\xa0\x80"}',
        b"[" * 1_000_000,
        b'{"a":' * 1_000_000,
        b"[" * 30 + b"]" * 30,
        b"1" * 5_000,
        b" " * (LARGEST + 1),
    ],
    ids=range(12),
)
def test_what_is_no_such_json_is_refused_at_once(data):
    began = time.process_time()
    with pytest.raises(InputError):
        decode_gate(data)
    assert time.process_time() - began < 2


@pytest.mark.parametrize(("each", "runs"), [(501, 1), (300, 40)])
def test_more_messages_than_prompts_have_are_refused(each, runs):
    value = plain(file_of())
    (pair, *_) = value["prompts"].values()
    pair["baseline"]["messages"] = [{"role": "user", "content": "a"}] * each
    pair["candidate"]["messages"] = [{"role": "user", "content": "b"}] * each
    value["prompts"] = {str(run): pair for run in range(runs)}
    with pytest.raises(InputError, match="more messages"):
        decoded(value)


def test_the_largest_that_is_taken_is_looked_through_in_a_moment():
    value = plain(file_of())
    value["gate"]["more"] = [["x" * 70] * 40_000, [[1]] * 40_000, [{"a": 1}] * 40_000]
    data = json.dumps(value).encode()
    assert 3_000_000 < len(data) < LARGEST
    began = time.process_time()
    assert decode_gate(data).gate == regression().gate
    assert time.process_time() - began < 10


def test_the_file_is_named():
    with pytest.raises(InputError, match=r"^reports/gate\.json "):
        decode_gate(b"{", "reports/gate.json")
    gate = may_go().gate
    assert gate is not None
    assert decode_gate(encode(GateFile(SCHEMA, gate)).encode()).reports == []
