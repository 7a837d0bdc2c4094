"""One step of a sample that took several."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from promptops.values.usage import Usage


class Step(msgspec.Struct, frozen=True):
    """One step of a sample that took several: a model's turn, or a tool's."""

    kind: Literal["model", "tool"]
    name: str = ""
    """The model, or the tool."""
    input: str = ""
    output: str = ""
    tool_calls: list[dict[str, Any]] = []
    error: str = ""
    usage: Usage | None = None
    cost_usd: float | None = None
    latency_seconds: float | None = None
