"""What a prompt means, and the digest of it.

What a model would be asked enters: messages with their includes, model, parameters, tools, output
schema and inputs; and, of a judge that says so itself, what its verdicts are worth.  What is said
about the prompt does not: comments, key order, `description`, `change`, `version`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from promptops.prompts.prompt import Prompt
from promptops.values.request import canonical_json


def canonical_meaning(prompt: Prompt, includes: Mapping[str, str]) -> dict[str, Any]:
    """The meaning as plain values; two prompts with equal meanings ask the same questions.

    `includes` maps the name of each file that the messages reach, at any depth, to its text.
    """
    meaning: dict[str, Any] = {
        "model": prompt.model,
        "messages": [msgspec.to_builtins(message) for message in prompt.messages],
        "includes": dict(includes),
        "params": msgspec.to_builtins(prompt.params),
        "inputs": prompt.inputs,
        "output": prompt.output.schema if prompt.output else None,
        "tools": prompt.tools,
    }
    said = msgspec.to_builtins(prompt.judge) if prompt.judge else {}
    if said:  # absent from other prompts, whose digests stay as they are
        # A judge is shown them in this order, so it is part of what is asked.
        meaning["judge"] = {name: list(each.items()) for name, each in said.items()}
    return meaning


def digest(prompt: Prompt, includes: Mapping[str, str]) -> str:
    """SHA-256 of the canonical meaning, as 64 hex digits; the same on every machine and Python."""
    return hashlib.sha256(canonical_json(canonical_meaning(prompt, includes))).hexdigest()
