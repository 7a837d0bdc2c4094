"""A judge measured where it is used: asked, priced, and told."""

from __future__ import annotations

import asyncio
import math
import os
import secrets
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from promptops.cli.choosing import open_workplace
from promptops.cli.interrupting import Signals, interruptible
from promptops.cli.output import emit, note
from promptops.cli.project import Project, find_project
from promptops.engine.calling.limits import Limits, check_bounded
from promptops.engine.calling.spending import Meter
from promptops.engine.calling.terms import Terms
from promptops.engine.calling.worst_case import worst_case
from promptops.engine.drawing import Answers, Drawing
from promptops.engine.judge_checking import Checking
from promptops.engine.judge_uses import Use, uses_of
from promptops.engine.keeping import Keeping
from promptops.engine.preparing import Workplace
from promptops.engine.scoring import EngineServices, ProjectAccess
from promptops.errors import ExitCode, InputError, NoVerdictError
from promptops.models.model import Model
from promptops.models.opening import open_model
from promptops.models.prices import price
from promptops.prompts.loading import load_prompt
from promptops.reports.encoding import encode
from promptops.trust.files import merged, read_trust, trust_path
from promptops.values.price import StatedPrice
from promptops.values.request import Request
from promptops.values.trust import TrustReport


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for."""

    suites: tuple[str, ...] = ()
    model: str | None = None
    repeat: int = 1
    max_cost_usd: float | None = None
    concurrency: int = 16


@dataclass(slots=True)
class Done:
    """The reports, and why there are no more."""

    reports: list[TrustReport] = field(default_factory=list)
    stopped: NoVerdictError | None = None


@dataclass(frozen=True, slots=True)
class _Task:
    """What is measured, and with what."""

    uses: Sequence[Use]
    wanted: Wanted
    place: Workplace
    access: ProjectAccess
    prices: dict[str, StatedPrice]


class _OneModel:
    """The client, opened when somebody has to be asked."""

    def __init__(self, prices: dict[str, StatedPrice]) -> None:
        self._prices = prices
        self._model: Model | None = None

    def open(self) -> Answers:
        if self._model is None:
            self._model = open_model(prices=self._prices)
        return self._model

    async def close(self) -> None:
        if self._model is not None:
            await self._model.close()


def check(judge: str, wanted: Wanted, *, quiet: bool) -> Done:
    """Measure a judge in every suite that uses it.

    Raises:
        InputError: the judge, a suite, a dataset or labels are wrong; nothing was spent.
    """
    if wanted.max_cost_usd is not None and not 0 < wanted.max_cost_usd < math.inf:
        raise InputError("--max-cost must be more than 0")
    project = find_project()
    load_prompt(project.tree, judge)
    done = Done()
    with ExitStack() as held:
        place = open_workplace(project, held)
        access = ProjectAccess(place.tree, place.root)
        uses = uses_of(judge, project.tree, access, suites=wanted.suites, model=wanted.model)
        prices = _prices(uses)
        _check_limit(uses, wanted, prices, access)
        if not quiet:
            models = ", ".join(dict.fromkeys(each for use in uses for each in use.scorer.models))
            note(f"{judge}: asks {models} what is not known; answers are kept")
        signals = Signals()
        try:
            asyncio.run(_check_all(_Task(uses, wanted, place, access, prices), done, signals))
        except asyncio.CancelledError:
            signals.check()
            raise
    if done.stopped and not quiet:
        hint = f" ({done.stopped.hint})" if done.stopped.hint else ""
        note(f"stopped before its end: {done.stopped.message}{hint}")
    return done


def write(judge: str, done: Done, *, quiet: bool) -> None:
    """Keep the reports beside the judge's suites, for builds and reviewers.

    Raises:
        InputError: the file cannot be written, or what is there is something else.
        NoVerdictError: not everything was asked: half a measure is not kept.
    """
    if done.stopped:
        raise NoVerdictError(f"nothing was written: {done.stopped.message}", hint=done.stopped.hint)
    project = find_project()
    path = trust_path(judge)
    kept = merged(read_trust(project.tree, judge), done.reports)
    place = _place(project, path)
    place.parent.mkdir(parents=True, exist_ok=True)
    emit(encode(kept), place, machine=True)
    if not quiet:
        note(f"wrote {path}; commit it, and builds know")


def exit_code(done: Done, *, must_gate: bool) -> ExitCode:
    """0; where the judge has to gate, what stands against it."""
    if done.stopped:
        return ExitCode.NO_VERDICT
    standings = {each.standing for each in done.reports}
    if not must_gate or standings == {"may gate"}:
        return ExitCode.OK
    return ExitCode.REGRESSED if "observes" in standings else ExitCode.NO_VERDICT


def _place(project: Project, path: str) -> Path:
    """Where the file is written; no link leads out of the project."""
    place = project.root / path
    inside = Path(os.path.realpath(place)).is_relative_to(Path(os.path.realpath(project.root)))
    if place.is_symlink() or not inside:
        raise InputError(f"{path} is a symbolic link", hint="delete it, and write it anew")
    return place


async def _check_all(task: _Task, done: Done, signals: Signals) -> None:
    """One use after the other, on one budget."""
    now, wanted, model = datetime.now(UTC), task.wanted, _OneModel(task.prices)
    id_ = f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    terms = Terms(
        concurrency=wanted.concurrency,
        limits=Limits(usd=wanted.max_cost_usd, usd_name="--max-cost"),
        prices=task.prices,
    )
    drawing = Drawing(Keeping(task.place.store), model.open, task.place.environ, terms)
    drawing.models = list(dict.fromkeys(each for use in task.uses for each in use.scorer.models))
    with interruptible(signals, drawing.calling.leave):
        try:
            for use in task.uses:
                checking = Checking(
                    use,
                    task.place,
                    EngineServices(drawing, task.access, run=id_, suite=use.suite.name),
                    wanted.concurrency,
                    wanted.repeat,
                    pinned=wanted.model is None,
                )
                before = _spent(drawing.meter)
                report = await checking.report(now.isoformat(timespec="seconds"))
                done.reports.append(_with_spending(report, before, _spent(drawing.meter)))
                done.stopped = done.stopped or checking.stopped
        finally:
            await model.close()


_Spent = tuple[int, float, int]
"""Calls, US dollars, calls without a price."""


def _spent(meter: Meter) -> _Spent:
    return meter.made, meter.incurred_usd, meter.unpriced


def _with_spending(report: TrustReport, before: _Spent, after: _Spent) -> TrustReport:
    unknown = after[2] > before[2]
    return msgspec.structs.replace(
        report,
        calls=after[0] - before[0],
        cost_usd=None if unknown else after[1] - before[1],
    )


def _prices(uses: Sequence[Use]) -> dict[str, StatedPrice]:
    """The prices that the suites state.

    Raises:
        InputError: two of them state another price for one model.
    """
    found: dict[str, StatedPrice] = {}
    for use in uses:
        for model, stated in use.suite.file.prices.items():
            if found.setdefault(model, stated) != stated:
                raise InputError(
                    f"two suites state another price for {model}",
                    location=use.suite.document.locate(("prices", model)),
                    hint="check the judge in one of them:  --suite SUITE",
                )
    return found


def _check_limit(
    uses: Sequence[Use],
    wanted: Wanted,
    prices: dict[str, StatedPrice],
    access: ProjectAccess,
) -> None:
    """Hold that `--max-cost` can be kept with every model, before any call.

    Raises:
        InputError: nothing bounds what a call to one of them may cost.
    """
    if wanted.max_cost_usd is None:
        return
    limits = Limits(usd=wanted.max_cost_usd, usd_name="--max-cost")
    asked = {}
    for use in uses:
        assert use.scorer.judge is not None
        params = msgspec.to_builtins(access.load_prompt(use.scorer.judge[0]).prompt.params)
        given = {name: each for name, each in params.items() if each is not None}
        for model in use.scorer.models:
            asked[model] = worst_case(Request(model, (), given), price(model, prices))
    check_bounded(limits, asked)
