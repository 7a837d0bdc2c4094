"""What differs in meaning between two versions of a prompt, part by part, in words."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from promptops.prompts.includes import FOLDER
from promptops.prompts.loading import LoadedPrompt
from promptops.prompts.prompt import PromptMessage, Rubric, strings
from promptops.values.gate import Part, PartChange
from promptops.values.request import canonical_json

_MOST_LINES = 5_000
"""Of each side that are compared line by line."""
_LONGEST = 60
_UNSET = "unset"


def prompt_changes(old: LoadedPrompt, new: LoadedPrompt) -> list[PartChange]:
    """Every part of the meaning that differs; empty exactly where the digests are the same."""
    if old.digest == new.digest:
        return []
    found = [*_wording(old, new), *_includes(old, new)]
    words_same = not found
    told: dict[Part, str] = {
        "model": _model(old, new, words_same=words_same),
        "params": _params(old, new),
        "tools": _tools(old, new),
        "output": _output(old, new),
        "inputs": named_changes("input", old.prompt.inputs, new.prompt.inputs),
        "judge": _rubric(old, new),
    }
    return found + [PartChange(part, what, new.path) for part, what in told.items() if what]


def _wording(old: LoadedPrompt, new: LoadedPrompt) -> Iterator[PartChange]:
    before, after = ([_meant(each) for each in side.prompt.messages] for side in (old, new))
    if before == after:
        return
    steps = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    changed = sum(max(i2 - i1, j2 - j1) for tag, i1, i2, j1, j2 in steps if tag != "equal")
    whole = max(len(before), len(after))
    told = f"{changed} of {many(whole, 'message')} changed"
    yield PartChange("wording", told + _counted(_lines(old), _lines(new)), new.path)


def _meant(message: PromptMessage) -> bytes:
    return canonical_json(msgspec.to_builtins(message))


def _lines(side: LoadedPrompt) -> list[str]:
    """Every line of every message; roles are no lines."""
    return [
        line
        for message in side.prompt.messages
        for path, text in strings(msgspec.to_builtins(message), ())
        if path != ("role",)
        for line in text.splitlines()
    ]


def _counted(before: list[str], after: list[str]) -> str:
    """`: 2 lines added, 1 removed`; nothing where there are too many to compare."""
    if max(len(before), len(after)) > _MOST_LINES:
        return ""
    steps = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    added = sum(j2 - j1 for tag, _, _, j1, j2 in steps if tag != "equal")
    removed = sum(i2 - i1 for tag, i1, i2, _, _ in steps if tag != "equal")
    if added and removed:
        return f": {many(added, 'line')} added, {removed:,} removed"
    if added or removed:
        return f": {many(added or removed, 'line')} {'added' if added else 'removed'}"
    return ""


def _includes(old: LoadedPrompt, new: LoadedPrompt) -> Iterator[PartChange]:
    for name in sorted(old.includes.keys() | new.includes.keys()):
        before, after = old.includes.get(name), new.includes.get(name)
        if before == after:
            continue
        if before is None or after is None:
            told = "is included now" if before is None else "is included no more"
        else:
            told = "changed" + _counted(before.splitlines(), after.splitlines())
        yield PartChange("includes", f"{name} {told}", f"{FOLDER}/{name}")


def _model(old: LoadedPrompt, new: LoadedPrompt, *, words_same: bool) -> str:
    before, after = old.prompt.model, new.prompt.model
    if before == after:
        return ""
    told = f"model {before} → {after}"
    return f"{told}: the model changed, its words did not" if words_same else told


def _params(old: LoadedPrompt, new: LoadedPrompt) -> str:
    return value_changes(
        msgspec.to_builtins(old.prompt.params), msgspec.to_builtins(new.prompt.params)
    )


def _tools(old: LoadedPrompt, new: LoadedPrompt) -> str:
    before, after = (
        {_tool_name(at, each): each for at, each in enumerate(side.prompt.tools)}
        for side in (old, new)
    )
    if old.prompt.tools == new.prompt.tools:
        return ""
    return named_changes("tool", before, after) or "tools are in another order"


def _tool_name(at: int, tool: Mapping[str, Any]) -> str:
    function = tool.get("function")
    name = function.get("name") if isinstance(function, Mapping) else tool.get("name")
    return name if isinstance(name, str) else f"number {at + 1}"


def _output(old: LoadedPrompt, new: LoadedPrompt) -> str:
    before, after = old.prompt.output, new.prompt.output
    if before == after:
        return ""
    told = "added" if before is None else "removed" if after is None else "changed"
    return f"output schema {told}"


def _rubric(old: LoadedPrompt, new: LoadedPrompt) -> str:
    before, after = old.prompt.judge or Rubric(), new.prompt.judge or Rubric()
    told = [
        named_changes("label", before.labels, after.labels),
        named_changes("anchor", before.anchors, after.anchors),
        named_changes("criterion", before.criteria, after.criteria),
    ]
    orders = [(list(each.labels), list(each.criteria)) for each in (before, after)]
    reordered = "rubric in another order" if orders[0] != orders[1] else ""
    return "; ".join(filter(None, told)) or reordered


def named_changes(noun: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """`input city added, message changed`; "" where all are the same."""
    told = []
    for name in dict.fromkeys([*before, *after]):
        if name not in before:
            told.append(f"{name} added")
        elif name not in after:
            told.append(f"{name} removed")
        elif before[name] != after[name]:
            told.append(f"{name} changed")
    return f"{noun} {', '.join(told)}" if told else ""


def value_changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """`temperature 0.2 → 0.7, stop unset → "x"`; "" where all are the same."""
    return ", ".join(
        f"{name} {shown(before.get(name, _UNSET))} → {shown(after.get(name, _UNSET))}"
        for name in dict.fromkeys([*before, *after])
        if before.get(name, _UNSET) != after.get(name, _UNSET)
    )


def shown(value: Any) -> str:
    """A value as it would be written, cut where it is long."""
    if value is None:
        return _UNSET
    text = value if isinstance(value, str) else canonical_json(value).decode()
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def many(count: int, noun: str) -> str:
    """`1 line`, `2 lines`."""
    return f"{count:,} {noun}{'s' * (count != 1)}"
