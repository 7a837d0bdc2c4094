"""A `Request` in OpenAI's chat-completions format."""

from __future__ import annotations

from typing import Any

import msgspec

from promptops.values.request import Request


def chat_body(request: Request, *, structured: bool) -> dict[str, Any]:
    """Messages, parameters and tools, not the model; the output schema where `structured`."""
    body: dict[str, Any] = {
        "messages": [msgspec.to_builtins(message) for message in request.messages],
        **request.params,
    }
    if request.tools:
        body["tools"] = list(request.tools)
    if request.output_schema is not None and structured:
        body["response_format"] = {
            "type": "json_schema",
            "json_schema": {
                "name": "output",
                "strict": is_strict(request.output_schema),
                "schema": request.output_schema,
            },
        }
    return body


def is_strict(schema: Any) -> bool:
    """Whether providers' strict mode takes the schema: objects are closed and require every key."""
    if isinstance(schema, list):
        return all(is_strict(each) for each in schema)
    if not isinstance(schema, dict):
        return True
    kind = schema.get("type")
    if kind == "object" or (isinstance(kind, list) and "object" in kind) or "properties" in schema:
        properties = schema.get("properties", {})
        if schema.get("additionalProperties") is not False or not isinstance(properties, dict):
            return False
        if set(schema.get("required", ())) != set(properties):
            return False
        if not all(is_strict(each) for each in properties.values()):
            return False
    plain = {"properties", "enum", "const", "default", "examples"}
    return all(is_strict(each) for key, each in schema.items() if key not in plain)
