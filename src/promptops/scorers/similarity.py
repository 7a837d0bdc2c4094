"""How like the expected text the answer is, from 0 to 1, without a model.

`metric` is `edit` (1 − Levenshtein distance / longer length), `chrf` (character n-grams), `bleu`
(sentence BLEU with effective order) or `rouge` (F1 of the longest common subsequence of words).
With `threshold` the score is 1 at or above it, else 0.  Where `expected` is a list the nearest item
counts. Very long answers are compared by their beginning (see each metric's `MAX_CHARACTERS`).
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Literal, cast

from msgspec import Meta

from promptops.errors import MissingExtraError
from promptops.scorers.comparing.text import encodable
from promptops.scorers.scorer import Expected, ScorerOptions, Subject, Threshold
from promptops.values.score import Score

Metric = Callable[[str, str], float]


class Options(ScorerOptions, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a suite may write."""

    TEMPLATES: ClassVar = ("expected",)

    expected: Annotated[
        str | list[Any],
        Meta(description="The text to be like, or a list of them; a template over the case."),
    ]
    metric: Annotated[
        Literal["edit", "chrf", "bleu", "rouge"], Meta(description="How likeness is measured.")
    ] = "edit"
    threshold: Annotated[
        Threshold | None, Meta(description="At or above it the score is 1, below it 0.")
    ] = None


def prepare(options: Options) -> Metric:
    try:
        module = importlib.import_module(f"promptops.scorers.metrics.{options.metric}")
    except ModuleNotFoundError:
        raise MissingExtraError(f"metric: {options.metric}", "similarity") from None
    longest: int = module.MAX_CHARACTERS
    compare = cast("Metric", module.similarity)
    return lambda answer, expected: compare(answer[:longest], expected[:longest])


def check(_options: Options, expected: Expected, _prepared: object) -> str | None:
    if not all(text.strip() for text in expected.texts("expected")):
        return "'expected': it is empty"
    return None


def score(options: Options, subject: Subject) -> Score:
    answer = encodable(subject.answer)
    near = max(
        subject.prepared(answer, encodable(text)) for text in subject.expected.texts("expected")
    )
    near = min(1.0, max(0.0, near))
    explanation = f"{options.metric} {near:.3f}"
    if options.threshold is None:
        return Score(near, "", explanation)
    passed = near >= options.threshold
    return Score(float(passed), "near" if passed else "far", explanation)
