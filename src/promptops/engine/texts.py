"""What a reader of a report wants to see beside it, kept as the run met it.

The texts of both versions, which may never have been committed, and the cases with their expected
values.  Nothing that is secret in the environment goes with them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from promptops.engine.plan import ArmPlan, Plan
from promptops.models.redaction import Redactor
from promptops.prompts.meaning import canonical_meaning
from promptops.prompts.prompt import PromptMessage
from promptops.store.case_texts import CaseText
from promptops.store.store import Store
from promptops.values.case import Case
from promptops.values.details import PromptText
from promptops.values.request import Message, canonical_json
from promptops.values.sample import Arm

LONGEST_TEXT = 4000
"""Characters of one text of a case."""
MOST_BYTES = 64 * 1024
"""Of one case."""

_SHORTER = (1000, 250, 60)
"""For the values of a case that is still too large."""
_LONGEST_NAME = 200

Redact = Callable[[Any], Any]
"""A JSON value without secrets."""


def keep_texts(plan: Plan, store: Store, environ: Mapping[str, str]) -> dict[Arm, str]:
    """Keep the texts of a plan's versions and its dataset's cases, as far as they are not there.

    The whole dataset, whichever cases take part.  What a kill leaves undone, the next run does.
    Answers under which id the text of each version is kept.

    Raises:
        StoreError: they cannot be written.
    """
    redact: Redact = Redactor(environ).exactly
    opened = plan.opened
    if store.case_texts.lacks(opened.fingerprint, len(opened)):
        store.case_texts.keep(
            opened.fingerprint, ((each.id, case_text(each, redact)) for each in opened)
        )
    return {arm.arm: store.prompt_texts.keep(prompt_text(arm, redact)) for arm in plan.arms}


def prompt_text(arm: ArmPlan, redact: Redact) -> PromptText:
    """A version as it is kept, without secrets."""
    loaded, prompt = arm.loaded, arm.loaded.prompt
    text = PromptText(
        name=loaded.name,
        path=loaded.path,
        digest=loaded.digest,
        version=prompt.version,
        source=loaded.source,
        messages=[_template(each) for each in prompt.messages],
        includes=loaded.includes,
        model=prompt.model,
        params=canonical_meaning(prompt, loaded.includes)["params"],
        inputs=prompt.inputs,
        output=prompt.output.schema if prompt.output else None,
        tools=prompt.tools,
        change=prompt.change,
    )
    plain = msgspec.to_builtins(text)
    safe = redact(plain)
    return text if safe is plain else msgspec.convert(safe, PromptText)


def _template(message: PromptMessage) -> Message:
    return Message(
        message.role, message.content, message.name, message.tool_calls, message.tool_call_id
    )


def case_text(case: Case, redact: Redact) -> CaseText:
    """A case as it is kept: without secrets, and of bounded size."""
    columns, tags, group = redact([case.columns, case.tags, case.group])
    return CaseText(shortened(columns), tags, group, case.critical)


def shortened(columns: dict[str, Any]) -> dict[str, Any]:
    """A case's columns in at most 64 kB.

    Texts are cut at 4,000 characters, and end in … then.  Where that is not enough, every value is
    cut further, lists and mappings as their JSON; at last the columns behind are left out.
    """
    cut = {name: _cut_texts(value) for name, value in columns.items()}
    for longest in _SHORTER:
        if _size(cut) <= MOST_BYTES:
            return cut
        cut = {name: _cut_whole(value, longest) for name, value in columns.items()}
    return dict(_first(cut))


def _cut_texts(value: Any) -> Any:
    if isinstance(value, str):
        return _cut(value, LONGEST_TEXT)
    if isinstance(value, list):
        return [_cut_texts(each) for each in value]
    if isinstance(value, dict):
        return {key: _cut_texts(each) for key, each in value.items()}
    return value


def _cut_whole(value: Any, longest: int) -> Any:
    if isinstance(value, str):
        return _cut(value, longest)
    if not isinstance(value, list | dict):
        return value
    told = canonical_json(value).decode()
    return value if len(told) <= longest else _cut(told, longest)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[:longest] + "…"


def _first(columns: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The first columns, as long as there is room."""
    room = MOST_BYTES
    for name, value in columns.items():
        short = _cut(name, _LONGEST_NAME)
        room -= _size({short: value})
        if room < 0:
            return
        yield short, value


def _size(columns: Mapping[str, Any]) -> int:
    return len(msgspec.msgpack.encode(columns))
