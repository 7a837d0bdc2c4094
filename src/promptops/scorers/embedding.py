"""Cosine similarity of the answer's and the expected text's embeddings, a negative one taken for 0.

With `threshold` the score is 1 at or above it, else 0.  `model` is any embedding model that litellm
knows.  An answer without text scores 0 without a call; a provider that fails makes it unscorable.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, ClassVar

from msgspec import Meta

from promptops.scorers.comparing.text import encodable
from promptops.scorers.scorer import (
    Expected,
    ScorerOptions,
    ServiceError,
    Services,
    Subject,
    Threshold,
)
from promptops.values.score import Score


class Options(ScorerOptions, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a suite may write."""

    TEMPLATES: ClassVar = ("expected",)

    model: Annotated[
        str, Meta(min_length=1, description="An embedding model, as litellm writes it.")
    ]
    expected: Annotated[str, Meta(description="The text to be near to; a template over the case.")]
    threshold: Annotated[
        Threshold | None, Meta(description="At or above it the score is 1, below it 0.")
    ] = None


def check(_options: Options, expected: Expected, _prepared: None) -> str | None:
    return None if expected.text("expected").strip() else "'expected': it is empty"


async def score(options: Options, subject: Subject, services: Services) -> Score:
    answer, expected = subject.answer, subject.expected.text("expected")
    if not answer.strip():
        return Score(0.0, "empty")
    if answer == expected:
        return Score(1.0, "near", "the texts are equal")
    vectors = await services.embed(options.model, [encodable(answer), encodable(expected)])
    if len(vectors) != 2:
        raise ServiceError(f"{options.model} sent {len(vectors)} embeddings for 2 texts")
    near = min(1.0, max(0.0, _cosine(*vectors)))
    if options.threshold is None:
        return Score(near, "", f"cosine {near:.3f}")
    passed = near >= options.threshold
    return Score(float(passed), "near" if passed else "far", f"cosine {near:.3f}")


def _cosine(one: Sequence[float], other: Sequence[float]) -> float:
    if len(one) != len(other):
        raise ServiceError(f"embeddings of {len(one)} and {len(other)} numbers")
    norms = math.hypot(*one) * math.hypot(*other)
    dot = math.fsum(a * b for a, b in zip(one, other, strict=True))
    cosine = dot / norms if norms else math.nan
    if not math.isfinite(cosine):
        raise ServiceError("an embedding without a direction")
    return cosine
