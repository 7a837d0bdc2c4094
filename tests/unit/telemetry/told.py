"""What an engine would tell: accounts, requests, outcomes and reports, all invented."""

from __future__ import annotations

from typing import Any

from promptops.values.account import Account
from promptops.values.observing import Attempt, Called, Peer
from promptops.values.report import (
    SCHEMA,
    ArmReport,
    Calls,
    Cost,
    MetricReport,
    Report,
    Tokens,
)
from promptops.values.request import Message, Request
from promptops.values.response import Failure, Outcome, Response, Usage

RUN = "20300102-030405-abcd"
SAID = "The orchard gate is painted cobalt."
ANSWER = "Cobalt it is, says the gatekeeper."
PEER = Peer("openai", "models.ficta.example", 8443)


def account(**changes: Any) -> Account:
    fields: dict[str, Any] = {
        "run": RUN,
        "suite": "orchard",
        "purpose": "sample",
        "prompt": "gate",
        "version": 3,
        "digest": "5eed" * 16,
        "model": "openai/pear-2",
    }
    return Account(**fields | changes)


def request(model: str = "openai/pear-2", **params: Any) -> Request:
    return Request(model, (Message("user", SAID),), params)


def response(**changes: Any) -> Response:
    fields: dict[str, Any] = {
        "content": ANSWER,
        "finish_reason": "stop",
        "response_model": "pear-2-2030-01-01",
        "usage": Usage(40, 9, 32),
        "cost_usd": 0.0025,
        "latency_seconds": 0.5,
    }
    return Response(**fields | changes)


def limited() -> Failure:
    return Failure("rate_limited", f"too many: {SAID}", status=429, retry_after_seconds=1)


def called(*outcomes: Outcome, peer: Peer = PEER, **changes: Any) -> Called:
    """Attempts of half a second, with pauses of a quarter between them, from second 100 on."""
    attempts = [
        Attempt(outcome, 100 + 0.75 * number, 100.5 + 0.75 * number)
        for number, outcome in enumerate(outcomes or (response(),))
    ]
    asked = changes.pop("request", None) or request(temperature=0.2, max_tokens=12)
    return Called(account(**changes), asked, peer, attempts)


def report(**changes: Any) -> Report:
    fields: dict[str, Any] = {
        "schema": SCHEMA,
        "run": RUN,
        "suite": "orchard",
        "prompt": "gate",
        "verdict": "regressed",
        "exit_code": 1,
        "reasons": [SAID],
        "baseline": ArmReport(2, "01d" * 20, None, dirty=False, samples=20, failures=1),
        "candidate": ArmReport(3, "5eed" * 16, None, dirty=False, samples=20, failures=1),
        "metrics": [MetricReport("exact", "gate", 0.5)],
        "calls": Calls(planned=40, made=31, cached=8, shared=4, retried=3),
        "tokens": Tokens(),
        "cost": Cost(incurred_usd=0.07, evaluated_usd=0.1, unpriced_calls=2),
        "cases": [],
        "model": "openai/pear-2",
    }
    return Report(**fields | changes)
