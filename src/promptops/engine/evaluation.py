"""One suite evaluated: from a plan to a report that is kept."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from promptops.engine.bounds import check_limits
from promptops.engine.calling.spending import Limits, Spent
from promptops.engine.calling.terms import CONCURRENCY, Terms
from promptops.engine.choices import Choices
from promptops.engine.drawing import Answers, Drawing
from promptops.engine.keeping import Keeping
from promptops.engine.plan import Plan
from promptops.engine.preparing import Workplace, prepare
from promptops.engine.progress import Watcher
from promptops.engine.resuming import (
    Resumed,
    as_mapping,
    check_unchanged,
    encoded,
    inputs_of,
    same_run,
)
from promptops.engine.running import Run
from promptops.engine.scoring import EngineServices, ProjectAccess
from promptops.engine.suite import SuiteFile
from promptops.engine.summary import summarise
from promptops.store.ledger import Spent as LedgerSpent
from promptops.values.observing import Observer, unobserved
from promptops.values.report import Report


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
        self._observer = observer
        access = ProjectAccess(place.tree, place.root, asked.allow_code)
        self.plan: Plan = prepare(name, choices, place, access)
        self.asked = asked
        try:
            self.resumed = self._goes_on_with(resumed)
            terms = _terms(self.plan.suite.file, asked)
            check_limits(self.plan, terms.limits, access)
            self.drawing = Drawing(Keeping(store), open_answers, place.environ, terms, observer)
            self.drawing.models = self.plan.models
        except BaseException:
            self.close()
            raise
        self._services = EngineServices(self.drawing, access, suite=name)

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

    async def run(self, *, watch: Watcher, most_usd: float | None = None) -> Report:
        """Draw, score, decide, and keep the run with its report; an interrupted one as well.

        `most_usd` is what is left for it of a budget that several share.

        Raises:
            StoreError: nothing more can be kept.
        """
        clock, started = time.monotonic(), datetime.now(UTC)
        created = started.isoformat(timespec="seconds")
        if self.resumed:
            id_, created = self.resumed.run, self.resumed.created
        else:
            id_ = f"{started:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        self._begin(id_, created)
        if most_usd is not None:
            self.drawing.meter.lower(most_usd)
        self._services.run = id_
        run = Run(
            id=id_,
            plan=self.plan,
            drawing=self.drawing,
            services=self._services,
            runs=self._store.runs,
            concurrency=self.asked.concurrency,
            watch=watch,
        )

        def keep() -> Report:
            if run.samples > self.plan.samples and not run.stopped:
                self._store.comparisons.extend(self.plan.key, run.samples)
            report = summarise(run, self._store.responses, created, time.monotonic() - clock)
            self._store.runs.finish(report)
            return report

        with self._observer.run(id_, self.plan.suite.name):
            try:
                await run.complete()
            except asyncio.CancelledError:
                self._observer.report(keep())
                self._store.begun.end(id_, "stopped")
                raise
            report = keep()
            self._observer.report(report)
        self._store.begun.end(id_, "stopped" if run.may_go_on else "finished")
        return report

    def _begin(self, id_: str, created: str) -> None:
        """Write down the plan of looks before the first of them, and that the run began."""
        plan, store = self.plan, self._store
        inputs = encoded(inputs_of(plan))
        if plan.baseline:
            begun = store.comparisons.begin(plan.key, plan.samples, plan.seed)
            plan.samples, plan.seed = begun.samples, begun.seed
        if self.resumed:
            self.drawing.made_before = store.ledger.slots_of_run(id_)
            self.drawing.meter.start(_before(store.ledger.of_run(id_)))
        store.begun.begin(id_, created, plan.suite.name, inputs, as_mapping(plan.choices))

    def close(self) -> None:
        """Free the dataset."""
        self.plan.opened.close()


def _before(spent: LedgerSpent) -> Spent:
    """What a run spent before it was broken off."""
    return Spent(
        calls=spent.calls,
        incurred_usd=spent.cost_usd,
        at_risk_usd=spent.at_risk_usd,
        lost=spent.lost_calls,
        unpriced=spent.unpriced_calls,
        tokens=spent.input_tokens + spent.output_tokens,
    )


def _terms(suite: SuiteFile, asked: Asked) -> Terms:
    budget, limits = suite.budget, suite.limits
    dollars = [each for each in (budget.usd, asked.max_cost_usd) if each is not None]
    return Terms(
        concurrency=asked.concurrency,
        timeout_seconds=asked.timeout_seconds or limits.timeout_seconds,
        patience_seconds=asked.patience_seconds or limits.patience_seconds,
        requests_per_minute=limits.requests_per_minute,
        tokens_per_minute=limits.tokens_per_minute,
        limits=Limits(min(dollars, default=None), budget.calls, budget.tokens),
        prices=suite.prices,
    )
