"""The digest that a label belongs to."""

from __future__ import annotations

from typing import Any

import pytest

from promptops.models.answers import read_answer
from promptops.values.label import output_digest
from promptops.values.response import Response


@pytest.mark.parametrize(
    "said",
    [
        {"content": "half \ud83d of it"},
        {"content": "x", "refusal": "\udfff"},
        {
            "content": None,
            "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": "\udc00"}}],
        },
    ],
)
def test_half_a_surrogate_pair_is_what_it_is_kept_as(said: dict[str, Any]) -> None:
    kept = read_answer({"choices": [{"message": said, "finish_reason": "stop"}]}, asked="m")
    assert isinstance(kept, Response)
    raw = Response(said["content"] or "", said.get("tool_calls", []), refusal=said.get("refusal"))
    assert output_digest(raw) == output_digest(kept)
    assert output_digest(raw) != output_digest(Response("something else"))


def test_only_what_is_said_counts() -> None:
    one = Response("a", finish_reason="stop", latency_seconds=1.0)
    assert output_digest(one) == output_digest(Response("a"))
    assert output_digest(one) != output_digest(Response("a", refusal="a"))
