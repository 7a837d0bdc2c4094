"""1 when the answer took at most `max_seconds`, from sending the request to its last byte; else 0.

A stored answer keeps the latency with which it was drawn.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from promptops.scorers.scorer import ScorerOptions, Subject
from promptops.values.score import Score

SCORES_OWN_FAILURES = True


class Options(ScorerOptions, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a suite may write."""

    max_seconds: Annotated[float, Meta(gt=0, description="The longest that is right, in seconds.")]


def score(options: Options, subject: Subject) -> Score:
    took = subject.response.latency_seconds
    if took <= options.max_seconds:
        return Score(1.0, "fast", f"{took:.3g} s")
    return Score(0.0, "slow", f"{took:.3g} s, more than {options.max_seconds:g} s")
