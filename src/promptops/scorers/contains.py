"""1 when the answer contains what it should, after normalisation; else 0.

Exactly one of `expected` (a text, or a list of which all must be there), `all` and `any` is
written.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from msgspec import Meta

from promptops.scorers.comparing.text import shown
from promptops.scorers.scorer import Expected, OptionError, ScorerOptions, Subject
from promptops.values.score import Score

_KINDS = ("expected", "all", "any")


class Options(ScorerOptions, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a suite may write."""

    TEMPLATES: ClassVar = _KINDS

    expected: Annotated[
        str | int | float | bool | list[Any] | None,
        Meta(description="A text, or a list of texts, that the answer contains; a template."),
    ] = None
    all: Annotated[
        str | list[Any] | None, Meta(description="Texts that must all be there; templates.")
    ] = None
    any: Annotated[
        str | list[Any] | None, Meta(description="Texts of which one is enough; templates.")
    ] = None


def prepare(options: Options) -> str:
    """Which of the three is written."""
    written = [kind for kind in _KINDS if getattr(options, kind) is not None]
    if len(written) != 1:
        raise OptionError(
            f"contains takes exactly one of {', '.join(_KINDS)}",
            option=written[1] if written else None,
            hint="for example  any: ['Oslo', 'Bergen']",
        )
    return written[0]


def check(_options: Options, expected: Expected, prepared: str) -> str | None:
    if not all(expected.texts(prepared)):
        return f"{prepared!r}: every answer contains the empty text"
    return None


def score(_options: Options, subject: Subject) -> Score:
    answer, kind = subject.answer, subject.prepared
    wanted = subject.expected.texts(kind)
    missing = [text for text in wanted if text not in answer]
    if not missing or (kind == "any" and len(missing) < len(wanted)):
        return Score(1.0, "contains")
    lacks = ", ".join(shown(text) for text in missing[:5])
    return Score(0.0, "lacks", f"not in the answer: {lacks}")
