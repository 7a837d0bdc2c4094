"""The suites that a change touches, evaluated. Imported only where there is one."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from promptops.cli.choosing import open_workplace
from promptops.cli.evaluating import Task, evaluate
from promptops.cli.gating import Change
from promptops.cli.output import note
from promptops.cli.project import Project
from promptops.cli.replaying import RecordedAnswers, open_replay
from promptops.engine.evaluation import Asked
from promptops.engine.gating import choices_for, to_evaluate
from promptops.engine.preparing import Workplace
from promptops.engine.preparing import survey as look_at
from promptops.engine.rescoring import rescored
from promptops.engine.scoring import ProjectAccess
from promptops.engine.touching import Touched
from promptops.errors import InputError, MissingExtraError, NoVerdictError, TerminatedError
from promptops.models.endpoints import missing_credentials
from promptops.store.recording import manifest_of
from promptops.values.details import Details
from promptops.values.report import Report


@dataclass(slots=True)
class Done:
    """What evaluating came to, as far as it went."""

    reports: list[Report] = field(default_factory=list)
    notes: dict[str, list[str]] = field(default_factory=dict)
    """What the gate says of a suite besides, by its name."""
    supplied: str = ""
    error: NoVerdictError | TerminatedError | KeyboardInterrupt | None = None
    """What ended it before all was evaluated."""
    places: list[Workplace] = field(default_factory=list)

    def details(self, run: str) -> Details | None:
        """What is behind a report, out of the store that its run is kept in."""
        found = (place.store.details.of(run) for place in self.places)
        return next(filter(None, found), None)


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for."""

    asked: Asked
    samples: int | None
    replay: bool | None
    """Recorded answers: always, never, or (None) where a key is missing and they are there."""
    quiet: bool


def evaluate_touched(change: Change, wish: Wish, held: ExitStack) -> Done:
    """Evaluate every suite that is touched, with recorded answers or with those of its models.

    The stores stay open with `held`.

    Raises:
        InputError: anything at all is wrong; nothing has been spent.
    """
    done, todo = Done(), to_evaluate(change.survey)
    try:
        place, recorded = _sorted_out(change, todo, wish, held)
        fresh = [each for each in todo if each not in recorded]
        if recorded:  # costs nothing, so whatever is wrong with it is known before anything does
            _replay(change, recorded, wish, held, done)
        if fresh:
            place = place or _workplace(change, held)
            done.places.append(place)
            _run(change, fresh, wish, _Asking(place, None, held), done)
    except (NoVerdictError, TerminatedError, KeyboardInterrupt) as error:
        done.error = error
    return done


def _replay(
    change: Change, recorded: Sequence[Touched], wish: Wish, held: ExitStack, done: Done
) -> None:
    names = [each.suite for each in recorded]
    replayed = open_replay(change.project, names, held)
    place = replace(replayed.place, trust=change.trust)
    done.places.append(place)
    everything = len(names) == len(to_evaluate(change.survey))
    done.supplied = replayed.supplied if everything else f"{', '.join(names)}: {replayed.supplied}"
    free = replace(wish, asked=replace(wish.asked, max_cost_usd=None))
    _run(change, recorded, free, _Asking(place, replayed.answers, held), done)


def _workplace(change: Change, held: ExitStack) -> Workplace:
    """Where a change is evaluated: what it brings of its judges' trust does not count yet."""
    return replace(open_workplace(change.project, held), trust=change.trust)


@dataclass(frozen=True, slots=True)
class _Asking:
    """Who answers, and where that is kept."""

    place: Workplace
    answers: RecordedAnswers | None
    held: ExitStack


def _run(change: Change, todo: Sequence[Touched], wish: Wish, asking: _Asking, done: Done) -> None:
    tasks = [
        Task(each.suite, choices_for(each, change.around.parting, wish.samples)) for each in todo
    ]
    place, before = asking.place, len(done.reports)
    try:
        evaluate(
            tasks,
            wish.asked,
            place,
            asking.held,
            quiet=wish.quiet,
            reports=done.reports,
            answers=asking.answers,
        )
    finally:
        known = {each.suite: each for each in todo}
        for report in done.reports[before:]:
            touched = known[report.suite]
            if touched.rescored and touched.before:
                done.notes[report.suite] = rescored(
                    place.store.runs, report, touched.before, touched.rescored, touched.names
                )


def _sorted_out(
    change: Change, todo: Sequence[Touched], wish: Wish, held: ExitStack
) -> tuple[Workplace | None, list[Touched]]:
    """Which suites are answered by their recordings; and the store, where it had to be asked."""
    if wish.replay is not None:
        return None, list(todo) if wish.replay else []
    candidates = list(_without_key(change.project, todo))
    if not candidates:
        return None, []
    place = _workplace(change, held)
    found = []
    for each, lacking in candidates:
        if _has_to_ask(each, change, place, wish):
            note(f"{each.suite}: {lacking}; its recorded answers are replayed")
            found.append(each)
    return place, found


def _without_key(project: Project, todo: Sequence[Touched]) -> Iterator[tuple[Touched, str]]:
    """Suites of which a model cannot be asked, and that have a recording; with what is missing."""
    for each in todo:
        try:
            place = project.tree.locate(manifest_of(each.suite))
            missing = [_lacking(model) for model in each.models]
        except InputError:  # told where the suite is evaluated
            continue
        lacking = next(filter(None, missing), None)
        if place is not None and lacking:
            yield each, lacking


def _lacking(model: str) -> str | None:
    """Why a model cannot be asked here: no key, or what it needs is not installed."""
    try:
        return missing_credentials(model, os.environ)
    except MissingExtraError as error:
        return error.message


def _has_to_ask(each: Touched, change: Change, place: Workplace, wish: Wish) -> bool:
    """Whether something of a suite is not kept; what is kept was drawn by somebody with a key."""
    access = ProjectAccess(place.tree, place.root, wish.asked.allow_code)
    choices = choices_for(each, change.around.parting, wish.samples)
    try:
        plan = look_at(each.suite, choices, place, access)
    except MissingExtraError:  # which answers are kept cannot be told without it
        return True
    except InputError:  # told where the suite is evaluated
        return False
    plan.opened.close()
    return plan.lacking
