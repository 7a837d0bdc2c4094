"""A judge measured where it is used: asked, priced, and told."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from promptops.cli.choosing import open_workplace
from promptops.cli.judge_asking import (
    Spent,
    ask,
    between,
    check_limit,
    check_max_cost,
    models_of,
    place_of,
    prices_of,
    spent,
)
from promptops.cli.output import emit, note
from promptops.cli.project import find_project
from promptops.engine.calling.limits import Limits
from promptops.engine.calling.terms import Terms
from promptops.engine.drawing import Drawing
from promptops.engine.judge_checking import Checking
from promptops.engine.judge_uses import Use, uses_of
from promptops.engine.preparing import Workplace
from promptops.engine.scoring import EngineServices, ProjectAccess
from promptops.errors import ExitCode, NoVerdictError
from promptops.prompts.loading import load_prompt
from promptops.reports.encoding import encode
from promptops.trust.files import merged, read_trust, trust_path
from promptops.values.price import StatedPrice
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


def check(judge: str, wanted: Wanted, *, quiet: bool) -> Done:
    """Measure a judge in every suite that uses it.

    Raises:
        InputError: the judge, a suite, a dataset or labels are wrong; nothing was spent.
    """
    check_max_cost(wanted.max_cost_usd)
    project = find_project()
    load_prompt(project.tree, judge)
    done = Done()
    with ExitStack() as held:
        place = open_workplace(project, held)
        access = ProjectAccess(place.tree, place.root)
        uses = uses_of(judge, project.tree, access, suites=wanted.suites, model=wanted.model)
        prices = prices_of(uses)
        check_limit(uses, wanted.max_cost_usd, prices, access)
        if not quiet:
            note(f"{judge}: asks {', '.join(models_of(uses))} what is not known; answers are kept")
        task = _Task(uses, wanted, place, access, prices)
        ask(lambda drawing: _check_all(task, done, drawing), _terms(task), place, models_of(uses))
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
    place = place_of(project, path)
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


def _terms(task: _Task) -> Terms:
    return Terms(
        concurrency=task.wanted.concurrency,
        limits=Limits(usd=task.wanted.max_cost_usd, usd_name="--max-cost"),
        prices=task.prices,
    )


async def _check_all(task: _Task, done: Done, drawing: Drawing) -> None:
    """One use after the other, on one budget."""
    now, wanted = datetime.now(UTC), task.wanted
    id_ = f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    for use in task.uses:
        checking = Checking(
            use,
            task.place,
            EngineServices(drawing, task.access, run=id_, suite=use.suite.name),
            wanted.concurrency,
            wanted.repeat,
            pinned=wanted.model is None,
        )
        before = spent(drawing.meter)
        report = await checking.report(now.isoformat(timespec="seconds"))
        done.reports.append(_with_spending(report, before, spent(drawing.meter)))
        done.stopped = done.stopped or checking.stopped


def _with_spending(report: TrustReport, before: Spent, after: Spent) -> TrustReport:
    calls, cost_usd = between(before, after)
    return msgspec.structs.replace(report, calls=calls, cost_usd=cost_usd)
