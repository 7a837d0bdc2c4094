"""The gateway against a real HTTP server, through the real litellm."""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
import warnings
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from promptops.errors import InputError
from promptops.models.model import Model
from promptops.models.opening import open_model
from promptops.values.request import Message, Request, canonical_json
from promptops.values.response import Failure, Outcome, Response, Usage
from tests.loopback import KEY, Asked, Loopback, Reply, Script, completion, embedding, error

SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
TOOL = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}},
}


T = TypeVar("T")


def ask(text: str, model: str = "openai/gpt-4o-mini", **fields: Any) -> Request:
    return Request(model, (Message("user", text),), **fields)


def run(script: Script, use: Callable[[Model, Loopback], Coroutine[Any, Any, T]]) -> T:
    """One gateway on one loop, closed as a command would close it."""

    async def inner(server: Loopback) -> T:
        model = open_model()
        try:
            return await use(model, server)
        finally:
            await model.close()

    with Loopback(script) as server:
        kept = dict(os.environ)
        os.environ.update(server.environ)
        try:
            return asyncio.run(inner(server))
        finally:
            os.environ.clear()
            os.environ.update(kept)


def respond(answer: Any, *, deadline_seconds: float = 10.0, **fields: Any) -> Outcome:
    """What one call to a server that answers so comes to."""
    script = answer if callable(answer) else lambda asked: answer

    async def use(model: Model, server: Loopback) -> Outcome:
        outcome = await model.respond(ask("x", **fields), deadline_seconds=deadline_seconds)
        assert len(server.chats) == 1  # one attempt, whatever happens
        return outcome

    return run(script, use)


def response(answer: Any, **fields: Any) -> Response:
    outcome = respond(answer, **fields)
    assert isinstance(outcome, Response), outcome
    return outcome


def failed(answer: Any, **fields: Any) -> Failure:
    outcome = respond(answer, **fields)
    assert isinstance(outcome, Failure), outcome
    return outcome


def test_an_answer_with_its_usage_price_and_latency():
    answer = response(lambda asked: completion("Oslo", asked=asked))
    assert answer.content == "Oslo"
    assert answer.finish_reason == "stop"
    assert answer.response_model == "gpt-4o-mini"
    assert answer.usage == Usage(input_tokens=1, output_tokens=1)
    assert answer.cost_usd == pytest.approx(0.15e-6 + 0.60e-6)
    assert 0 < answer.latency_seconds < 5
    assert answer.flags == ()


def test_the_request_is_sent_as_it_stands():
    async def use(model: Model, server: Loopback) -> Asked:
        messages = (
            Message("system", "Be short."),
            Message("user", "weather?"),
            Message(
                "assistant",
                tool_calls=[
                    {
                        "id": "c1",
                        "type": "function",
                        "function": {"name": "weather", "arguments": "{}"},
                    }
                ],
            ),
            Message("tool", "rain", tool_call_id="c1"),
        )
        params = {"temperature": 0.2, "max_tokens": 7, "seed": 5, "stop": ["\n"]}
        outcome = await model.respond(
            Request("openai/gpt-4o-mini", messages, params, (TOOL,), SCHEMA)
        )
        assert isinstance(outcome, Response)
        return server.requests[0]

    asked = run(lambda asked: "ok", use)
    assert asked.path == "/v1/chat/completions"
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.body["model"] == "gpt-4o-mini"
    assert [each["role"] for each in asked.messages] == ["system", "user", "assistant", "tool"]
    assert asked.messages[3]["tool_call_id"] == "c1"
    assert {name: asked.body[name] for name in ("temperature", "max_tokens", "seed", "stop")} == {
        "temperature": 0.2, "max_tokens": 7, "seed": 5, "stop": ["\n"],
    }  # fmt: skip
    assert asked.body["tools"] == [TOOL]
    assert asked.body["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "output", "strict": True, "schema": SCHEMA},
    }


def test_a_schema_is_not_sent_where_the_provider_is_not_known_to_take_it():
    async def use(model: Model, server: Loopback) -> Asked:
        await model.respond(ask("x", model="openai/house-model", output_schema=SCHEMA))
        return server.requests[0]

    assert "response_format" not in run(lambda asked: "ok", use).body


def test_no_seed_is_made_up_for_a_remote_provider():
    async def use(model: Model, server: Loopback) -> list[Asked]:
        for index in range(2):
            await model.respond(ask("x"), index=index)
        return server.requests

    first, second = run(lambda asked: "ok", use)
    assert first.body == second.body
    assert "seed" not in first.body


# status, body, headers -> kind, retryable, fatal, wait
FAULTS: dict[str, tuple[Reply, tuple[str, bool, bool, float | None]]] = {
    "429": (
        error(429, "slow down", headers={"Retry-After": "7"}),
        ("rate_limited", True, False, 7),
    ),
    "429 bare": (error(429, "slow down"), ("rate_limited", True, False, None)),
    "429 junk": (
        error(429, "slow", headers={"Retry-After": "soon"}),
        ("rate_limited", True, False, None),
    ),
    "quota": (
        error(429, "You exceeded your current quota", code="insufficient_quota"),
        ("quota", False, True, None),
    ),
    "402": (error(402, "pay first"), ("quota", False, True, None)),
    "401": (
        error(401, f"Incorrect API key provided: {KEY}"),
        ("authentication", False, True, None),
    ),
    "403": (error(403, f"key {KEY} may not"), ("authentication", False, True, None)),
    "400": (
        error(400, "temperature is odd", type_="invalid_request_error"),
        ("rejected", False, False, None),
    ),
    "context": (
        error(400, "maximum context length is 4096 tokens", code="context_length_exceeded"),
        ("rejected", False, False, None),
    ),
    "404": (error(404, "no such model", code="model_not_found"), ("rejected", False, True, None)),
    "422": (error(422, "unprocessable"), ("rejected", False, False, None)),
    "408": (error(408, "late"), ("timeout", True, False, None)),
    "500": (error(500, "boom"), ("unavailable", True, False, None)),
    "502": (
        Reply("<html><body>Bad gateway</body></html>", status=502, content_type="text/html"),
        ("unavailable", True, False, None),
    ),
    "503": (error(503, "busy", headers={"Retry-After": "2"}), ("overloaded", True, False, 2)),
    "504": (error(504, "late"), ("unavailable", True, False, None)),
    "529": (error(529, "overloaded"), ("overloaded", True, False, None)),
}


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("provider", ["openai", "groq", "anthropic", "gemini"])
def test_a_status_means_the_same_from_every_provider(
    name: str, provider: str, monkeypatch: pytest.MonkeyPatch
):
    reply, (kind, retryable, fatal, wait) = FAULTS[name]
    model = {
        "openai": "openai/gpt-4o-mini",
        "groq": "groq/llama-3.1-8b-instant",
        "anthropic": "anthropic/claude-3-5-haiku-20241022",
        "gemini": "gemini/gemini-2.5-flash",
    }[provider]

    async def use(gateway: Model, server: Loopback) -> Outcome:
        for stem in ("GROQ", "ANTHROPIC", "GEMINI"):
            monkeypatch.setenv(f"{stem}_API_BASE", server.url)
            monkeypatch.setenv(f"{stem}_API_KEY", KEY)
        outcome = await gateway.respond(ask("x", model=model, params={"max_tokens": 5}))
        assert len(server.requests) == 1
        return outcome

    outcome = run(lambda asked: reply, use)
    assert isinstance(outcome, Failure), outcome
    found = (outcome.kind, outcome.retryable, outcome.fatal, outcome.retry_after_seconds)
    assert found == (kind, retryable, fatal, wait)
    assert outcome.status == reply.status
    assert not outcome.billable
    assert KEY not in outcome.message
    assert "<html" not in outcome.message
    assert outcome.message.startswith(f"HTTP {reply.status}")


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply("<html><body>hello</body></html>", content_type="text/html"), "malformed"),
        (Reply(""), "malformed"),
        (Reply('{"id": "x", "choices": [{"index": 0, "mess'), "malformed"),
        (Reply("[1, 2]"), "malformed"),
        (Reply('{"choices": []}'), "malformed"),
        (Reply('{"choices": null}'), "malformed"),
        (Reply('{"id": "x"}'), "malformed"),
        (Reply('{"choices": [null]}'), "malformed"),
        (Reply(b'{"choices": [{"message": {"content": "\xff\xfe"}}]}'), "malformed"),
        (Reply(completion("abc " * 100), cut_after=100), "connection"),
        (Reply(reset=True), "connection"),
        (Reply(raw=b"this is no HTTP\r\n\r\n"), "connection"),
    ],
)
def test_an_answer_that_is_none_can_be_retried(reply: Reply, kind: str):
    outcome = failed(reply)
    assert (outcome.kind, outcome.retryable, outcome.fatal) == (kind, True, False)
    assert outcome.billable
    assert "<html" not in outcome.message
    assert outcome.message


def test_truncated_json_is_the_same_failure_from_every_provider(monkeypatch: pytest.MonkeyPatch):
    async def use(model: Model, server: Loopback) -> list[Outcome]:
        found = []
        names = {
            "GROQ": "groq/llama-3.1-8b-instant",
            "ANTHROPIC": "anthropic/claude-3-5-haiku-latest",
            "GEMINI": "gemini/gemini-2.5-flash",
        }
        for stem, name in names.items():
            monkeypatch.setenv(f"{stem}_API_BASE", server.url)
            monkeypatch.setenv(f"{stem}_API_KEY", KEY)
            found.append(await model.respond(ask("x", model=name, params={"max_tokens": 5})))
        found.append(await model.respond(ask("x")))
        return found

    for outcome in run(lambda asked: Reply('{"id": "x", "choices": [{"index"'), use):
        assert isinstance(outcome, Failure)
        assert (outcome.kind, outcome.retryable) == ("malformed", True), outcome
        assert outcome.billable


def test_nobody_listens():
    async def use(model: Model, server: Loopback) -> Outcome:
        os.environ["OPENAI_API_BASE"] = "http://127.0.0.1:9/v1"
        return await model.respond(ask("x"), deadline_seconds=10)

    outcome = run(lambda asked: "never", use)
    assert isinstance(outcome, Failure)
    assert (outcome.kind, outcome.retryable) == ("connection", True)
    assert not outcome.billable


@pytest.mark.parametrize(
    "reply",
    [Reply("{}", delay_seconds=30), Reply(" " * 1000, drip_seconds=0.2)],
    ids=["silence", "a byte at a time"],
)
def test_the_total_deadline_holds(reply: Reply):
    began = time.monotonic()
    outcome = failed(reply, deadline_seconds=0.7)
    assert (outcome.kind, outcome.retryable, outcome.fatal) == ("timeout", True, False)
    assert outcome.billable
    assert time.monotonic() - began < 10  # and not 30, nor 200


@pytest.mark.parametrize("content", [None, ""])
def test_no_content_is_an_empty_answer_and_flagged(content: str | None):
    answer = response(lambda asked: completion(content, asked=asked))
    assert answer.content == ""
    assert "empty" in answer.flags


@pytest.mark.parametrize(
    "reason", ["length", "content_filter", "tool_calls", "galaxy", "network_error"]
)
def test_the_finish_reason_is_kept(reason: str):
    answer = response(lambda asked: completion("x", asked=asked, finish_reason=reason))
    assert answer.finish_reason == reason


def test_a_refusal_field_is_kept():
    answer = response(lambda asked: completion(None, asked=asked, refusal="I will not."))
    assert answer.refusal == "I will not."


def test_a_filtered_prompt_is_this_versions_refusal_and_no_failure():
    answer = response(error(400, "blocked by content management policy", code="content_filter"))
    assert (answer.finish_reason, answer.content) == ("content_filter", "")
    assert answer.cost_usd is None
    assert "filtered" in answer.flags


def test_tool_calls_are_kept_doubled_or_malformed():
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{bad"}}
    calls: list[dict[str, Any]] = [call, call, {"foo": 1}]
    answer = response(
        lambda asked: completion(None, asked=asked, tool_calls=calls, finish_reason="tool_calls"),
        tools=(TOOL,),
    )
    assert [each["function"] for each in answer.tool_calls[:2]] == [call["function"]] * 2
    assert len(answer.tool_calls) == 3
    assert "empty" not in answer.flags


def test_usage_that_is_missing_is_unknown():
    answer = response(lambda asked: completion("x", asked=asked, usage=False))
    assert answer.usage is None
    assert answer.cost_usd is None
    assert "usage_missing" in answer.flags


def test_a_model_without_a_price_costs_the_unknown():
    answer = response(lambda asked: completion("x", asked=asked), model="openai/house-model")
    assert answer.usage == Usage(1, 1)
    assert answer.cost_usd is None


def test_cached_tokens_have_their_own_price():
    usage = {
        "prompt_tokens": 1000,
        "completion_tokens": 10,
        "total_tokens": 1010,
        "prompt_tokens_details": {"cached_tokens": 900},
    }
    answer = response(lambda asked: completion("x", asked=asked, usage=usage))
    assert answer.usage == Usage(1000, 10, 900)
    assert answer.cost_usd == pytest.approx(100 * 0.15e-6 + 900 * 0.075e-6 + 10 * 0.60e-6)


@pytest.mark.parametrize(
    ("answered", "flagged"),
    [("gpt-4o-mini-2024-07-18", False), ("gpt-4o", True), ("gpt-4o-mini-high", True)],
)
def test_another_model_than_was_asked(answered: str, flagged: bool):
    answer = response(lambda asked: completion("x", asked=asked, model=answered))
    assert answer.response_model == answered
    assert ("model_differs" in answer.flags) is flagged


def test_a_50_megabyte_answer_is_cut():
    answer = response(
        lambda asked: completion("a" * 50_000_000, asked=asked, usage=False), deadline_seconds=60
    )
    assert len(answer.content) == 1_000_000
    assert "cut" in answer.flags


def test_surrogates_and_nul_can_be_stored():
    body = '{"choices": [{"message": {"content": "a\\ud800\\u0000b", "role": "assistant"}}]}'
    answer = response(Reply(body))
    assert answer.content == "a\\ud800\x00b"
    assert "escaped" in answer.flags
    assert canonical_json(answer)


def test_64_at_once_each_get_their_own_answer():
    async def use(model: Model, server: Loopback) -> int:
        async def one(number: int) -> None:
            outcome = await model.respond(ask(f"number {number}"))
            assert isinstance(outcome, Response)
            assert outcome.content == f"number {number}"

        server.delay_seconds = 0.2
        await asyncio.gather(*(one(number) for number in range(64)))
        return server.most_at_once

    assert run(lambda asked: asked.last_user, use) > 32


def test_nothing_outlives_the_gateway():
    before = set(threading.enumerate())
    left: list[Any] = []

    async def use(model: Model, server: Loopback) -> None:
        for text in ("a", "b"):
            await model.respond(ask(text))
        await model.close()
        await asyncio.sleep(0)
        left.extend(task for task in asyncio.all_tasks() if task is not asyncio.current_task())

    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        run(lambda asked: "x", use)
        run(lambda asked: "x", use)  # a second loop meets no client of the first
    assert not left
    assert not {thread for thread in set(threading.enumerate()) - before if not thread.daemon}


def test_a_vector_is_a_response_with_its_price():
    async def use(model: Model, server: Loopback) -> Any:
        return await model.embed("openai/text-embedding-3-small", "red fox")

    found = run(lambda asked: "", use)
    vector = json.loads(found.content)
    assert [round(each, 6) for each in vector] == [round(each, 6) for each in embedding("red fox")]
    assert found.usage.input_tokens > 0
    assert found.cost_usd > 0
    assert found.latency_seconds > 0


def test_embeddings_fail_in_the_terms_of_any_call():
    async def use(model: Model, server: Loopback) -> Any:
        return await model.embed("openai/text-embedding-3-small", "x")

    failure = run(lambda asked: error(429, "slow", headers={"Retry-After": "3"}), use)
    assert (failure.kind, failure.retry_after_seconds) == ("rate_limited", 3)


@pytest.mark.parametrize("vectors", [[], [[1.0], [2.0]], ["text"], [[]], [["a"]]])
def test_vectors_that_are_none_are_a_failure(vectors):
    async def use(model: Model, server: Loopback) -> Any:
        return await model.embed("openai/text-embedding-3-small", "x")

    rows = [{"object": "embedding", "index": n, "embedding": v} for n, v in enumerate(vectors)]
    body = {"object": "list", "model": "m", "data": rows, "usage": {"prompt_tokens": 1}}
    assert run(lambda asked: Reply(body), use).kind == "malformed"


@pytest.mark.parametrize("name", ["gpt-5-nanoo", "nobody/model"])
def test_a_model_without_a_provider_is_an_input_error(name):
    async def use(model: Model, server: Loopback) -> None:
        with pytest.raises(InputError, match="no provider is known") as caught:
            await model.prepare(["openai/anything", name])
        assert "provider/model" in (caught.value.hint or "")

    run(lambda asked: "", use)


def test_the_embedded_model_gives_no_embeddings():
    async def use(model: Model, server: Loopback) -> None:
        with pytest.raises(InputError, match="no embeddings"):
            await model.embed("embedded/smollm2-135m", "x")

    run(lambda asked: "", use)


def test_tokens_are_counted_without_a_call():
    async def use(model: Model, server: Loopback) -> int:
        count = model.count_tokens(ask("one two three"))
        assert not server.requests
        return count

    assert 5 <= run(lambda asked: "", use) <= 15


@pytest.fixture(autouse=True)
def _no_env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every test runs where a planted `.env` would redirect it."""
    (tmp_path / ".env").write_text("OPENAI_API_BASE=http://127.0.0.1:9/v1\nPLANTED=yes\n")
    monkeypatch.chdir(tmp_path)
    yield
    assert "PLANTED" not in os.environ
