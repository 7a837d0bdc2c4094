"""1 when the answer is the expected text, exactly, after normalisation; else 0.

Where `expected` is a list, any item of it will do.  A number or truth value is compared as JSON
writes it (`5`, `true`).
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from msgspec import Meta

from promptops.scorers.comparing.text import shown
from promptops.scorers.scorer import Expected, ScorerOptions, Subject
from promptops.values.score import Score


class Options(ScorerOptions, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a suite may write."""

    TEMPLATES: ClassVar = ("expected",)

    expected: Annotated[
        str | int | float | bool | list[Any],
        Meta(description="The right answer, or a list of right ones; a template over the case."),
    ]


def check(_options: Options, expected: Expected, _prepared: None) -> str | None:
    expected.texts("expected")
    return None


def score(_options: Options, subject: Subject) -> Score:
    answer = subject.answer
    wanted = subject.expected.texts("expected")
    if answer in wanted:
        return Score(1.0, "equal")
    either = " or ".join(shown(text) for text in wanted[:5])
    return Score(0.0, "different", f"expected {either}, got {shown(answer)}")
