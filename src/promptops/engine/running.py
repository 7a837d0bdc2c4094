"""The run itself: round by round, a few workers draw, keep, score and enter what they found."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from promptops.comparison.by_labels import without_verdict
from promptops.comparison.decision import Decision
from promptops.comparison.ledger import Ledger
from promptops.comparison.verdicts import describe_first
from promptops.engine.drawing import Drawing
from promptops.engine.economy import Usages, decided, economy
from promptops.engine.entering import Entries, account, sample_row
from promptops.engine.judging.drift import JudgeWatch
from promptops.engine.judging.vote_tally import tallies
from promptops.engine.looks import Looks, Visits
from promptops.engine.pairing import Half, Pairing
from promptops.engine.people.corrections import PeopleBeside
from promptops.engine.plan import Plan
from promptops.engine.progress import Watcher
from promptops.engine.run_progress import progress
from promptops.engine.schedule import Draw, draws, rounds
from promptops.engine.scoring import EngineServices, own_failure, score_sample
from promptops.engine.tally import ArmTally, SourceTally
from promptops.errors import BudgetSpentError, NoVerdictError, StoreError
from promptops.models.price_entry import Price
from promptops.models.prices import price
from promptops.store.runs import Row, Runs
from promptops.values.account import Account
from promptops.values.report import EconomyReport
from promptops.values.response import Failure
from promptops.values.sample import Arm
from promptops.values.score import Scored

ROWS_AT_ONCE = 500
STOPPED = "stopped before its end: "
TOLD_EVERY_SECONDS = 0.1
TOLD_AGAIN_SECONDS = 0.5
"""Also while nothing happens: why it waits is news."""


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
    judges: JudgeWatch = field(default_factory=JudgeWatch)
    """Whether they still say what they said when they were measured."""
    ledger: Ledger = field(init=False)
    usages: Usages = field(init=False)
    economy: list[EconomyReport] = field(default_factory=list)
    """What the candidate uses beside the baseline."""
    looks: Looks | None = field(init=False)
    """None where there is nothing to compare with."""
    tallies: dict[Arm, ArmTally] = field(init=False)
    sources: SourceTally = field(default_factory=SourceTally)
    entries: Entries = field(init=False)
    finished: int = 0
    unscored: int = 0
    """Answers that were had and are not scored yet."""
    stopped: bool = False
    """It ended before the plan was worked through, and not because the answer was clear."""
    cut: bool = False
    """It could not go on, though what it had was clear by itself."""
    may_go_on: bool = False
    """It was broken off, and the same command goes on with it."""
    decision: Decision | None = None
    shared: set[int] = field(init=False)
    people: PeopleBeside | None = field(init=False)
    """None where nobody labelled an answer of the suite, or nothing is compared."""
    _accounts: dict[Arm, Account] = field(init=False)
    _prices: dict[Arm, Price | None] = field(init=False)
    _rows: list[Row] = field(default_factory=list)
    _told: float = 0.0
    waiting: int = 0
    """Calls under way that an interrupted run waits for."""

    def __post_init__(self) -> None:
        plan = self.plan
        self.drawing.calling.on_interrupt = self._interrupted
        names = [scorer.name for scorer in plan.scorers]
        samples = max(plan.limit, plan.samples)  # critical cases are drawn to the end of the plan
        self.ledger = Ledger(len(plan.dataset), samples, names)
        labels = plan.labels if plan.baseline else None
        self.people = PeopleBeside(plan, labels) if labels and labels.words else None
        self.looks = Looks(plan, self.ledger, self.people) if plan.baseline else None
        self.usages = Usages(len(plan.dataset), samples if plan.baseline else 0)
        self.tallies = {arm.arm: ArmTally() for arm in plan.arms}
        pairing = Pairing([each for each in plan.scorers if each.pairs], self.services)
        self.entries = Entries(self.ledger, self.tallies, pairing, tallies(plan.scorers))
        prices = plan.suite.file.prices
        self._prices = {arm.arm: price(arm.model, prices) for arm in plan.arms}
        self._accounts = {arm.arm: account(self.id, plan, arm) for arm in plan.arms}
        self.shared = {case for case in range(len(plan.dataset)) if plan.shared(case)}

    @property
    def counted(self) -> Mapping[Arm, ArmTally]:
        """The samples so far, by arm."""
        return self.tallies

    @property
    def faults(self) -> Mapping[str, str]:
        """Why the scores of a metric mean nothing, by its name."""
        return self.judges.found.faults

    @property
    def samples(self) -> int:
        """Per case and version, at most."""
        return self.looks.samples if self.looks else self.plan.limit

    @property
    def planned(self) -> int:
        """Responses to be had at most, judges aside."""
        plan = self.plan
        return self.samples * (len(plan.arms) * len(plan.dataset) - len(self.shared))

    async def complete(self) -> Decision:
        """Draw, score and look, until the answer is clear or the plan is worked through.

        A run that has to stop before that (its budget is spent, no call can succeed) is invalid,
        with the reason, unless what it has is clear by itself; what was had is kept.

        Raises:
            StoreError: nothing more can be kept.
        """
        telling = asyncio.create_task(self._keep_telling())
        try:
            await self.judges.look(self.services, surely=self.plan.lacking)
            await (self._compare(self.looks) if self.looks else self._describe())
        except StoreError:
            raise
        except NoVerdictError as error:
            self.may_go_on = not isinstance(error, BudgetSpentError) or error.of_command
            self._stop(error.message, *filter(None, [error.hint]))
        except asyncio.CancelledError:
            self.may_go_on = True
            self._give_up(
                "interrupted", "what was paid for is kept: the same command goes on from here"
            )
            raise
        finally:
            telling.cancel()
            self._write_rows()
        assert self.decision is not None
        self.may_go_on = self.may_go_on and not self.decision.settled
        if self.looks:
            self.decision = self.looks.comparison.detailed(self.decision)
            self.economy = economy(self.usages, self.plan)
            self.decision = decided(self.decision, self.economy, stopped=self.stopped)
        return self.decision

    async def _compare(self, looks: Looks) -> None:
        """Round by round; the critical cases whole, before anything may pass."""
        for visits in looks.rounds():
            if looks.samples > self.usages.samples:
                self.usages.grow(looks.samples)
            await self._draw(visits)
            self.decision = looks.look()
            self._tell()
        self.usages.close()
        if self.people:
            self.people.close()
        self.decision = looks.put_right(self.faults)
        left = looks.critical_left()
        if left:
            await self._draw(left)
            if self.faults:  # only now somebody had to be asked
                self.decision = looks.put_right(self.faults)
        self.decision = looks.conclude()

    async def _describe(self) -> None:
        plan = self.plan
        for visits in rounds(len(plan.dataset), plan.limit, plan.seed):
            await self._draw(visits)
            self.decision = self._described()
            self._tell()

    def _described(self) -> Decision:
        plan, of_pairs = self.plan, self.entries.pairing.metrics
        found = describe_first(self.ledger, plan.policy, alone=plan.alone, of_pairs=of_pairs)
        return without_verdict(found, self.faults)

    async def _draw(self, visits: Visits) -> None:
        await self._work(draws(visits, tuple(arm.arm for arm in self.plan.arms), self.shared))
        await self.judges.look(self.services)

    def _stop(self, why: str, *more: str) -> None:
        """The run cannot go on: what is there may be clear by itself."""
        if self.looks:
            self.looks.look_unplanned()
            found = self.looks.put_right(self.faults)
            if found.settled and not self.looks.critical_left():
                self.cut = True
                found = self.looks.conclude()
                self.decision = replace(found, reasons=[*found.reasons, f"{STOPPED}{why}"])
                return
        self._give_up(why, *more)

    def _give_up(self, why: str, *more: str) -> None:
        """There will be no verdict: the run is invalid, whatever it found so far."""
        self.stopped = True
        if self.looks:
            so_far = self.looks.decision or self.looks.look_unplanned()
        else:
            so_far = self._described()
        found = [replace(each, verdict="invalid") for each in so_far.comparisons]
        self.decision = Decision("invalid", [f"{STOPPED}{why}", *more], found)

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
        request = arm.render(case)
        slot = arm.slot(draw.case, draw.index)
        drawn = await self.drawing.draw(request, *slot, self._accounts[arm.arm])
        self.sources.count(drawn.outcome, drawn.source)
        scores: dict[str, Scored] = {}
        failure = None
        if not isinstance(drawn.outcome, Failure):
            failure = own_failure(
                drawn.outcome,
                arm.output,
                truncated_fails=plan.suite.file.truncated == "fail",
            )
            self.unscored += 1
            scores = await score_sample(
                plan.scorers,
                case,
                request,
                drawn.outcome,
                self.services,
                failure=failure,
            )
            self.unscored -= 1
        halves: dict[Arm, Half] = {}
        for each in draw.arms:
            self.entries.enter(each, draw, drawn.outcome, scores)
            if self.people:
                self.people.enter(each, draw.case, draw.index, drawn.outcome)
            if self.looks:
                listed = self._prices[each]
                self.usages.enter(each, draw.case, draw.index, drawn.outcome, listed)
            if failure:
                self.tallies[each].own_failures[failure[0]] += 1
            if each != draw.arms[0]:
                self.sources.sources["shared"] += 1
            row = sample_row(each, draw, case.id, slot=slot, drawn=drawn, scores=scores)
            self._rows.append(row)
            halves[each] = Half(case, request, drawn.outcome, failure, row)
        if self.looks and self.entries.pairing.scorers:
            await self._pair(draw, halves)
        if len(self._rows) >= ROWS_AT_ONCE:
            self._write_rows()
        self.finished += 1
        self._tell(soon=True)

    async def _pair(self, draw: Draw, halves: dict[Arm, Half]) -> None:
        """Have a pair judged once both its sides are there."""
        met = self.entries.pairing.meet(draw, halves)
        if met is None:
            return
        self.unscored += len(halves)
        self._rows += await self.entries.pair(met, draw)
        self.unscored -= len(halves)

    def _write_rows(self) -> None:
        rows, self._rows = self._rows, []
        if rows:
            self.runs.add_samples(self.id, rows)

    def _tell(self, *, soon: bool = False) -> None:
        now = time.monotonic()
        if soon and now - self._told < TOLD_EVERY_SECONDS:
            return
        self._told = now
        self.watch(progress(self))

    async def _keep_telling(self) -> None:
        while True:
            self._tell()
            await asyncio.sleep(TOLD_AGAIN_SECONDS)

    def _interrupted(self, under_way: int) -> None:
        self.waiting = under_way
        self._tell()
