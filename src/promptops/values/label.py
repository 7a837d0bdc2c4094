"""What a person says of an answer: the truth that judges are measured against.

A label belongs to the content of an answer and not to a run, so it stays with that answer through
every rerun, whoever drew it.
"""

from __future__ import annotations

import hashlib
from typing import Any, Literal

import msgspec

from promptops.values.request import canonical_json
from promptops.values.response import Response

Chosen = Literal["", "uniform", "informative", "disagreements"]
"""By which rule an answer was chosen to be labelled; "" where that is not known.

Only what was drawn at random says anything of the answers that nobody labelled, so only `uniform`
labels correct a difference or measure a judge.
"""


class Label(msgspec.Struct, frozen=True, omit_defaults=True):
    """One person's word on one answer, for one metric."""

    metric: str
    """The scorer that this is the truth for."""
    case: str
    output: str
    """`output_digest` of the answer."""
    value: float | None
    """In [0, 1], as the scorer's own scores; None where the person cannot tell."""
    reviewer: str
    at: str
    """UTC, ISO 8601."""
    label: str = ""
    """What was chosen, in the judge's words: `yes`, `4`, `faithful`."""
    comment: str = ""
    text: str = ""
    """The answer, or its beginning, for whoever reads the file."""
    chosen: Chosen = ""


class PairLabel(msgspec.Struct, frozen=True, omit_defaults=True):
    """One person's word on two answers to one case."""

    metric: str
    case: str
    first: str
    """`output_digest` of the one answer; in the file's order, not as it was shown."""
    second: str
    better: Literal["first", "second", "tie"] | None
    """None where the person cannot tell."""
    reviewer: str
    at: str
    comment: str = ""
    chosen: Chosen = ""


def output_digest(response: Response) -> str:
    """SHA-256, as 64 hex digits, of what an answer says: its text, its tool calls, its refusal.

    Tokens, times and prices do not enter: the same words are the same answer.  Half a surrogate
    pair, which no encoding can carry, counts as its escape, as which it is kept.
    """
    said = [response.content, response.tool_calls, response.refusal]
    try:
        text = canonical_json(said)
    except UnicodeEncodeError:
        text = canonical_json(_written_out(said))
    return hashlib.sha256(text).hexdigest()


def _written_out(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_written_out(key): _written_out(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_written_out(each) for each in value]
    return value
