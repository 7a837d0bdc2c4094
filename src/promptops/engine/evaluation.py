"""One suite evaluated: from a plan to a report that is kept."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from promptops.engine.bounds import check_limits, dearest
from promptops.engine.calling.limits import Limits
from promptops.engine.calling.terms import CONCURRENCY, Terms
from promptops.engine.calling.worst_case import WorstCase
from promptops.engine.choices import Choices
from promptops.engine.drawing import Answers, Drawing
from promptops.engine.judging.drift import JudgeWatch
from promptops.engine.judging.drift_references import references
from promptops.engine.judging.states import go_on
from promptops.engine.keeping import Keeping
from promptops.engine.plan import Plan
from promptops.engine.preparing import Workplace, prepare
from promptops.engine.progress import Watcher
from promptops.engine.resuming import (
    Resumed,
    as_mapping,
    before,
    check_unchanged,
    encoded,
    inputs_of,
    same_run,
)
from promptops.engine.running import Run
from promptops.engine.scoring import EngineServices, ProjectAccess
from promptops.engine.suite import SuiteFile
from promptops.engine.summary import summarise
from promptops.engine.texts import keep_texts
from promptops.errors import UnderWayError
from promptops.values.observing import Observer, unobserved
from promptops.values.report import Calls, Report


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for besides what makes a run the run it is. None: as the suite says."""

    concurrency: int = CONCURRENCY
    max_cost_usd: float | None = None
    """Of this run: the suite's budget holds beside it."""
    timeout_seconds: float | None = None
    patience_seconds: float | None = None
    allow_code: bool = False


class Evaluation:
    """A suite that has been checked and may now be run. Close it in any case."""

    def __init__(
        self,
        name: str,
        choices: Choices,
        place: Workplace,
        open_answers: Callable[[], Answers],
        asked: Asked,
        *,
        resumed: Resumed | None = None,
        observer: Observer = unobserved,
    ) -> None:
        """Read and check; nothing is spent.

        Raises:
            InputError: anything at all is wrong.
        """
        self._store = store = place.store
        self._place = place
        self._environ = place.environ
        self._observer = observer
        access = ProjectAccess(place.tree, place.root, asked.allow_code)
        self.plan: Plan = prepare(name, choices, place, access)
        self.asked = asked
        self._meant = resumed is not None
        self._charged_before = 0.0
        self.broken_off: str | None = None
        """The id of its run, where that was interrupted."""
        try:
            self.resumed = self._goes_on_with(resumed)
            terms = _terms(self.plan.suite.file, asked)
            check_limits(self.plan, _with_command(terms.limits, asked), access)
            self.drawing = Drawing(Keeping(store), open_answers, place.environ, terms, observer)
            self.drawing.models = self.plan.models
        except BaseException:
            self.close()
            raise
        self._services = EngineServices(self.drawing, access, suite=name)
        self._access = access

    def _goes_on_with(self, resumed: Resumed | None) -> Resumed | None:
        """The run that was asked for, else one of the same inputs that was broken off."""
        inputs = inputs_of(self.plan)
        if resumed is None:
            return same_run(self._store.begun, self.plan.suite.name, inputs, self.plan.choices)
        check_unchanged(resumed, inputs)
        return resumed

    async def make_ready(self) -> None:
        """Make ready whoever has to be asked; a run that is fully kept asks nobody.

        Raises:
            InputError: a model cannot be asked at all; nothing has been spent.
        """
        if self.plan.lacking:
            await self.drawing.prepare()

    async def run(self, *, watch: Watcher, left_usd: float | None = None) -> Report:
        """Draw, score, decide, and keep the run with its report; an interrupted one as well.

        `left_usd` is what is left of what the command may spend, over all its suites.

        Raises:
            StoreError: nothing more can be kept.
        """
        clock = time.monotonic()
        id_, created, seconds = self._begin(datetime.now(UTC))
        texts = keep_texts(self.plan, self._store, self._environ)
        if left_usd is not None:
            whole = left_usd == self.asked.max_cost_usd
            name = "--max-cost" if whole else "the rest of --max-cost,"
            self.drawing.meter.lower(left_usd, name)
        self._services.run = id_
        run = Run(
            id=id_,
            plan=self.plan,
            drawing=self.drawing,
            services=self._services,
            runs=self._store.runs,
            concurrency=self.asked.concurrency,
            watch=watch,
            judges=JudgeWatch(references(self.plan, self._place, self._access)),
        )

        go_on(self.plan, self._services, self._store.runs, self._environ)
        if run.people:
            run.people.await_kept(self._store.responses)

        def keep() -> Report:
            if run.samples > self.plan.samples and not run.stopped:
                self._store.comparisons.extend(self.plan.key, run.samples)
            took = seconds + time.monotonic() - clock
            report = summarise(run, self._store.responses, created, took, texts)
            self._store.runs.finish(report)
            return report

        with self._observer.run(id_, self.plan.suite.name):
            try:
                await run.complete()
            except asyncio.CancelledError:
                self.broken_off = id_
                self._observer.report(keep())
                self._store.begun.end(id_, "stopped")
                raise
            report = keep()
            self._observer.report(report)
        self._store.begun.end(id_, "stopped" if run.may_go_on else "finished")
        return report

    def _begin(self, now: datetime) -> tuple[str, str, float]:
        """Write down the plan of looks before the first of them, and that the run began.

        Answers its id, when it was begun, and how many seconds it has taken before.
        """
        plan, store = self.plan, self._store
        if plan.baseline:
            begun = store.comparisons.begin(plan.key, plan.samples, plan.seed)
            plan.samples, plan.seed = begun.samples, begun.seed
        of_plan = (plan.suite.name, encoded(inputs_of(plan)), as_mapping(plan.choices))
        if self.resumed:
            try:
                store.begun.begin(self.resumed.run, self.resumed.created, *of_plan)
            except UnderWayError:
                if self._meant:
                    raise
                self.resumed = None  # another process went on with it; this is a run of its own
            else:
                return self.resumed.run, self.resumed.created, self._go_on(self.resumed.run)
        id_ = f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        created = now.isoformat(timespec="seconds")
        store.begun.begin(id_, created, *of_plan)
        return id_, created, 0.0

    def _go_on(self, id_: str) -> float:
        """Begin with what the run had spent; how many seconds it has taken."""
        store, meter = self._store, self.drawing.meter
        self.drawing.resumed = id_
        spent, report = store.ledger.of_run(id_), store.runs.find(id_)
        unknown = spent.unpriced_calls + spent.lost_calls + spent.unmetered_calls
        killed = self.resumed is not None and self.resumed.killed
        worst = dearest(self.plan) if unknown or killed else WorstCase(0, 0.0)
        meter.start(before(spent, report.calls if report else Calls(), worst, self._unseen))
        self._charged_before = meter.charged_usd
        return report.seconds if report else 0.0

    @property
    def _unseen(self) -> int:
        """Calls that may have been under way when the run was killed; nobody wrote them down."""
        return self.asked.concurrency if self.resumed and self.resumed.killed else 0

    @property
    def charged_usd(self) -> float:
        """What this process has spent on the run, what is not known at its worst."""
        return self.drawing.meter.charged_usd - self._charged_before

    def close(self) -> None:
        """Free the dataset."""
        self.plan.opened.close()


def _with_command(limits: Limits, asked: Asked) -> Limits:
    """The limits of the run and of the command together."""
    most = asked.max_cost_usd
    if most is None or (limits.usd is not None and limits.usd <= most):
        return limits
    return replace(limits, usd=most, usd_name="--max-cost")


def _terms(suite: SuiteFile, asked: Asked) -> Terms:
    budget, limits = suite.budget, suite.limits
    return Terms(
        concurrency=asked.concurrency,
        timeout_seconds=asked.timeout_seconds or limits.timeout_seconds,
        patience_seconds=asked.patience_seconds or limits.patience_seconds,
        requests_per_minute=limits.requests_per_minute,
        tokens_per_minute=limits.tokens_per_minute,
        limits=Limits(budget.usd, budget.calls, budget.tokens),
        prices=suite.prices,
    )
