"""One suite evaluated: from a plan to a report that is kept."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime

from promptops.engine.choices import Choices
from promptops.engine.drawing import Answers, Drawing
from promptops.engine.plan import Plan
from promptops.engine.preparing import Workplace, prepare
from promptops.engine.progress import Watcher
from promptops.engine.running import Run
from promptops.engine.scoring import EngineServices
from promptops.engine.spending import Limits
from promptops.engine.suite import Budget
from promptops.engine.summary import summarise
from promptops.values.report import Report


class Evaluation:
    """A suite that has been checked and may now be run. Close it in any case."""

    def __init__(
        self,
        name: str,
        choices: Choices,
        place: Workplace,
        open_answers: Callable[[], Answers],
        *,
        allow_code: bool = False,
    ) -> None:
        """Read and check; nothing is spent.

        Raises:
            InputError: anything at all is wrong.
        """
        self._store = store = place.store
        self.drawing = Drawing(store.responses, open_answers, place.environ)
        self._services = EngineServices(self.drawing, place.tree, place.root, allow_code)
        self.plan: Plan = prepare(name, choices, place, self._services)
        self.drawing.models = self.plan.models
        self.drawing.limits = _limits(self.plan.suite.file.budget)

    async def make_ready(self) -> None:
        """Make ready whoever has to be asked; a run that is fully kept asks nobody.

        Raises:
            InputError: a model cannot be asked at all; nothing has been spent.
        """
        if self.plan.lacking:
            await self.drawing.prepare()

    async def run(self, *, concurrency: int, watch: Watcher) -> Report:
        """Draw, score, decide, and keep the run with its report; an interrupted one as well.

        Raises:
            StoreError: nothing more can be kept.
        """
        started, clock = datetime.now(UTC), time.monotonic()
        self._begin()
        run = Run(
            id=f"{started:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}",
            plan=self.plan,
            drawing=self.drawing,
            services=self._services,
            runs=self._store.runs,
            concurrency=concurrency,
            watch=watch,
        )

        def keep() -> Report:
            if run.samples > self.plan.samples and not run.stopped:
                self._store.comparisons.extend(self.plan.key, run.samples)
            created = started.isoformat(timespec="seconds")
            report = summarise(run, self._store.responses, created, time.monotonic() - clock)
            self._store.runs.finish(report)
            return report

        try:
            await run.complete()
        except asyncio.CancelledError:
            keep()
            raise
        return keep()

    def _begin(self) -> None:
        """Write down the plan of looks before the first of them."""
        plan = self.plan
        if plan.baseline:
            begun = self._store.comparisons.begin(plan.key, plan.samples, plan.seed)
            plan.samples, plan.seed = begun.samples, begun.seed

    def close(self) -> None:
        """Free the dataset."""
        self.plan.opened.close()


def _limits(budget: Budget) -> Limits:
    return Limits(usd=budget.usd, calls=budget.calls)
