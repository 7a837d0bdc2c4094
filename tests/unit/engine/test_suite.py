"""The keys of a suite that hold calls, money and what is used to limits."""

from __future__ import annotations

import pytest

from promptops.engine.suite import CallLimits, parse_suite
from promptops.errors import InputError
from promptops.values.price import StatedPrice

BARE = "prompt: p\ndataset: d.jsonl\nscorers: {e: {type: equals, expected: x}}\n"


def read(more: str):
    return parse_suite(BARE + more, "words", "evals/words.yaml").file


def test_nothing_is_held_unless_it_is_written():
    suite = read("")
    gate = suite.gate
    assert (gate.cost_increase, gate.token_increase, gate.latency_increase) == (None, None, None)
    assert (suite.budget.usd, suite.budget.calls, suite.budget.tokens) == (None, None, None)
    assert suite.limits == CallLimits(None, None, 120, 300)
    assert suite.prices == {}


def test_what_is_written_is_read():
    suite = read(
        "gate: {cost_increase: 0.25, token_increase: 1, latency_increase: 0.5}\n"
        "budget: {usd: 2, calls: 10, tokens: 1000}\n"
        "limits: {requests_per_minute: 60, tokens_per_minute: 9000, timeout_seconds: 5,"
        " patience_seconds: 0.5}\n"
        "prices: {openai/one: {input: 0.15, output: 0.6, cached_input: 0.075},"
        " openai/two: {input: 0, output: 0}}\n"
    )
    gate = suite.gate
    assert (gate.cost_increase, gate.token_increase, gate.latency_increase) == (0.25, 1, 0.5)
    assert suite.budget.tokens == 1000
    assert suite.limits == CallLimits(60, 9000, 5, 0.5)
    assert suite.prices == {
        "openai/one": StatedPrice(0.15, 0.6, 0.075),
        "openai/two": StatedPrice(0, 0, None),
    }


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("gate: {cost_increase: 0}", "evals/words.yaml:4:8: 'cost_increase': expected"),
        ("gate: {cost_increase: -0.1}", "evals/words.yaml:4:8: 'cost_increase': expected"),
        ("gate: {cost_increase: 25%}", "evals/words.yaml:4:8: 'cost_increase': expected a number"),
        ("gate: {cost_increased: 1}", "did you mean 'cost_increase'?"),
        ("gate: {tokens_increase: 1}", "did you mean 'token_increase'?"),
        ("budget: {tokens: 0}", "evals/words.yaml:4:10: 'tokens': expected"),
        ("limits: {requests_per_minute: 0.5}", "'requests_per_minute': expected"),
        ("limits: {timeout_seconds: 0}", "'timeout_seconds': expected"),
        ("limits: {timeout: 10}", "did you mean 'timeout_seconds'?"),
        ("prices: {m: {input: 1}}", "missing key 'output'"),
        ("prices: {m: {input: -1, output: 1}}", "evals/words.yaml:4:14: 'input': expected"),
        ("prices: {m: {input: 1, output: 1, cached: 1}}", "did you mean 'cached_input'?"),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(more, told):
    with pytest.raises(InputError) as found:
        read(more)
    assert told in str(found.value)
