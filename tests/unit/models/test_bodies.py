from __future__ import annotations

from typing import Any

import pytest

from promptops.models.bodies import chat_body, is_strict
from promptops.values.request import Message, Request

CLOSED = {
    "type": "object",
    "properties": {"a": {"type": "string"}},
    "required": ["a"],
    "additionalProperties": False,
}


def test_only_what_is_said_is_sent():
    request = Request("m", (Message("user", "x"),), {"temperature": 0.0})
    assert chat_body(request, structured=True) == {
        "messages": [{"role": "user", "content": "x"}],
        "temperature": 0.0,
    }


def test_the_schema_goes_only_where_it_is_taken():
    request = Request("m", (Message("user", "x"),), output_schema=CLOSED)
    assert "response_format" not in chat_body(request, structured=False)
    sent = chat_body(request, structured=True)["response_format"]
    assert sent["type"] == "json_schema"
    assert sent["json_schema"] == {"name": "output", "strict": True, "schema": CLOSED}


@pytest.mark.parametrize(
    ("schema", "strict"),
    [
        (CLOSED, True),
        ({"type": "string"}, True),
        ({**CLOSED, "additionalProperties": True}, False),
        ({**CLOSED, "required": []}, False),
        ({"type": "object"}, False),
        ({"type": ["object", "null"], "properties": {}}, False),
        ({"type": "array", "items": CLOSED}, True),
        ({"type": "array", "items": {"type": "object"}}, False),
        ({"$defs": {"a": {"type": "object"}}, "$ref": "#/$defs/a"}, False),
        ({"anyOf": [CLOSED, {"type": "null"}]}, True),
        ({"enum": [{"type": "object"}]}, True),
        ({**CLOSED, "properties": {"a": {"type": "object"}}}, False),
        # A property may be called anything, `type` and `properties` too.
        ({**CLOSED, "properties": {"type": {"type": "string"}}, "required": ["type"]}, True),
    ],
)
def test_strict_is_asked_only_where_providers_take_it(schema: dict[str, Any], strict: bool):
    assert is_strict(schema) is strict
