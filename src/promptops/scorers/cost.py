"""1 when the answer cost at most `max_usd`; else 0. An answer of unknown price is unscorable."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from promptops.scorers.scorer import ScorerOptions, Subject
from promptops.values.score import Score, Scored, Unscorable

SCORES_OWN_FAILURES = True


class Options(ScorerOptions, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a suite may write."""

    max_usd: Annotated[float, Meta(ge=0, description="The most that is right, in US dollars.")]


def score(options: Options, subject: Subject) -> Scored:
    cost = subject.response.cost_usd
    if cost is None:
        return Unscorable(f"the price of {subject.request.model} is unknown")
    if cost <= options.max_usd:
        return Score(1.0, "cheap", f"${cost:.6g}")
    return Score(0.0, "dear", f"${cost:.6g}, more than ${options.max_usd:g}")
