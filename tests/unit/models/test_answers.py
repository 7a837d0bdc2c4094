from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops.models.answers import LONGEST, differs, read_answer, read_usage
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
