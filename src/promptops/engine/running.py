"""The run itself: round by round, a few workers draw, keep, score and enter what they found."""

from __future__ import annotations

import asyncio
import time
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from promptops.comparison.critical import broken_critical
from promptops.comparison.ledger import Ledger
from promptops.comparison.verdicts import Decision, Evidence, decide, describe_first
from promptops.engine.drawing import Drawing
from promptops.engine.plan import Plan
from promptops.engine.progress import Progress, Watcher
from promptops.engine.schedule import Draw, draws, rounds
from promptops.engine.scoring import EngineServices, own_failure, score_sample
from promptops.engine.tally import ArmTally, SourceTally
from promptops.errors import NoVerdictError, StoreError
from promptops.store.runs import Row, Runs, SampleRecord
from promptops.values.response import Failure, Outcome
from promptops.values.sample import Arm, Source
from promptops.values.score import Score, Scored

ROWS_AT_ONCE = 500
TOLD_EVERY_SECONDS = 0.1


@dataclass(slots=True)
class Run:
    """A run under way, and what it has gathered."""

    id: str
    plan: Plan
    drawing: Drawing
    services: EngineServices
    runs: Runs
    concurrency: int
    watch: Watcher
    ledger: Ledger = field(init=False)
    tallies: dict[Arm, ArmTally] = field(init=False)
    sources: SourceTally = field(default_factory=SourceTally)
    judges: dict[str, str] = field(default_factory=dict)
    """Metric to the digest of the judge prompt that scored it."""
    finished: int = 0
    stopped: bool = False
    """It ended before the plan was worked through."""
    decision: Decision | None = None
    _rows: list[Row] = field(default_factory=list)
    _told: float = 0.0
    _groups: array[int] = field(init=False)
    _critical: list[tuple[int, str]] = field(init=False)
    shared: set[int] = field(init=False)
    planned: int = field(init=False)
    """Responses to be had, judges aside."""

    def __post_init__(self) -> None:
        plan = self.plan
        names = [scorer.name for scorer in plan.scorers]
        self.ledger = Ledger(len(plan.dataset), plan.samples, names)
        self.tallies = {arm.arm: ArmTally() for arm in plan.arms}
        self._groups, self._critical = _kinds(plan)
        self.shared = {case for case in range(len(plan.dataset)) if plan.shared(case)}
        alone = len(plan.arms) * len(plan.dataset) - len(self.shared)
        self.planned = plan.samples * alone

    async def complete(self) -> Decision:
        """Draw and score the whole plan, and decide.

        A run that has to stop before its end (its budget is spent, no call can succeed) is invalid,
        with the reason; what was had is kept.

        Raises:
            StoreError: nothing more can be kept.
        """
        plan = self.plan
        try:
            for visits in rounds(len(plan.dataset), plan.samples, plan.seed):
                todo = draws(visits, tuple(arm.arm for arm in plan.arms), self.shared)
                await self._work(todo)
                # The place of the sequential look: today the estimate is only shown, and the one
                # decision falls when the budget is spent.
                self.decision = self._decide()
                self._tell()
        except StoreError:
            raise
        except NoVerdictError as error:
            self._stop(error.message, *filter(None, [error.hint]))
        except asyncio.CancelledError:
            self._stop(
                "interrupted", "what was paid for is kept: the same command goes on from here"
            )
            raise
        finally:
            self._write_rows()
        assert self.decision is not None
        return self.decision

    def _stop(self, why: str, *more: str) -> None:
        """There will be no verdict: the run is invalid, whatever it found so far."""
        self.stopped = True
        found = [replace(each, verdict="invalid") for each in self._decide().comparisons]
        self.decision = Decision("invalid", [f"stopped before its end: {why}", *more], found)

    def _decide(self) -> Decision:
        plan = self.plan
        if plan.baseline is None:
            return describe_first(self.ledger, plan.policy, alone=plan.alone)
        broken = broken_critical(self.ledger, plan.policy.gating, self._critical)
        evidence = Evidence(self.ledger, self._groups, broken, identical=plan.identical)
        return decide(evidence, plan.policy)

    async def _work(self, todo: Iterator[Draw]) -> None:
        """Work through the draws; an error stops the rest, but not the calls that are under way."""
        errors: list[Exception] = []

        async def worker() -> None:
            for draw in todo:
                if errors:
                    return
                try:
                    await self._one(draw)
                except Exception as error:  # noqa: BLE001  # raised below, when all have come home
                    errors.append(error)

        async with asyncio.TaskGroup() as group:
            for _ in range(self.concurrency):
                group.create_task(worker())
        if errors:
            raise errors[0]

    async def _one(self, draw: Draw) -> None:
        plan = self.plan
        arm = next(each for each in plan.arms if each.arm == draw.arms[0])
        case = plan.dataset.case(draw.case)
        key = arm.key(draw.case)
        request = arm.render(case)
        drawn = await self.drawing.draw(request, key, draw.index)
        self.sources.count(drawn.outcome, drawn.source)
        scores: dict[str, Scored] = {}
        failure = None
        if not isinstance(drawn.outcome, Failure):
            failure = own_failure(
                drawn.outcome,
                arm.output,
                truncated_fails=plan.suite.file.truncated == "fail",
            )
            scores = await score_sample(
                plan.scorers,
                case,
                request,
                drawn.outcome,
                self.services,
                failure=failure,
            )
        for each in draw.arms:
            self._enter(each, draw, drawn.outcome, scores)
            if failure:
                self.tallies[each].own_failures[failure[0]] += 1
            source: Source = drawn.source if each == draw.arms[0] else "shared"
            failed = _told(drawn.outcome)
            record = SampleRecord(source, scores, failed)
            self._rows.append((each, case.id, draw.index, key, record))
        if len(self._rows) >= ROWS_AT_ONCE:
            self._write_rows()
        self.finished += 1
        self._tell(soon=True)

    def _enter(self, arm: Arm, draw: Draw, outcome: Outcome, scores: dict[str, Scored]) -> None:
        self.tallies[arm].count(outcome)
        if isinstance(outcome, Failure):
            self.ledger.lost(arm, draw.case, draw.index)
            return
        for metric, score in scores.items():
            if score.judge:
                self.judges[metric] = score.judge
            if isinstance(score, Score):
                self.ledger.score(arm, metric, draw.case, draw.index, score.value)
            else:
                self.ledger.unscorable(arm, metric, draw.case, draw.index)

    def _write_rows(self) -> None:
        rows, self._rows = self._rows, []
        if rows:
            self.runs.add_samples(self.id, rows)

    def _tell(self, *, soon: bool = False) -> None:
        now = time.monotonic()
        if soon and now - self._told < TOLD_EVERY_SECONDS:
            return
        self._told = now
        gating = self.plan.policy.gating[0].name
        compared = self.decision.comparisons if self.decision else []
        looked = next((each for each in compared if each.metric.name == gating), None)
        meter = self.drawing.meter
        self.watch(
            Progress(
                suite=self.plan.suite.name,
                model=self.plan.candidate.model,
                planned=self.planned,
                finished=self.finished,
                calls=meter.made,
                cached=self.sources.sources["cached"],
                input_tokens=sum(each.input_tokens for each in self.tallies.values()),
                output_tokens=sum(each.output_tokens for each in self.tallies.values()),
                incurred_usd=meter.incurred_usd,
                unpriced_calls=meter.unpriced,
                metric=gating,
                delta=looked.delta if looked else None,
                interval=looked.interval if looked else None,
                level=looked.candidate if looked else None,
            )
        )


def _told(outcome: Outcome) -> str | None:
    return f"{outcome.kind}: {outcome.message}" if isinstance(outcome, Failure) else None


def _kinds(plan: Plan) -> tuple[array[int], list[tuple[int, str]]]:
    """A number for each case, the same for cases that share a group; and the critical cases."""
    named: dict[str, int] = {}
    numbers = array("q")
    critical = []
    for number in range(len(plan.dataset)):
        case = plan.dataset.case(number)
        numbers.append(number if case.group is None else named.setdefault(case.group, number))
        if case.critical:
            critical.append((number, case.id))
    return numbers, critical
