"""Rows 1 to 4: a provider that says later, no more money, or not you, in three wire formats."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import quote

import pytest

from promptops.values.response import Failure
from tests.faults.provider_desk import (
    CANARY,
    EVERY_FAULT,
    FAULTS,
    LATE,
    OPENAI,
    Provide,
    every_provider,
    in_turn,
    known,
    outcome,
    providing,
    refused,
    said,
    spoke,
)
from tests.loopback import Asked, Loopback, Reply
from tests.wire import WIRES, Wire


@pytest.fixture
def provide(tmp_path, capfd, monkeypatch):
    yield from providing(tmp_path, capfd, monkeypatch)


@pytest.mark.parametrize(("name", "wire"), EVERY_FAULT)
def test_a_fault_is_of_one_class_whoever_the_provider_is(name: str, wire: Wire):
    """In one attempt: the server is asked once.  What is told of it is the provider's own."""
    fault = FAULTS[name]
    deadline = 0.4 if fault.known == LATE else 10.0
    failure = outcome(fault.reply(wire), wire, deadline_seconds=deadline)
    assert isinstance(failure, Failure), failure
    assert known(failure) == fault.known, failure.message
    assert failure.retry_after_seconds == fault.retry_after_seconds
    assert 0 < len(failure.message) <= 300
    for inside in ("\n", "Traceback", 'File "', "site-packages", "litellm", "<html", "{'"):
        assert inside not in failure.message
    assert wire.key not in failure.message
    assert CANARY not in failure.message


# 1: 429 with Retry-After 1: waits at least that, succeeds, the retry is counted


@every_provider
def test_1_waits_as_long_as_it_is_asked_to_and_counts_the_retry(provide: Provide, wire: Wire):
    later = refused(wire, 429, **{"Retry-After": "1"})
    desk = provide(in_turn(later, said(wire, "one")), wire, words=["one"])
    code, report = desk.evaluate()
    assert code == 0
    assert report["candidate"]["failures"] == 0
    assert report["metrics"][0]["candidate"] == 1
    assert (report["calls"]["made"], report["calls"]["retried"]) == (2, 1)
    first, second = (each.at for each in desk.server.chats)
    assert second - first >= 1


@every_provider
def test_1_a_delay_that_only_the_body_has_is_waited_for(provide: Provide, wire: Wire):
    desk = provide(in_turn(spoke(wire.later(2)), said(wire, "one")), wire, words=["one"])
    code, report = desk.evaluate()
    assert (code, report["calls"]["retried"]) == (0, 1)
    first, second = (each.at for each in desk.server.chats)
    assert second - first >= 2


def test_1_all_calls_to_the_model_wait_and_not_the_refused_one_alone(provide: Provide):
    words = [f"word{n}" for n in range(6)]
    later = refused(OPENAI, 429, **{"Retry-After": "1"})
    desk = provide(
        lambda asked: later if asked.index == 0 else said(OPENAI, asked.last_user), words=words
    )
    code, report = desk.evaluate("--concurrency", "1")
    assert (code, report["calls"]["retried"]) == (0, 1)
    first, *others = (each.at for each in desk.server.chats)
    assert len(others) == 6
    assert min(others) - first >= 1


@pytest.mark.parametrize("name", ["openai", "anthropic"])
def test_1_a_provider_that_says_nothing_is_left_is_not_asked_before_its_reset(
    provide: Provide, name: str
):
    wire = WIRES[name]

    def script(asked: Asked) -> Reply:
        left = wire.limits(limit=60, remaining=0 if asked.index == 0 else 50, seconds=1.5)
        return replace(said(wire, "ok okay"), headers=left)

    desk = provide(script, wire, words=["ok", "okay"])
    code, report = desk.evaluate("--concurrency", "1")
    assert (code, report["calls"]["retried"]) == (0, 0)
    first, second = (each.at for each in desk.server.chats)
    assert second - first >= 1


def test_1_requests_a_minute_that_the_suite_states_are_kept(provide: Provide):
    words = [f"word{n}" for n in range(5)]
    desk = provide(lambda asked: said(OPENAI, asked.last_user), words=words)
    desk.suite("limits: {requests_per_minute: 120}\n")
    code, _ = desk.evaluate()
    assert code == 0
    arrived = sorted(each.at for each in desk.server.chats)
    # Two a second, with a burst of about a second's worth: the five take a second and more.
    assert len(arrived) == 5
    assert arrived[-1] - arrived[0] >= 1


# 2: a Retry-After of a day, garbage, or a date: capped; 3 if it outlasts the run's patience


@every_provider
@pytest.mark.parametrize("later", ["86400", "a date"])
def test_2_a_wait_that_outlasts_the_patience_ends_the_run_at_once(
    provide: Provide, wire: Wire, later: str
):
    if later == "a date":
        later = format_datetime(datetime.now(UTC) + timedelta(days=1), usegmt=True)
    desk = provide(lambda asked: refused(wire, 429, **{"Retry-After": later}), wire)
    code, report = desk.evaluate("--patience", "30", "--concurrency", "1")
    assert (code, report["verdict"]) == (3, "invalid")
    assert len(desk.server.chats) == 1
    assert report["seconds"] < 25
    told = " ".join(report["reasons"])
    assert wire.model in told
    assert "what was paid for is kept" in told


@pytest.mark.parametrize("later", ["soon", "NaN", "1e999", "-5", "", "Wed, 99 Foo 2015"])
def test_2_a_wait_that_is_none_is_not_waited_for(provide: Provide, later: str):
    refusal = refused(OPENAI, 429, **{"Retry-After": later})
    desk = provide(in_turn(refusal, said(OPENAI, "one")), words=["one"])
    code, report = desk.evaluate("--patience", "60")
    assert (code, report["calls"]["retried"]) == (0, 1)


def test_2_a_date_is_waited_for(provide: Provide):
    def script(asked: Asked) -> Reply:
        if asked.index:
            return said(OPENAI, "one")
        when = format_datetime(datetime.now(UTC) + timedelta(seconds=2.999), usegmt=True)
        return refused(OPENAI, 429, **{"Retry-After": when})

    desk = provide(script, words=["one"])
    code, _ = desk.evaluate("--patience", "60")
    assert code == 0
    first, second = (each.at for each in desk.server.chats)
    assert second - first >= 1.9  # a date has whole seconds


def test_2_a_patience_can_be_stated_in_the_suite(provide: Provide):
    desk = provide(lambda asked: refused(OPENAI, 429, **{"Retry-After": "60"}))
    desk.suite("limits: {patience_seconds: 5}\n")
    code, report = desk.evaluate("--concurrency", "1")
    assert (code, report["verdict"]) == (3, "invalid")
    assert len(desk.server.chats) == 1


def test_2_a_model_that_is_only_ever_limited_ends_with_the_patience(provide: Provide):
    desk = provide(lambda asked: refused(OPENAI, 429))
    code, report = desk.evaluate("--patience", "2")
    assert (code, report["verdict"]) == (3, "invalid")
    assert 2 <= len(desk.server.chats) < 60
    assert "429" in " ".join(report["reasons"])


# 3: insufficient_quota (a 429 too): no retry, the run stops, 3


@every_provider
def test_3_no_money_stops_the_run(provide: Provide, wire: Wire):
    words = [f"word{n}" for n in range(20)]
    desk = provide(lambda asked: spoke(wire.no_money()), wire, words=words)
    code, report = desk.evaluate("--patience", "3", "--concurrency", "1")
    assert (code, report["verdict"]) == (3, "invalid")
    assert len(desk.server.chats) == 1
    assert report["calls"]["retried"] == 0


@every_provider
def test_3_what_was_under_way_is_all_that_is_asked_more(provide: Provide, wire: Wire):
    words = [f"word{n}" for n in range(30)]
    desk = provide(lambda asked: spoke(wire.no_money()), wire, words=words)
    code, _ = desk.evaluate("--patience", "3", "--concurrency", "4")
    assert code == 3
    assert len(desk.server.chats) <= 4


@every_provider
def test_3_what_was_paid_for_before_is_kept(provide: Provide, wire: Wire):
    def script(asked: Asked) -> Reply:
        return spoke(wire.no_money()) if asked.index >= 2 else said(wire, asked.last_user)

    desk = provide(script, wire, words=["one", "two", "three", "four"])
    code, report = desk.evaluate("--patience", "3", "--concurrency", "1")
    assert code == 3
    assert len(desk.responses()) == 2
    assert report["cost"]["incurred_usd"] > 0
    desk.server.script = lambda asked: said(wire, asked.last_user)
    before = len(desk.server.chats)
    code, report = desk.evaluate("--concurrency", "1")
    assert (code, report["metrics"][0]["candidate"]) == (0, 1)
    assert len(desk.server.chats) - before == 2


# 4: 401/403: one attempt, the run stops, the key is nowhere in the message


@every_provider
@pytest.mark.parametrize("name", ["wrong key", "401", "403", "401 in HTML"])
def test_4_a_wrong_key_stops_the_run_and_is_told_nowhere(provide: Provide, wire: Wire, name: str):
    reply = FAULTS[f"4 {name}"].reply(wire)
    echo = replace(reply, headers={"X-Echo": wire.key})
    desk = provide(lambda asked: echo, wire, words=[f"word{n}" for n in range(9)])
    code, report = desk.evaluate("--patience", "3", "--concurrency", "1")
    assert (code, report["verdict"]) == (3, "invalid")
    assert len(desk.server.chats) == 1
    assert report["calls"]["retried"] == 0
    shown = [json.dumps(report), *desk.shown().values(), desk.run().err]
    for hidden in spellings(wire.key):
        assert not any(hidden in text for text in shown)
        assert hidden.encode() not in desk.kept()


def spellings(key: str) -> set[str]:
    return {key, quote(key, safe=""), base64.b64encode(key.encode()).decode().rstrip("=")}


def test_4_no_key_at_all_is_an_input_error_before_anything_is_sent(provide: Provide, monkeypatch):
    desk = provide(lambda asked: "one")
    monkeypatch.delenv("OPENAI_API_KEY")
    done = desk.run()
    assert done.code == 2
    assert "OPENAI_API_KEY" in done.err
    assert desk.server.requests == []


# Where a key must never go


@every_provider
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_host_carries_neither_key_nor_prompt(
    wire: Wire, status: int, monkeypatch: pytest.MonkeyPatch
):
    with Loopback(lambda asked: said(wire, "from another host")) as other:
        elsewhere = other.origin.replace("127.0.0.1", "localhost")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")

        def script(asked: Asked) -> Reply:
            return Reply("", status=status, headers={"Location": elsewhere + asked.path})

        found = outcome(script, wire)
        for asked in other.requests:
            assert not any(wire.key in value for value in asked.headers.values())
            assert wire.key not in asked.path
        assert other.requests == []
    assert isinstance(found, Failure), found
    assert not found.billable
