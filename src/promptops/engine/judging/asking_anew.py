"""A judge asked the same once more: its draws have numbers of their own, so no kept one answers."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from promptops.engine.scoring import ScorerServices
from promptops.judges.pairs import ruled_pairs
from promptops.judges.rubric import Ruled
from promptops.judges.verdicts import Reader
from promptops.prompts.loading import LoadedPrompt
from promptops.scorers.discovery import Scorer
from promptops.scorers.scorer import Subject
from promptops.trust.canaries import PLAIN, Canary, canaries
from promptops.values.case import Case
from promptops.values.request import Request, canonical_json
from promptops.values.response import Failure, Outcome, Response

APART = 10_000
"""Between the numbers of one asking and of the next: more than any judge asks by itself."""
_DAYS = 1_000_000_000
"""From here on are the numbers of askings by day."""
_STATES = 1_000_000_000_000
"""From here on are the numbers of a judge that changed behind its name."""


def of_day(day: date) -> int:
    """The first number of what is asked once a day."""
    return _DAYS + day.toordinal() * APART


def of_state(said: Sequence[float | None]) -> int:
    """The first number of what a judge is asked that changed, and says this of what is known.

    While it says the same, what it judged so is kept and used; what it judged before is not.
    """
    digest = hashlib.sha256(repr(list(said)).encode()).digest()
    return _STATES + int.from_bytes(digest[:4], "big") * APART


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


@dataclass(slots=True)
class _Unasked:
    """Services that note what would be asked, and ask nobody."""

    lent: ScorerServices
    heard: list[list[tuple[str, object]]] = field(default_factory=list)

    @property
    def root(self) -> Path:
        return self.lent.root

    @property
    def allow_code(self) -> bool:
        return self.lent.allow_code

    def load_prompt(self, name: str) -> LoadedPrompt:
        return self.lent.load_prompt(name)

    async def ask(self, request: Request, index: int) -> Outcome:
        del index
        self.heard.append([(each.role, each.content) for each in request.messages])
        return Failure("unavailable", "nobody is asked")

    async def embed(self, model: str, texts: Sequence[str]) -> list[list[float]]:
        del model
        return [[] for _ in texts]


async def shown_to(scorer: Scorer, subject: Subject, lent: ScorerServices) -> str:
    """Digest of what a judge is shown of a subject, 16 hex digits; empty where it is not asked.

    Nobody is asked for it.
    """
    unasked = _Unasked(lent)
    await scorer.score(subject, unasked)
    if not unasked.heard:
        return ""
    return hashlib.sha256(canonical_json(unasked.heard)).hexdigest()[:16]


def reader_of(scorer: Scorer, loaded: LoadedPrompt) -> Reader:
    """What reads the verdicts of the judge that a scorer asks.

    Raises:
        JudgeOptionError: its rubric does not hold together.
    """
    if scorer.pairs:
        return ruled_pairs(loaded).reader
    options = scorer.options
    labels, scale = getattr(options, "labels", None), getattr(options, "scale", None)
    return Ruled(loaded, labels=labels, scale=scale).reader


def canaries_of(
    scorer: Scorer, loaded: LoadedPrompt, case: Case, request: Request
) -> list[tuple[Canary, Subject]]:
    """All canaries, as answers to one case; a judge of pairs sees a plain answer beside each."""
    praise = reader_of(scorer, loaded).praise(least=scorer.options.negate)
    rival = Response(PLAIN, finish_reason="stop") if scorer.pairs else None
    return [
        (each, Subject(case, request, Response(each.answer, finish_reason="stop"), rival=rival))
        for each in canaries(praise)
    ]
