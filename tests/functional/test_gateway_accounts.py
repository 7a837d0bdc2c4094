"""What an answer cost, by which price, and what headers say of limits: through the real litellm."""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from typing import Any

import pytest

from promptops.models.model import Model
from promptops.models.opening import open_model
from promptops.models.price_entry import digest
from promptops.values.price import StatedPrice
from promptops.values.quota import Quota
from promptops.values.request import Message, Request, canonical_json
from promptops.values.response import Failure, Outcome, Response, Usage
from tests.functional.gateways import run
from tests.loopback import KEY, Asked, Loopback, Reply, completion, error

OPENAI = "openai/gpt-4o-mini"
ANTHROPIC = "anthropic/claude-sonnet-4-5"
GEMINI = "gemini/gemini-2.5-pro"

USAGE: dict[str, dict[str, Any]] = {
    OPENAI: {
        "prompt_tokens": 1000,
        "completion_tokens": 30,
        "total_tokens": 1030,
        "prompt_tokens_details": {"cached_tokens": 900, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 20},
    },
    ANTHROPIC: {
        "input_tokens": 100,
        "cache_creation_input_tokens": 50,
        "cache_read_input_tokens": 900,
        "cache_creation": {"ephemeral_5m_input_tokens": 20, "ephemeral_1h_input_tokens": 30},
        "output_tokens": 30,
        "service_tier": "standard",
    },
    GEMINI: {
        "promptTokenCount": 250_000,
        "candidatesTokenCount": 10,
        "thoughtsTokenCount": 20,
        "cachedContentTokenCount": 900,
        "totalTokenCount": 250_030,
    },
}
FOUND = {
    OPENAI: Usage(1000, 30, 900),
    ANTHROPIC: Usage(1050, 30, 900),
    GEMINI: Usage(250_000, 30, 900),
}
BY_HAND = {
    OPENAI: 100 * 0.15e-6 + 900 * 0.075e-6 + 30 * 0.60e-6,
    # Read from the cache, written to it for five minutes and for an hour, and fresh.
    ANTHROPIC: 900 * 0.3e-6 + 20 * 3.75e-6 + 30 * 6e-6 + 100 * 3e-6 + 30 * 15e-6,
    # Above 200,000 tokens of input, all of it is dearer.
    GEMINI: 249_100 * 2.5e-6 + 900 * 0.25e-6 + 30 * 15e-6,
}


def answer(asked: Asked, usage: Mapping[str, Any], headers: dict[str, str]) -> Reply:
    """An answer with this usage, in the format that was spoken."""
    if asked.path.endswith(":generateContent"):
        part = {"content": {"role": "model", "parts": [{"text": "x"}]}, "finishReason": "STOP"}
        body: dict[str, Any] = {"candidates": [part], "usageMetadata": usage}
    elif asked.path.endswith("/v1/messages"):
        content = [{"type": "text", "text": "x"}]
        body = {"id": "m", "type": "message", "role": "assistant", "model": asked.model}
        body |= {"content": content, "stop_reason": "end_turn", "usage": usage}
    else:
        body = completion("x", asked=asked, usage=dict(usage))
    return Reply(body, headers=headers)


def environ(server: Loopback) -> dict[str, str]:
    root = server.url.removesuffix("/v1")
    bases = {f"{stem}_API_BASE": root for stem in ("ANTHROPIC", "GEMINI")}
    return bases | {f"{stem}_API_KEY": KEY for stem in ("ANTHROPIC", "GEMINI")} | server.environ


async def asked(model: Model, name: str) -> Response:
    found = await model.respond(Request(name, (Message("user", "x"),), {"max_tokens": 9}))
    assert isinstance(found, Response), found
    return found


def one(
    name: str,
    usage: Mapping[str, Any] | None = None,
    headers: dict[str, str] | None = None,
    body: dict[str, Any] | None = None,
    **more: Any,
) -> tuple[Response, dict[str, Any] | None, Quota | None]:
    """One answer, the price entry that it names, and the quota that is known afterwards."""

    def script(request: Asked) -> Any:
        if body is not None:
            return body
        return answer(request, USAGE[name] if usage is None else usage, headers or {})

    async def use(model: Model, server: Loopback) -> Any:
        found = await asked(model, name)
        entry = model.price_entry(found.price) if found.price else None
        return found, entry, model.quota(name)

    found: tuple[Response, dict[str, Any] | None, Quota | None] = run(
        script, use, environ=environ, **more
    )
    return found


@pytest.mark.parametrize("name", [OPENAI, ANTHROPIC, GEMINI])
def test_usage_and_cost_of_every_format(name: str):
    found, entry, _ = one(name)
    assert found.usage == FOUND[name]
    assert found.cost_usd == pytest.approx(BY_HAND[name])
    assert found.price is not None
    assert entry is not None
    assert digest(entry) == found.price


@pytest.mark.parametrize("name", [OPENAI, ANTHROPIC, GEMINI])
def test_a_cost_can_be_worked_out_anew_from_what_is_kept(name: str):
    """Nothing is at hand but the raw usage and the entry, both as JSON; the list is another now."""
    found, entry, _ = one(name)
    litellm = importlib.import_module("litellm")
    raw = json.loads(canonical_json(found.raw_usage))
    assert "null" not in canonical_json(found.raw_usage).decode()
    provider = name.partition("/")[0]
    kept = f"{provider}/kept-snapshot"
    litellm.model_cost[kept] = json.loads(canonical_json(entry))
    try:
        sent, got = litellm.cost_per_token(
            model=kept, custom_llm_provider=provider, usage_object=litellm.Usage(**raw)
        )
    finally:
        del litellm.model_cost[kept]
    assert sent + got == pytest.approx(found.cost_usd)


def test_the_tier_that_served_is_priced_and_kept():
    body = completion("x", model="gpt-4o-mini", usage=USAGE[OPENAI]) | {"service_tier": "priority"}
    found, _, _ = one(OPENAI, body=body)
    assert found.raw_usage is not None
    assert found.raw_usage["service_tier"] == "priority"
    assert found.cost_usd == pytest.approx(100 * 0.25e-6 + 900 * 0.125e-6 + 30 * 1e-6)


def test_the_price_is_that_of_the_model_which_answered():
    found, entry, _ = one(OPENAI, body=completion("x", model="gpt-4o", usage=USAGE[OPENAI]))
    assert "model_differs" in found.flags
    assert found.cost_usd == pytest.approx(100 * 2.5e-6 + 900 * 1.25e-6 + 30 * 10e-6)
    assert entry is not None
    assert entry["input_cost_per_token"] == 2.5e-6


def test_a_server_does_not_say_what_it_cost():
    found, _, _ = one(OPENAI, headers={"x-litellm-response-cost": "0.000001"})
    assert found.cost_usd == pytest.approx(BY_HAND[OPENAI])


def test_what_is_not_listed_has_no_price_whatever_answers():
    body = completion("x", model="gpt-4o", usage=USAGE[OPENAI])
    found, entry, _ = one("openai/house-model", body=body)
    assert (found.cost_usd, found.price, entry) == (None, None, None)
    assert found.raw_usage is not None


def test_without_usage_the_cost_is_unknown():
    found, _, _ = one(OPENAI, body=completion("x", model="gpt-4o-mini", usage=False))
    assert (found.cost_usd, found.price, found.raw_usage) == (None, None, None)


@pytest.mark.parametrize("name", ["openai/house-model", OPENAI])
def test_a_stated_price_goes_before_the_list(name: str):
    stated = StatedPrice(input=1.0, output=2.0, cached_input=0.5)
    found, entry, _ = one(name, USAGE[OPENAI], prices={name: stated})
    assert found.cost_usd == pytest.approx(100e-6 + 900 * 0.5e-6 + 30 * 2e-6)
    assert entry == {
        "input_cost_per_token": 1e-6,
        "output_cost_per_token": 2e-6,
        "cache_read_input_token_cost": 0.5e-6,
        "source": "suite",
    }


def test_what_costs_nothing_by_the_list_is_nothing_and_not_unknown():
    name = "gemini/gemma-3-27b-it"
    found, entry, _ = one(name, USAGE[GEMINI])
    assert entry is not None
    assert entry["input_cost_per_token"] == 0
    assert found.cost_usd == 0.0


LIMITS = {
    OPENAI: {
        "x-ratelimit-limit-requests": "60",
        "x-ratelimit-remaining-requests": "59",
        "x-ratelimit-reset-requests": "6m0s",
        "x-ratelimit-limit-tokens": "150000",
        "x-ratelimit-remaining-tokens": "149984",
        "x-ratelimit-reset-tokens": "20ms",
    },
    ANTHROPIC: {
        "anthropic-ratelimit-requests-limit": "60",
        "anthropic-ratelimit-requests-remaining": "59",
        "anthropic-ratelimit-requests-reset": "2020-01-01T00:00:00Z",
        "anthropic-ratelimit-tokens-limit": "150000",
        "anthropic-ratelimit-tokens-remaining": "149984",
        "anthropic-ratelimit-tokens-reset": "2020-01-01T00:00:00Z",
    },
}
QUOTAS = {
    OPENAI: Quota(60, 59, 360.0, 150_000, 149_984, 0.02),
    ANTHROPIC: Quota(60, 59, 0.0, 150_000, 149_984, 0.0),
}


@pytest.mark.parametrize("name", [OPENAI, ANTHROPIC])
def test_the_headers_of_an_answer_say_what_is_left(name: str):
    found, _, quota = one(name, headers=LIMITS[name] | {"x-secret": "header-canary-77"})
    assert quota == QUOTAS[name]
    assert b"header-canary-77" not in canonical_json(found)
    assert b"ratelimit" not in canonical_json(found)


@pytest.mark.parametrize("name", [OPENAI, ANTHROPIC])
def test_the_headers_of_a_refusal_say_it_too(name: str):
    async def use(model: Model, server: Loopback) -> tuple[Outcome, Quota | None, Quota | None]:
        assert model.quota(name) is None
        request = Request(name, (Message("user", "x"),), {"max_tokens": 9})
        found = await model.respond(request)
        return found, model.quota(name), model.quota("openai/another")

    found, quota, other = run(
        lambda request: error(429, "slow", headers=LIMITS[name]), use, environ=environ
    )
    assert isinstance(found, Failure)
    assert found.kind == "rate_limited"
    assert quota == QUOTAS[name]
    assert other is None


def test_a_vector_has_its_usage_and_price():
    async def use(model: Model, server: Loopback) -> tuple[Response, dict[str, Any] | None]:
        found = await model.embed("openai/text-embedding-3-small", "red fox")
        assert isinstance(found, Response)
        return found, model.price_entry(found.price or "")

    found, entry = run(lambda request: "", use)
    assert found.raw_usage == {"prompt_tokens": 2, "completion_tokens": 0, "total_tokens": 2}
    assert entry is not None
    assert found.cost_usd == pytest.approx(2 * entry["input_cost_per_token"])


def test_an_entry_that_nothing_was_worked_out_by_is_none():
    assert open_model().price_entry("0" * 64) is None
