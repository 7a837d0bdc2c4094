"""Answers that are judged two by two: a sample waits until the other version's is there too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from promptops.comparison.ledger import ARMS, Visit
from promptops.engine.schedule import Draw
from promptops.engine.scoring import EngineServices
from promptops.judges.pairs import BETTER, TIE, WORSE, mirrored
from promptops.scorers.discovery import Scorer
from promptops.scorers.scorer import Subject
from promptops.store.runs import Row
from promptops.values.case import Case
from promptops.values.request import Request
from promptops.values.response import Failure, Outcome
from promptops.values.sample import Arm
from promptops.values.score import Score, Scored

SHARED = "both versions send the same request, and share the answer"


@dataclass(frozen=True, slots=True)
class Half:
    """One side of a pair: what came back, and how it is kept so far."""

    case: Case
    request: Request
    outcome: Outcome
    failure: tuple[str, str] | None
    """How the answer failed by itself: a label and why."""
    row: Row


@dataclass(frozen=True, slots=True)
class Met:
    """Both sides of a pair."""

    baseline: Half
    candidate: Half
    shared: bool
    """They are one answer."""

    @property
    def lost(self) -> bool:
        """Whether a side never came: there is nothing to compare."""
        return any(isinstance(each.outcome, Failure) for each in (self.baseline, self.candidate))

    def rows(self, scores: dict[Arm, dict[str, Scored]]) -> list[Row]:
        """Both samples as they are kept, with what the pair's scorers said."""
        found: list[Row] = []
        for half in (self.baseline, self.candidate):
            arm, case, index, key, record = half.row
            record = msgspec.structs.replace(record, scores={**record.scores, **scores[arm]})
            found.append((arm, case, index, key, record))
        return found


@dataclass(slots=True)
class Pairing:
    """The scorers of pairs, and the samples whose other side is still under way."""

    scorers: Sequence[Scorer]
    services: EngineServices
    _waiting: dict[Visit, dict[Arm, Half]] = field(default_factory=dict)

    @property
    def metrics(self) -> list[str]:
        """The names of the scorers."""
        return [scorer.name for scorer in self.scorers]

    def meet(self, draw: Draw, halves: dict[Arm, Half]) -> Met | None:
        """Both sides, once the second of them is there, in whichever order they come."""
        visit = (draw.case, draw.index)
        there = self._waiting.setdefault(visit, {})
        there.update(halves)
        if len(there) < len(ARMS):
            return None
        del self._waiting[visit]
        return Met(there["baseline"], there["candidate"], shared=len(draw.arms) == len(ARMS))

    async def score(self, met: Met) -> dict[Arm, dict[str, Scored]]:
        """What every scorer of pairs says, by side; the two sides of a pair add up to 1.

        A shared answer ties without a call.  An answer that failed by itself loses to one that did
        not.
        """
        found: dict[Arm, dict[str, Scored]] = {arm: {} for arm in ARMS}
        for scorer in self.scorers:
            scored = _plainly(met, scorer) or await self._ask(met, scorer)
            found["candidate"][scorer.name] = scored
            found["baseline"][scorer.name] = mirrored(scored)
        return found

    async def _ask(self, met: Met, scorer: Scorer) -> Scored:
        new, old = met.candidate, met.baseline
        assert not isinstance(new.outcome, Failure)
        assert not isinstance(old.outcome, Failure)
        subject = Subject(new.case, new.request, new.outcome, rival=old.outcome)
        return await scorer.score(subject, self.services.on_behalf_of(scorer))


def _plainly(met: Met, scorer: Scorer) -> Score | None:
    """What a pair comes to that no judge need see."""
    judge = scorer.judge[2] if scorer.judge else None
    new, old = met.candidate.failure, met.baseline.failure
    if new and old:
        return Score(0.5, TIE, f"both answers failed: {old[0]}, {new[0]}", judge)
    if new or old:
        side, failure = ("candidate", new) if new else ("baseline", old)
        assert failure is not None
        value, label = (0.0, WORSE) if new else (1.0, BETTER)  # negated or not: it failed
        return Score(value, label, f"the {side}'s answer failed: {': '.join(failure)}", judge)
    if met.shared:
        return Score(0.5, TIE, SHARED, judge)
    return None
