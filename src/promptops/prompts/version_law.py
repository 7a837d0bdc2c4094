"""The law of the version: it grows when the meaning changes, and only then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from promptops.prompts.lint import Finding
from promptops.prompts.loading import LoadedPrompt


@dataclass(frozen=True, slots=True)
class Meaning:
    """One meaning that a prompt had, and what it was numbered."""

    loaded: LoadedPrompt
    numbers: tuple[int, ...]
    """Every number that was committed for it, in turn."""


def version_findings(past: Sequence[Meaning], current: LoadedPrompt) -> list[Finding]:
    """Whether the author's number fits what became of the meaning. `past` is newest first.

    Errors: a meaning under a number that an earlier one has or had, or under a smaller one;
    another number than the one that this meaning was born with, unless that one was wrong.  A
    warning: another meaning whose `change` still tells of the one before.
    """
    own: tuple[int, ...] = ()
    if past and past[0].loaded.digest == current.digest:
        own, past = past[0].numbers, past[1:]
    highest = max((number for meaning in past for number in meaning.numbers), default=0)
    right = next((number for number in own if number > highest), None)
    now, where = current.prompt.version, current.document.locate(("version",))
    if past and now <= highest:
        free = right or highest + 1
        message = _why_not(past, now, highest)
        hint = f"write `version: {free}`, and say why in `change`"
        return [Finding("error", message, where, hint), *_stale(past[0], current)]
    if right is not None and now != right:
        verb = "grew" if now > right else "went back"
        message = f"the version {verb} from {right} to {now}, and the meaning is the same"
        return [Finding("error", message, where, f"write `version: {right}`")]
    return _stale(past[0], current) if past else []


def _why_not(past: Sequence[Meaning], now: int, highest: int) -> str:
    last = past[0].numbers[-1]
    if now == last:
        return f"the meaning changed, and the version is still {now}"
    if now < last:
        return f"the meaning changed, and the version went back from {last} to {now}"
    had = now if any(now in meaning.numbers for meaning in past) else highest
    return f"the version is {now}, and an earlier meaning had {had} already"


def _stale(before: Meaning, current: LoadedPrompt) -> list[Finding]:
    change = current.prompt.change.strip()
    if not change or change != before.loaded.prompt.change.strip():
        return []
    return [
        Finding(
            "warning",
            f"`change` still says what it said of version {before.numbers[-1]}",
            current.document.locate(("change",)),
            "say why this version exists",
        )
    ]
