"""The JSON Schema of a prompt file, from the same types that read it."""

from __future__ import annotations

from typing import Any

import msgspec

from promptops.prompts.prompt import Prompt

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def prompt_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of `prompts/*.yaml`, for editors and other tools."""
    schema = msgspec.json.schema(Prompt)
    definitions = schema["$defs"]
    top = definitions.pop("Prompt")
    # Said here and not at the type, where it would hide the messages' keys from did-you-mean.
    top["properties"]["messages"]["description"] = "The conversation that is sent, in order."
    return {
        "$schema": DIALECT,
        **top,
        "title": "promptops prompt",
        "$defs": definitions,
    }
