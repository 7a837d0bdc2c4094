"""What a run counts beside its scores."""

from __future__ import annotations

from promptops.engine.tally import ArmTally, every_call_failed, rounded_usd
from promptops.values.response import Failure, Response, Usage

REJECTED = Failure("rejected", "HTTP 400: not allowed", 400, retryable=False)
DOWN = Failure("unavailable", "HTTP 500: it broke", 500)
ANSWER = Response("ok", usage=Usage(3, 1), cost_usd=0.1)


def named(case: int) -> str:
    return f"word-{case}"


def counted(*outcomes):
    tally = ArmTally()
    for case, outcome in enumerate(outcomes):
        tally.count(outcome, case)
    return tally


def test_lost_cases_are_named_with_the_words_of_the_provider():
    assert counted(ANSWER).failures_told(named) == []
    assert counted(ANSWER, REJECTED).failures_told(named) == [
        "1 call failed: rejected: HTTP 400: not allowed (case word-1)"
    ]
    many = counted(*[REJECTED] * 3, DOWN, *[REJECTED] * 2)
    assert many.failures_told(named) == [
        "5 calls failed: rejected: HTTP 400: not allowed (cases word-0, word-1, word-2, …)",
        "1 call failed: unavailable: HTTP 500: it broke (case word-3)",
    ]


def test_a_case_that_is_lost_twice_is_named_once():
    tally = ArmTally()
    for _ in range(5):
        tally.count(REJECTED, 7)
    assert tally.failures_told(named) == [
        "5 calls failed: rejected: HTTP 400: not allowed (case word-7)"
    ]


def test_where_every_call_failed_it_is_known_with_what():
    told = "every call failed: rejected: HTTP 400: not allowed"
    assert every_call_failed([counted(REJECTED), counted(REJECTED)]) == told
    assert every_call_failed([counted(REJECTED), ArmTally()]) == told
    mixed = every_call_failed([counted(REJECTED, REJECTED, DOWN)])
    assert mixed == "every call failed, most of them with: rejected: HTTP 400: not allowed"
    assert every_call_failed([counted(REJECTED), counted(ANSWER)]) is None
    assert every_call_failed([ArmTally()]) is None


def test_answers_without_a_count_of_tokens_are_counted():
    tally = counted(ANSWER, Response("ok"), Response("ok"), REJECTED)
    assert (tally.tokens.input, tally.tokens.unmetered) == (3, 2)


def test_a_sum_of_money_has_no_noise():
    tally = counted(*[Response("ok", cost_usd=0.00001)] * 96)
    assert tally.cost_usd != 0.00096
    assert tally.known_cost_usd == 0.00096
    assert rounded_usd(0.0) == 0.0
    assert rounded_usd(1234.56789012345) == 1234.56789012
