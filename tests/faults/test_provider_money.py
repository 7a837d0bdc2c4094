"""Row 21 and the budget: what is unknown is never free, and no limit is passed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.faults.provider_desk import (
    LATE,
    OPENAI,
    Provide,
    every_provider,
    in_turn,
    known,
    outcome,
    providing,
    refused,
    response,
    said,
)
from tests.loopback import Asked, Reply
from tests.wire import Counts, Wire

WORDS = [f"word{n}" for n in range(30)]
OUTPUT_USD = {"openai": 0.60e-6, "anthropic": 5e-6, "gemini": 2.5e-6}
"""Of one token, by the price list; a call of these suites has 20 at most."""


@pytest.fixture
def provide(tmp_path, capfd, monkeypatch):
    yield from providing(tmp_path, capfd, monkeypatch)


def few(wire: Wire) -> float:
    """US dollars for ten calls at the most, by their output alone."""
    return 10 * 20 * OUTPUT_USD[wire.name]


# 21: usage missing, model unknown: cost unknown, never 0; the budget counts the worst case


@every_provider
def test_21_an_answer_without_usage_has_no_price(wire: Wire):
    answer = response(said(wire, "ok", counts=None), wire)
    assert (answer.content, answer.usage, answer.cost_usd) == ("ok", None, None)
    assert "usage_missing" in answer.flags


@every_provider
def test_21_usage_of_zeros_is_no_usage(wire: Wire):
    answer = response(said(wire, "ok", counts=Counts(0, 0)), wire)
    assert (answer.usage, answer.cost_usd) == (None, None)


@every_provider
def test_21_unknown_costs_are_told_as_unknown(provide: Provide, wire: Wire):
    desk = provide(lambda asked: said(wire, asked.last_user, counts=None), wire)
    code, report = desk.evaluate()
    assert (code, report["candidate"]["failures"]) == (0, 0)
    assert report["candidate"]["cost_usd"] is None
    assert report["cost"]["unpriced_calls"] == 2
    assert report["cost"]["incurred_usd"] == 0
    assert {each.cost_usd for each in desk.responses()} == {None}


def test_21_a_model_without_a_price_is_unpriced(provide: Provide):
    desk = provide(lambda asked: said(OPENAI, asked.last_user, model="house-model"))
    desk.prompt(1, model="openai/house-model")
    code, report = desk.evaluate()
    assert (code, report["candidate"]["cost_usd"]) == (0, None)
    assert report["cost"]["unpriced_calls"] == 2
    assert report["candidate"]["tokens"]["input"] == 20


@every_provider
@pytest.mark.parametrize("concurrency", ["1", "16"])
def test_21_a_budget_counts_the_worst_case_of_what_is_unknown(
    provide: Provide, wire: Wire, concurrency: str
):
    def script(asked: Asked) -> Reply:
        reply = said(wire, asked.last_user, counts=None)
        return Reply(reply.body, delay_seconds=0.05)

    desk = provide(script, wire, words=WORDS)
    desk.suite(f"budget: {{usd: {few(wire)}}}\n")
    code, report = desk.evaluate("--concurrency", concurrency)
    assert (code, report["verdict"]) == (3, "invalid")
    assert 1 <= len(desk.server.chats) <= 10
    assert "budget" in " ".join(report["reasons"])
    assert len(desk.responses()) == len(desk.server.chats)


@pytest.mark.parametrize("how", ["budget", "--max-cost"])
def test_21_dollars_cannot_bound_a_model_without_a_price(provide: Provide, how: str):
    desk = provide(lambda asked: said(OPENAI, asked.last_user))
    desk.prompt(1, model="openai/house-model")
    desk.suite("budget: {usd: 1}\n" if how == "budget" else "")
    done = desk.run(*(["--max-cost", "1"] if how == "--max-cost" else []))
    assert done.code == 2
    assert "openai/house-model" in done.err
    assert "price" in done.err
    assert desk.server.requests == []


# The budget, whatever goes wrong


@every_provider
@pytest.mark.parametrize("concurrency", ["1", "16"])
def test_what_is_paid_never_passes_the_most_it_may_cost(
    provide: Provide, wire: Wire, concurrency: str
):
    desk = provide(lambda asked: said(wire, asked.last_user, counts=Counts(30, 20)), wire)
    desk.rows(*WORDS)
    limit = few(wire)
    code, report = desk.evaluate("--max-cost", f"{limit:.8f}", "--concurrency", concurrency)
    assert (code, report["verdict"]) == (3, "invalid")
    assert 0 < report["cost"]["incurred_usd"] <= limit
    assert report["cost"]["budget_usd"] == pytest.approx(limit)
    told = " ".join(report["reasons"])
    assert "budget" in told
    assert "what was paid for is kept" in told
    code, _ = desk.evaluate()
    assert code == 0
    assert len(desk.server.chats) == len(WORDS)


@pytest.mark.parametrize("concurrency", ["1", "16"])
def test_calls_are_counted_with_those_that_failed(provide: Provide, concurrency: str):
    def script(asked: Asked) -> Reply:
        return refused(OPENAI, 500) if asked.index % 3 == 1 else said(OPENAI, asked.last_user)

    desk = provide(script, words=WORDS)
    desk.suite("budget: {calls: 7}\n")
    code, report = desk.evaluate("--concurrency", concurrency, "--patience", "60")
    assert (code, report["verdict"]) == (3, "invalid")
    assert len(desk.server.chats) == report["calls"]["made"] == 7
    assert "7 calls" in " ".join(report["reasons"])


@pytest.mark.parametrize("counted", [True, False])
def test_tokens_are_counted_and_by_the_worst_case_where_none_are_told(
    provide: Provide, *, counted: bool
):
    counts = Counts(80, 20) if counted else None
    desk = provide(lambda asked: said(OPENAI, asked.last_user, counts=counts), words=WORDS)
    desk.suite("budget: {tokens: 1000}\n")
    code, report = desk.evaluate("--concurrency", "4")
    assert (code, report["verdict"]) == (3, "invalid")
    # 100 tokens are used by each call, or 20 and more of the answer are taken for used.
    assert 1 <= len(desk.server.chats) <= (10 if counted else 1000 // 20)
    assert report["tokens"]["input"] + report["tokens"]["output"] <= 1000
    assert "1000 tokens" in " ".join(report["reasons"]).replace(",", "")


@every_provider
def test_calls_that_may_be_billed_count_at_their_worst(provide: Provide, wire: Wire):
    desk = provide(lambda asked: Reply("{", delay_seconds=0), wire, words=WORDS)
    limit = few(wire)
    code, report = desk.evaluate("--max-cost", f"{limit:.8f}", "--patience", "60")
    assert (code, report["verdict"]) == (3, "invalid")
    assert len(desk.server.chats) <= 10
    assert 0 < report["cost"]["at_risk_usd"] <= limit
    assert report["cost"]["incurred_usd"] == 0


def test_an_error_status_costs_nothing(provide: Provide):
    broken = refused(OPENAI, 500)
    desk = provide(in_turn(broken, broken, broken, said(OPENAI, "one")), words=["one"])
    code, report = desk.evaluate("--max-cost", "1", "--patience", "60")
    assert code == 0
    assert report["cost"]["at_risk_usd"] == 0
    assert report["cost"]["incurred_usd"] == pytest.approx(10 * 0.15e-6 + 2 * 0.60e-6)


def test_a_late_answer_is_lost_and_told_so(provide: Provide):
    late = Reply("{}", delay_seconds=30)
    desk = provide(in_turn(late, said(OPENAI, "one")), words=["one"])
    code, report = desk.evaluate("--timeout", "0.5", "--patience", "60")
    assert (code, report["calls"]["retried"]) == (0, 1)
    assert report["cost"]["at_risk_usd"] >= 20 * 0.60e-6
    assert report["cost"]["incurred_usd"] == pytest.approx(10 * 0.15e-6 + 2 * 0.60e-6)
    assert known(outcome(late, OPENAI, deadline_seconds=0.4)) == LATE


CACHED: dict[str, float] = {
    "openai": 100 * 0.15e-6 + 900 * 0.075e-6 + 10 * 0.60e-6,
    "anthropic": 100 * 1e-6 + 900 * 0.1e-6 + 10 * 5e-6,
    "gemini": 100 * 0.30e-6 + 900 * 0.03e-6 + 10 * 2.5e-6,
}


@every_provider
def test_cached_tokens_are_priced_as_such(provide: Provide, wire: Wire):
    desk = provide(lambda asked: said(wire, "one", counts=Counts(1000, 10, 900)), wire)
    desk.rows("one")
    _, report = desk.evaluate()
    assert report["tokens"] == {
        "input": 1000, "output": 10, "cached_input": 900, "unmetered": 0,
    }  # fmt: skip
    assert report["cost"]["incurred_usd"] == pytest.approx(CACHED[wire.name])
    again: dict[str, Any] = desk.evaluate()[1]["cost"]
    assert (again["incurred_usd"], again["unpriced_calls"]) == (0, 0)
    assert again["evaluated_usd"] == pytest.approx(CACHED[wire.name])
