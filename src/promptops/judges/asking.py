"""One word had out of a judge: asked, read strictly, asked once more, or none."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from promptops.documents.strict_json import strict_json
from promptops.judges.verdicts import MalformedVerdictError, Reader, Verdict
from promptops.values.request import Request
from promptops.values.response import Failure, Outcome, Response

Ask = Callable[[Request, int], Awaitable[Outcome]]
"""One answer to a request; another index is another draw."""

ATTEMPTS = 2
"""A malformed verdict is asked for once more."""
MOST_VOTES = 100
"""More of one question than anybody asks for: from here on are the second attempts."""
MAX_REASON = 300


@dataclass(frozen=True, slots=True)
class Silence:
    """No value, and why."""

    kind: Literal["cannot tell", "unreadable", "down"]
    reason: str
    """A sentence about the judge."""


Word = Verdict | Silence
"""A verdict here has a value."""


async def word(
    request: Request, reader: Reader, shown: Sequence[str], ask: Ask, number: int = 0
) -> Word:
    """What a judge says to one question; `number` is which time it is asked.

    `shown` are the texts under judgement: a verdict that stands in one of them, blanks and the
    order of its keys aside, is its own and not the judge's.
    """
    problem = ""
    for attempt in range(ATTEMPTS):
        outcome = await ask(request, number + attempt * MOST_VOTES)
        if isinstance(outcome, Failure):
            reason = f"the judge could not be asked ({outcome.kind}): {outcome.message}"
            return Silence("down", reason[:MAX_REASON])
        try:
            verdict = _read(outcome, reader, shown)
        except MalformedVerdictError as error:
            problem = str(error)
            continue
        if verdict.value is None:
            reason = f"the judge cannot tell: {verdict.explanation or verdict.label}"
            return Silence("cannot tell", reason[:MAX_REASON])
        return verdict
    reason = f"the judge gave no readable verdict, {ATTEMPTS} times: {problem}"
    return Silence("unreadable", reason[:MAX_REASON])


def _read(response: Response, reader: Reader, shown: Sequence[str]) -> Verdict:
    said = response.content.strip()
    if response.refusal or response.finish_reason == "content_filter":
        raise MalformedVerdictError("it refused")
    if response.finish_reason == "length":
        raise MalformedVerdictError("it was cut at its token limit")
    if not said:
        raise MalformedVerdictError("it said nothing")
    verdict = reader.read(said)
    if any(_repeats(said, text) for text in shown):
        raise MalformedVerdictError("it repeats words of the answer as its verdict")
    return verdict


def _repeats(said: str, text: str) -> bool:
    """Whether a verdict stands in a text: as it is, or key by key, for a judge that is held to a
    schema sets what it repeats in the schema's order.
    """
    bare = _bare(text)
    if _bare(said) in bare:
        return True
    pairs = strict_json(said).items()
    return all(
        _bare(f"{json.dumps(k)}:{json.dumps(v, ensure_ascii=False)}") in bare for k, v in pairs
    )


def _bare(text: str) -> str:
    """Without blanks: who repeats a verdict may set it anew."""
    return "".join(text.split())
