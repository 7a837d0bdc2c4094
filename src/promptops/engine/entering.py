"""What a run found, entered where its verdict and its report read it."""

from __future__ import annotations

from dataclasses import dataclass, field

from promptops.comparison.ledger import ARMS, Ledger
from promptops.engine.drawing import Drawn, Slot
from promptops.engine.judging.vote_tally import VoteTally
from promptops.engine.pairing import Met, Pairing
from promptops.engine.plan import ArmPlan, Plan
from promptops.engine.schedule import Draw
from promptops.engine.tally import ArmTally
from promptops.store.runs import Row, SampleRecord
from promptops.values.account import Account
from promptops.values.response import Failure, Outcome
from promptops.values.sample import Arm, Source
from promptops.values.score import Score, Scored


@dataclass(slots=True)
class Entries:
    """The ledger of a run, and the counts beside it."""

    ledger: Ledger
    tallies: dict[Arm, ArmTally]
    pairing: Pairing
    votes: dict[str, VoteTally]
    """Metric to what its judge's votes say of the judge."""
    judges: dict[str, str] = field(default_factory=dict)
    """Metric to the digest of the judge prompt that scored it."""

    def enter(self, arm: Arm, draw: Draw, outcome: Outcome, scores: dict[str, Scored]) -> None:
        """One sample, with what was said of it alone."""
        self.tallies[arm].count(outcome, draw.case)
        if isinstance(outcome, Failure):
            self.ledger.lost(arm, draw.case, draw.index)
        else:
            self._score(arm, draw, scores)

    async def pair(self, met: Met, draw: Draw) -> list[Row]:
        """Have a pair judged, and enter what was said; both samples as they are to be kept.

        A pair that lacks a side is lost on both: nothing can be said of the other one alone.
        """
        if met.lost:
            for arm in ARMS:
                self.ledger.lost(arm, draw.case, draw.index, self.pairing.metrics)
            return []
        scores = await self.pairing.score(met)
        for arm in ARMS:
            self._score(arm, draw, scores[arm])
        return met.rows(scores)

    def _score(self, arm: Arm, draw: Draw, scores: dict[str, Scored]) -> None:
        for metric, score in scores.items():
            if score.judge:
                self.judges[metric] = score.judge
            tally = self.votes.get(metric)
            if tally and not (tally.pairs and arm == "baseline"):
                tally.count(arm, score, shared=len(draw.arms) > 1)
            if isinstance(score, Score):
                self.ledger.score(arm, metric, draw.case, draw.index, score.value)
            else:
                self.ledger.unscorable(arm, metric, draw.case, draw.index)


def sample_row(
    arm: Arm, draw: Draw, case: str, *, slot: Slot, drawn: Drawn, scores: dict[str, Scored]
) -> Row:
    """A sample as it is kept beside its response, which is under `slot`."""
    outcome, (key, number) = drawn.outcome, slot
    failed = f"{outcome.kind}: {outcome.message}" if isinstance(outcome, Failure) else None
    source: Source = drawn.source if arm == draw.arms[0] else "shared"
    return arm, case, draw.index, key, SampleRecord(source, scores, failed, number)


def account(run: str, plan: Plan, arm: ArmPlan) -> Account:
    """On whose account the answers of an arm are drawn."""
    loaded = arm.loaded
    return Account(
        run=run,
        suite=plan.suite.name,
        purpose="sample",
        prompt=loaded.name,
        version=loaded.prompt.version,
        digest=loaded.digest,
        model=arm.model,
    )
