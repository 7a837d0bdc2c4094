"""A judge asked the same once more: its draws have numbers of their own, so no kept one answers."""

from __future__ import annotations

from datetime import date

from promptops.engine.scoring import ScorerServices
from promptops.judges.verdicts import VERDICT
from promptops.prompts.loading import LoadedPrompt
from promptops.scorers.discovery import Scorer
from promptops.values.request import Request
from promptops.values.response import Outcome

APART = 10_000
"""Between the numbers of one asking and of the next: more than any judge asks by itself."""
_DAYS = 1_000_000_000
"""From here on are the numbers of askings by day."""


def of_day(day: date) -> int:
    """The first number of what is asked once a day."""
    return _DAYS + day.toordinal() * APART


class Anew:
    """The services of a scorer for one more asking; implements `scorers.scorer.Services`."""

    def __init__(self, lent: ScorerServices, first: int) -> None:
        """`first` is the number of its first draw."""
        self._lent = lent
        self._first = first
        self.root = lent.root
        self.allow_code = lent.allow_code
        self.load_prompt = lent.load_prompt
        self.embed = lent.embed

    async def ask(self, request: Request, index: int) -> Outcome:
        return await self._lent.ask(request, self._first + index)


def best_verdict(scorer: Scorer, loaded: LoadedPrompt) -> object:
    """The verdict that praises most, in the words of the judge that a scorer asks."""
    rubric = loaded.prompt.judge
    worth = getattr(scorer.options, "labels", None) or (rubric.labels if rubric else None)
    if worth:
        known = {label: value for label, value in worth.items() if value is not None}
        return max(known, key=lambda label: known[label])
    schema = loaded.prompt.output.schema if loaded.prompt.output else {}
    verdict = schema.get("properties", {}).get(VERDICT, {})
    scale = getattr(scorer.options, "scale", None) or (0, verdict.get("maximum", 1))
    return scale[1]
