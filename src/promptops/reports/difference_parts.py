"""Two versions of a prompt, and the parts in which they differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from promptops.reports.encoding import encode
from promptops.reports.word_difference import compare_values
from promptops.values.report import Report
from promptops.values.request import Message


@dataclass(frozen=True, slots=True)
class PromptView:
    """One version of a prompt, as much of it as a difference shows."""

    label: str
    """How the reader names it: `v1 (1a2b3c4)`, or `v2 (uncommitted)`."""
    digest: str
    model: str
    messages: Sequence[Message]
    """The templates, as the file has them."""
    params: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, Any] = field(default_factory=dict)
    output: Mapping[str, Any] | None = None
    """The schema of structured output."""
    tools: Sequence[Mapping[str, Any]] = ()
    includes: Mapping[str, str] = field(default_factory=dict)
    """Path to text."""
    change: str = ""
    rendered: Sequence[Message] | None = None
    """What would be sent for the case of the difference; None when no case is shown."""
    tokens: int | None = None
    """Of the rendered request; None when they were not counted."""
    name: str = ""
    """What the prompt is called there; empty where that is not known."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Two versions of one prompt, and what is known of their quality."""

    name: str
    before: PromptView
    after: PromptView
    case_id: str | None = None
    quality: Report | None = None
    """A stored evaluation of exactly these two versions."""

    @property
    def same_meaning(self) -> bool:
        return self.before.digest == self.after.digest

    @property
    def renamed_from(self) -> str:
        """The name before, where it is another one."""
        return self.before.name if self.before.name != self.after.name else ""


@dataclass(frozen=True, slots=True)
class Setting:
    """One value at a path of a part (`model`, `params`, …), as JSON; None where it is absent."""

    part: str
    path: str
    before: str | None
    after: str | None


def change_of(before: Message | None, after: Message | None) -> str:
    """Whether a message was added, removed, changed, or is the same."""
    if before is None:
        return "added"
    if after is None:
        return "removed"
    return "same" if before == after else "changed"


def words_of(message: Message | None) -> str | None:
    """A message as text: its content, then whatever else it carries, as JSON."""
    if message is None:
        return None
    parts = [message.content] if isinstance(message.content, str) else []
    more = {
        name: value
        for name in ("content", "name", "tool_calls", "tool_call_id")
        if (value := getattr(message, name)) is not None and not isinstance(value, str)
    }
    more |= {name: value for name in ("name", "tool_call_id") if (value := getattr(message, name))}
    if more:
        parts.append(encode(more).rstrip("\n"))
    return "\n".join(parts)


def settings(before: PromptView, after: PromptView) -> list[Setting]:
    """Where everything but messages and includes differs, in the order of a prompt file."""
    parts: list[tuple[str, object, object]] = [
        ("model", before.model, after.model),
        ("params", before.params, after.params),
        ("inputs", before.inputs, after.inputs),
        ("output", before.output, after.output),
        ("tools", _by_name(before.tools), _by_name(after.tools)),
    ]
    return [
        Setting(part, path, old, new)
        for part, left, right in parts
        for path, old, new in compare_values(left, right)
    ]


def _by_name(tools: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Tools under their names, so that one more in front does not change all the others."""
    named: dict[str, Any] = {}
    for at, tool in enumerate(tools):
        function = tool.get("function")
        name = function.get("name") if isinstance(function, Mapping) else tool.get("name")
        key = str(name or at)
        named[key if key not in named else f"{key}#{at}"] = tool
    return named


def changed_includes(
    before: Mapping[str, str], after: Mapping[str, str]
) -> list[tuple[str, str | None, str | None]]:
    """Includes that differ: (path, text before, text after); None where it is absent."""
    return [
        (path, before.get(path), after.get(path))
        for path in sorted({*before, *after})
        if before.get(path) != after.get(path)
    ]
