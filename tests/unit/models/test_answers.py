from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops.models.answers import LONGEST, differs, read_answer, read_usage
from promptops.models.redaction import HIDDEN, Redactor
from promptops.values.request import canonical_json
from promptops.values.response import Failure, Response, Usage
from tests.loopback import completion

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def read(body: dict[str, Any]) -> Response:
    answer = read_answer(body, asked="openai/loopback")
    assert isinstance(answer, Response)
    return answer


@pytest.mark.parametrize("choices", [[], None, {}, "x", [None], ["x"], [{}], [{"message": None}]])
def test_no_choice_is_a_failure_and_never_an_empty_pass(choices: Any):
    answer = read_answer({"choices": choices}, asked="m")
    assert isinstance(answer, Failure)
    assert (answer.kind, answer.retryable) == ("malformed", True)


def test_parts_are_joined():
    body = completion("x")
    body["choices"][0]["message"]["content"] = [{"type": "text", "text": "a"}, {"text": "b"}, 3]
    assert read(body).content == "ab"


@pytest.mark.parametrize(
    ("reason", "native", "kept"),
    [
        ("stop", None, "stop"),
        ("stop", "end_turn", "stop"),
        ("stop", "STOP", "stop"),
        ("length", "max_tokens", "length"),
        ("content_filter", "SAFETY", "content_filter"),
        ("stop", "galaxy", "galaxy"),
        ("stop", "network_error", "network_error"),
        (None, None, ""),
    ],
)
def test_finish_reasons(reason: str | None, native: str | None, kept: str):
    body = completion("x", finish_reason=reason)
    body["choices"][0]["provider_specific_fields"] = {"native_finish_reason": native}
    assert read(body).finish_reason == kept


@pytest.mark.parametrize(
    ("usage", "found"),
    [
        (None, None),
        ({}, None),
        ({"prompt_tokens": 0, "completion_tokens": 0}, None),
        ({"prompt_tokens": None, "completion_tokens": None}, None),
        ({"prompt_tokens": 5, "completion_tokens": 0}, Usage(5, 0)),
        ({"prompt_tokens": 5, "completion_tokens": "2"}, Usage(5, 0)),
        (
            {
                "prompt_tokens": 5,
                "completion_tokens": 1,
                "prompt_tokens_details": {"cached_tokens": 9},
            },
            Usage(5, 1, 5),
        ),
    ],
)
def test_usage(usage: Any, found: Usage | None):
    assert read_usage(usage) == found


@pytest.mark.parametrize(
    ("asked", "answered", "other"),
    [
        ("openai/gpt-4o-mini", "gpt-4o-mini-2024-07-18", False),
        ("gpt-4", "gpt-4-0613", False),
        ("anthropic/claude-3-5-sonnet-latest", "claude-3-5-sonnet-20241022", False),
        ("bedrock/anthropic.claude-v2:1", "anthropic.claude-v2:1", False),
        ("vertex_ai/gemini-1.5-pro", "gemini-1.5-pro-002", False),
        ("mistral/mistral-large-latest", "mistral-large-2411", False),
        ("openrouter/meta-llama/Llama-3.1-8b", "meta-llama/llama-3.1-8b", False),
        ("azure/our-deployment", "gpt-4o-2024-08-06", False),
        ("openai/gpt-4o", "gpt-4o-mini", True),
        ("openai/gpt-4o-mini", "gpt-4o", True),
        ("openai/gpt-4", "gpt-4o", True),
        ("openai/gpt-4.1", "gpt-4.1-nano", True),
        ("groq/llama-3.1-8b-instant", "llama-3.1-70b-instant", True),
    ],
)
def test_whether_another_model_answered(asked: str, answered: str, other: bool):
    assert differs(asked, answered) is other


def test_a_long_answer_is_cut_at_the_limit_and_no_sooner():
    assert read(completion("a" * LONGEST)).flags == ()
    cut = read(completion("a" * (LONGEST + 1)))
    assert (len(cut.content), cut.flags) == (LONGEST, ("cut",))


def test_surrogates_are_written_out_everywhere():
    call = {"id": "1", "function": {"name": "f", "arguments": "\udc00"}}
    body = completion("é\ud800", tool_calls=[call], refusal="\udfff", model="m\ud900")
    answer = read(body)
    assert answer.content == "é\\ud800"
    assert answer.tool_calls[0]["function"]["arguments"] == "\\udc00"
    assert answer.refusal == "\\udfff"
    assert answer.response_model == "m\\ud900"
    assert "escaped" in answer.flags
    assert canonical_json(answer)


@given(st.dictionaries(st.sampled_from(["choices", "usage", "model", "id"]), JSON))
def test_no_body_crashes_it(body: dict[str, Any]):
    assert isinstance(read_answer(body, asked="m"), (Response, Failure))


@given(st.dictionaries(st.sampled_from(["content", "tool_calls", "refusal", "role"]), JSON), JSON)
def test_no_message_crashes_it_and_every_response_can_be_stored(message: Any, usage: Any):
    body = {"choices": [{"message": message, "finish_reason": "stop"}], "usage": usage}
    assert canonical_json(read_answer(body, asked="m"))


def test_the_usage_is_kept_as_it_was_sent():
    usage = {
        "prompt_tokens": 1050,
        "completion_tokens": 7,
        "prompt_tokens_details": {"cached_tokens": 900, "audio_tokens": None, "text": "x" * 65},
        "cache_creation": {"ephemeral_5m_input_tokens": 20},
        "server_tool_use": [{"web_search_requests": 2}, None],
        "service_tier": "standard",
        "cost": 0.25,
        "odd": float("nan"),
        "huge": 10**40,
        "deep": {"a": {"b": {"c": {"d": {"e": 1}}}}},
    }
    kept = read(completion("x", usage=usage)).raw_usage
    assert kept == {
        "prompt_tokens": 1050,
        "completion_tokens": 7,
        "prompt_tokens_details": {"cached_tokens": 900},
        "cache_creation": {"ephemeral_5m_input_tokens": 20},
        "server_tool_use": [{"web_search_requests": 2}],
        "service_tier": "standard",
        "cost": 0.25,
        "deep": {"a": {"b": {}}},
    }


def test_the_tier_that_served_is_part_of_the_usage():
    body = completion("x", usage={"prompt_tokens": 1, "completion_tokens": 1})
    assert read(body | {"service_tier": "priority"}).raw_usage == {
        "service_tier": "priority", "prompt_tokens": 1, "completion_tokens": 1,
    }  # fmt: skip


def test_without_usage_there_is_none_to_keep():
    assert read(completion("x", usage=False) | {"service_tier": "default"}).raw_usage is None


SECRET = "marzipan-lighthouse-42"
REDACT = Redactor({"OUR_TOKEN": SECRET})


def test_no_secret_leaves_in_any_part_of_an_answer():
    call = {"id": SECRET, "function": {"name": "f", "arguments": f'{{"key": "{SECRET}"}}'}}
    calls: list[Any] = [call, SECRET]
    body = completion(
        f"it is {SECRET}!", refusal=f"no {SECRET}", tool_calls=calls, model=f"m-{SECRET}",
        finish_reason=SECRET,
        usage={"prompt_tokens": 1, "completion_tokens": 1, "service_tier": SECRET, SECRET: 1},
    )  # fmt: skip
    answer = read_answer(body, asked="openai/loopback", redact=REDACT)
    assert isinstance(answer, Response)
    assert answer.content == f"it is {HIDDEN}!"
    assert answer.flags.count("redacted") == 1
    assert SECRET.encode() not in canonical_json(answer)
    assert canonical_json(answer).count(HIDDEN.encode()) == 9


def test_an_answer_without_a_secret_is_not_flagged():
    answer = read_answer(completion("marzipan lighthouse"), asked="openai/loopback", redact=REDACT)
    assert isinstance(answer, Response)
    assert "redacted" not in answer.flags


@pytest.mark.parametrize("before", range(LONGEST - 30, LONGEST + 5))
def test_the_limit_cuts_no_secret_in_two(before: int):
    body = completion("a" * before + SECRET + "b" * 100)
    answer = read_answer(body, asked="m", redact=REDACT)
    assert isinstance(answer, Response)
    assert len(answer.content) <= LONGEST
    assert "marz" not in answer.content
    assert "cut" in answer.flags


def test_what_moves_up_when_secrets_shrink_is_no_half_of_one():
    body = completion(SECRET * (LONGEST // len(SECRET) + 50))
    answer = read_answer(body, asked="m", redact=REDACT)
    assert isinstance(answer, Response)
    assert "marz" not in answer.content
