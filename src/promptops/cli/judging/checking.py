"""A judge measured where it is used: asked, priced, and told."""

from __future__ import annotations

import secrets
import shlex
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from promptops.cli.choosing import open_workplace
from promptops.cli.judging.asking import (
    Spent,
    ask,
    between,
    check_is_judge,
    check_limit,
    check_max_cost,
    models_of,
    place_of,
    prices_of,
    spent,
)
from promptops.cli.output import emit, note
from promptops.cli.project import find_project
from promptops.documents.tree import Tree
from promptops.engine.calling.limits import Limits
from promptops.engine.calling.terms import Terms
from promptops.engine.drawing import Drawing
from promptops.engine.judging.checking import Checking
from promptops.engine.judging.states import first_draw, measured_from
from promptops.engine.judging.uses import Use, uses_of
from promptops.engine.preparing import Workplace
from promptops.engine.scoring import EngineServices, ProjectAccess
from promptops.errors import ExitCode, InputError, NoVerdictError
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

    judge: str
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
    check_is_judge(judge, project.tree)
    done = Done()
    with ExitStack() as held:
        place = open_workplace(project, held)
        access = ProjectAccess(place.tree, place.root)
        uses = uses_of(judge, project.tree, access, suites=wanted.suites, model=wanted.model)
        prices = prices_of(uses)
        check_limit(uses, wanted.max_cost_usd, prices, access)
        if not quiet:
            note(f"{judge}: asks {', '.join(models_of(uses))} what is not known; answers are kept")
        task = _Task(judge, uses, wanted, place, access, prices)
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
    place = place_of(project, path)
    kept = merged(_known(judge, project.tree), done.reports)
    place.parent.mkdir(parents=True, exist_ok=True)
    emit(encode(kept), place, machine=True)
    if not quiet:
        note(f"wrote {path}; commit it, and builds know")


def _known(judge: str, tree: Tree) -> list[TrustReport]:
    """What was measured before; nothing where the file of it cannot be read: it is written anew."""
    try:
        return read_trust(tree, judge)
    except InputError as error:
        note(f"what was measured before is replaced, for it cannot be read: {error}")
        return []


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
            first=_first(use, task),
        )
        before = spent(drawing.meter)
        report = await checking.report(now.isoformat(timespec="seconds"))
        report = _with_spending(report, before, spent(drawing.meter))
        done.reports.append(_with_command(report, use))
        done.stopped = done.stopped or checking.stopped


def _first(use: Use, task: _Task) -> int:
    """The number of the judge's first draw: as in the newest run of any suite that asks it so."""
    runs, digest = task.place.store.runs, use.scorer.digest
    ran = [
        (last.created, each.metric, last)
        for each in task.uses
        if each.scorer.digest == digest and (last := runs.last_of_suite(each.suite.name))
    ]
    _, metric, last = max(ran, key=lambda each: each[:2], default=("", use.metric, None))
    basis = measured_from(task.judge, digest, task.place.tree)
    return first_draw(metric, digest, basis, last)


def _with_spending(report: TrustReport, before: Spent, after: Spent) -> TrustReport:
    calls, cost_usd = between(before, after)
    return msgspec.structs.replace(report, calls=calls, cost_usd=cost_usd)


def _with_command(report: TrustReport, use: Use) -> TrustReport:
    """Where labels are lacking: how they are given.

    Examples of the judge's own suite are labelled in its dataset, and not by a command.
    """
    if report.more_labels is None or use.own:
        return report
    named = f"{shlex.quote(report.suite)} --metric {shlex.quote(report.metric)}"
    command = f"promptops review {named} -n {report.more_labels}"
    return msgspec.structs.replace(report, settle=f"{report.settle}: {command}")
