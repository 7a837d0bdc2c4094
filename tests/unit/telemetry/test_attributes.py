"""What is said of a call and of a run; and what never is."""

from __future__ import annotations

import json

import msgspec
import pytest

from promptops.telemetry import attributes
from promptops.telemetry.attributes import of_attempt, of_call, of_report, sources
from promptops.values.observing import Attempt, Peer
from promptops.values.request import Message, Request
from promptops.values.response import Failure, Usage
from tests.unit.telemetry.told import ANSWER, SAID, called, limited, report, request, response

KEPT = str


def test_an_answer_is_told_by_the_names_of_the_conventions():
    asked = request(
        temperature=1, top_p=0.5, top_k=40, seed=7, max_tokens=12,
        frequency_penalty=0.25, presence_penalty=-1,
    )  # fmt: skip
    assert of_call(called(request=asked), KEPT) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "pear-2",
        "gen_ai.request.temperature": 1.0,
        "gen_ai.request.top_p": 0.5,
        "gen_ai.request.top_k": 40.0,
        "gen_ai.request.seed": 7,
        "gen_ai.request.max_tokens": 12,
        "gen_ai.request.frequency_penalty": 0.25,
        "gen_ai.request.presence_penalty": -1.0,
        "gen_ai.response.model": "pear-2-2030-01-01",
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.usage.input_tokens": 40,
        "gen_ai.usage.output_tokens": 9,
        "gen_ai.usage.cache_read.input_tokens": 32,
        "server.address": "models.ficta.example",
        "server.port": 8443,
        "promptops.suite": "orchard",
        "promptops.prompt": "gate",
        "promptops.prompt.version": 3,
        "promptops.prompt.digest": "5eed" * 16,
        "promptops.purpose": "sample",
        "promptops.retries": 0,
        "promptops.cost_usd": 0.0025,
    }


def test_doubles_are_doubles():
    found = of_call(called(request=request(temperature=1, top_k=40)), KEPT)
    assert type(found["gen_ai.request.temperature"]) is float
    assert type(found["gen_ai.request.top_k"]) is float


def test_what_is_not_known_is_not_told():
    found = of_call(
        called(response(usage=None, cost_usd=None, response_model=None), peer=Peer("openai")), KEPT
    )
    gone = {
        "gen_ai.response.model",
        "gen_ai.usage.input_tokens",
        "gen_ai.usage.output_tokens",
        "gen_ai.usage.cache_read.input_tokens",
        "promptops.cost_usd",
        "server.address",
        "server.port",
    }
    assert not gone & set(found)


def test_a_failure_is_told_by_its_kind_and_status():
    found = of_call(called(limited(), limited()), KEPT)
    assert (found["error.type"], found["http.response.status_code"]) == ("rate_limited", 429)
    assert found["promptops.retries"] == 1
    timeout = of_call(called(Failure("timeout", SAID, billable=True)), KEPT)
    assert timeout["error.type"] == "timeout"
    assert "http.response.status_code" not in timeout


def test_an_attempt_that_failed_is_told_with_its_place():
    assert of_attempt(2, Attempt(limited(), 10.0, 10.5)) == {
        "error.type": "rate_limited",
        "http.response.status_code": 429,
        "promptops.attempt": 2,
        "promptops.attempt.seconds": 0.5,
    }


def test_nothing_that_was_said_is_told():
    """Whatever a request or an outcome has room for is filled with one word."""
    word = "xyzzy"
    tool = {"type": "function", "function": {"name": word, "description": word}}
    asked = Request(
        "openai/pear-2",
        tuple(Message(role, word, name=word) for role in ("system", "user", "assistant")),
        {
            "stop": [word], "user": word, "temperature": word, "seed": word, "top_p": [word],
            "logit_bias": {word: 1}, "reasoning_effort": word, "max_tokens": True,
        },
        (tool,),
        {"title": word, "properties": {word: {}}},
    )  # fmt: skip
    answer = response(
        content=word, tool_calls=[{"id": word, "function": {"arguments": word}}], refusal=word,
        finish_reason=f"because {word}", raw_usage={word: word}, price=word, flags=(word,),
    )  # fmt: skip
    for outcome in (answer, Failure("rejected", word, status=400)):
        told = of_call(called(outcome, request=asked), KEPT)
        assert word not in json.dumps(told), told
    assert of_call(called(answer, request=asked), KEPT)["gen_ai.output.type"] == "json"


def test_what_a_provider_says_of_itself_is_rid_of_secrets():
    secret = "ficta-secret-0123456789"

    def redact(text: str) -> str:
        return text.replace(secret, "[redacted]")

    outcome = response(response_model=f"pear {secret}", finish_reason=secret)
    told = of_call(called(outcome), redact)
    assert secret not in json.dumps(told)
    assert told["gen_ai.response.model"] == "pear [redacted]"
    assert told["gen_ai.response.finish_reasons"] == ["_OTHER"]
    assert secret not in json.dumps(attributes.response_model(called(outcome), redact))


@pytest.mark.parametrize("reason", ["stop", "tool_calls", "content_filter", "MAX_TOKENS", "eos-1"])
def test_a_finish_reason_that_is_a_word_is_told(reason):
    told = of_call(called(response(finish_reason=reason)), KEPT)
    assert told["gen_ai.response.finish_reasons"] == [reason]


@pytest.mark.parametrize(
    ("provider", "named"),
    [
        ("openai", "openai"),
        ("anthropic", "anthropic"),
        ("azure", "azure.ai.openai"),
        ("bedrock", "aws.bedrock"),
        ("gemini", "gcp.gemini"),
        ("vertex_ai", "gcp.vertex_ai"),
        ("mistral", "mistral_ai"),
        ("xai", "x_ai"),
        ("embedded", "embedded"),
        ("", "unknown"),
    ],
)
def test_providers_have_the_names_of_the_conventions(provider, named):
    told = of_call(called(peer=Peer(provider)), KEPT)
    assert told["gen_ai.provider.name"] == named


@pytest.mark.parametrize(
    ("model", "name"),
    [("openai/pear-2", "pear-2"), ("pear-2", "pear-2"), ("openrouter/a/b", "a/b")],
)
def test_a_model_is_named_as_its_provider_names_it(model, name):
    assert attributes.model_name(called(request=request(model))) == name


def test_an_embedding_is_an_operation_of_its_own():
    asked = called(purpose="embedding", request=Request("openai/e", (), {"embedding": True}))
    assert of_call(asked, KEPT)["gen_ai.operation.name"] == "embeddings"


def test_numbers_that_the_wire_cannot_hold_do_not_reach_it():
    huge = 10**400
    asked = request(seed=huge, top_k=huge, max_tokens=2**63)
    told = of_call(called(response(usage=Usage(huge, huge, huge)), request=asked), KEPT)
    assert told["gen_ai.usage.input_tokens"] == 2**63 - 1
    for name in ("seed", "top_k", "max_tokens"):
        assert f"gen_ai.request.{name}" not in told


def test_texts_can_be_encoded_and_are_short():
    assert attributes.plain("a\udc80b") == "a?b"
    assert attributes.plain("ü" * 500) == "ü" * attributes.LONGEST


def test_samples_are_told_by_where_they_came_from():
    """40 on both arms: 4 of them copies, 8 found in the store."""
    assert sources(report()) == {"made": 28, "cached": 8, "shared": 4}
    alone = msgspec.structs.replace(report(), baseline=None)
    assert sum(sources(alone).values()) == 20


def test_a_report_is_told_without_its_words():
    told = of_report(report())
    assert (told["promptops.verdict"], told["promptops.exit_code"]) == ("regressed", 1)
    assert told["promptops.baseline.version"] == 2
    assert told["promptops.candidate.version"] == 3
    assert told["promptops.cost.incurred_usd"] == pytest.approx(0.07)
    assert told["promptops.cost.unpriced_calls"] == 2
    assert told["promptops.samples.made"] == 28
    assert not {SAID, ANSWER} & set(map(str, told.values()))
    assert "promptops.baseline.version" not in of_report(
        msgspec.structs.replace(report(), baseline=None)
    )


def test_what_is_told_is_of_types_that_the_wire_has():
    plain = (str, int, float)
    for told in (of_call(called(), KEPT), of_call(called(limited()), KEPT), of_report(report())):
        for name, value in told.items():
            each = value if isinstance(value, list) else [value]
            assert all(isinstance(one, plain) for one in each), name
