"""`eval --record`: the answers that a run used, into files beside its suite."""

from __future__ import annotations

import copy
import os
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime

from promptops.cli.output import note
from promptops.cli.project import Project
from promptops.engine.choices import Choices
from promptops.engine.drawing import Drawing
from promptops.engine.judging.states import JUDGED_FROM
from promptops.engine.plan import ArmPlan, Plan
from promptops.engine.preparing import Workplace
from promptops.engine.running import STOPPED
from promptops.models.endpoints import endpoint
from promptops.models.redaction import Redactor
from promptops.store.reading import opened_to_read
from promptops.store.recording import LookPlan, RecordedArm, RecordedRun
from promptops.store.recording_notes import Noted, Notes
from promptops.store.recording_writing import Kept, Written, announced, check_place, write
from promptops.values.account import Account
from promptops.values.report import ArmReport, Report
from promptops.values.request import Request, request_key


class Recorder:
    """Listens to the evaluations of a command, and records each suite whose runs came to their end.

    Answers are recorded under the keys that they would have if no variable of the environment
    redirected a provider, so that they are found again anywhere.
    """

    def __init__(self, project: Project, suites: Sequence[str], held: ExitStack) -> None:
        """`suites` has one name per run.

        Raises:
            InputError: a recording cannot be written where it belongs; nothing has been spent.
        """
        self._project = project
        self._left = Counter(suites)
        self._stopped: set[str] = set()
        self._runs: dict[str, list[RecordedRun]] = {suite: [] for suite in self._left}
        for suite in self._left:
            check_place(project.tree, suite)
        self._notes = {suite: held.enter_context(Notes()) for suite in self._left}
        self._endpoints: dict[str, str] = {}

    def listen(self, suite: str, drawing: Drawing) -> None:
        """Note down whatever answers a run uses."""
        notes = self._notes[suite]

        def heard(slot: tuple[str, int], request: Request, account: Account) -> None:
            notes.note(Noted(self._key(request), slot[1], slot[0]), account)

        drawing.on_answer = heard

    def ended(self, plan: Plan, report: Report, place: Workplace) -> None:
        """One of the runs has a report."""
        suite = plan.suite.name
        self._left[suite] -= 1
        if report.meta.get("stopped") or any(each.startswith(STOPPED) for each in report.reasons):
            self._stopped.add(suite)
        self._runs[suite].append(_recorded(plan, report, place))

    def write(self, place: Workplace, *, quiet: bool) -> None:
        """Record the suites; one of which a run was stopped keeps the recording that it has.

        Raises:
            InputError: a recording cannot be written where it belongs.
            NoVerdictError: writing failed halfway, or an answer is not kept any more.
        """
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with opened_to_read(self._project.root) as connection:
            redact = Redactor(os.environ).exactly
            kept = Kept(place.store.responses, connection, redact)
            for suite, runs in self._runs.items():
                if suite in self._stopped or self._left[suite]:
                    note(
                        f"{suite}: nothing was recorded, because its run did not come to its end;"
                        " the same command goes on from here"
                    )
                    continue
                manifest = announced(suite, now, runs)
                done = write(self._project.tree, manifest, self._notes[suite], kept)
                if not quiet:
                    note(f"{suite}: {_told(done)}")

    def _key(self, request: Request) -> str:
        if request.model not in self._endpoints:
            self._endpoints[request.model] = endpoint(request.model, {})
        return request_key(request, self._endpoints[request.model])


def _recorded(plan: Plan, report: Report, place: Workplace) -> RecordedRun:
    return RecordedRun(
        model=report.model,
        prompt=report.prompt,
        candidate=_arm(report.candidate),
        baseline=_arm(report.baseline) if report.baseline else None,
        dataset=plan.opened.fingerprint,
        cases=len(plan.dataset),
        scorers={scorer.name: scorer.digest for scorer in plan.scorers},
        plan=_look_plan(plan, place),
        options=_options(plan.choices),
        judged_from=report.meta.get(JUDGED_FROM, {}),
    )


def _arm(arm: ArmReport) -> RecordedArm:
    return RecordedArm(arm.version, arm.digest, arm.samples, arm.failures)


def _look_plan(plan: Plan, place: Workplace) -> LookPlan | None:
    """The looks that the run took, under the key that they have anywhere."""
    begun = place.store.comparisons.find(plan.key) if plan.baseline else None
    if begun is None:
        return None
    arms = tuple(_anywhere(arm, plan, place) for arm in plan.arms)
    key = replace(plan, arms=arms).key
    return LookPlan(key, begun.samples, begun.seed, begun.reached)


def _anywhere(arm: ArmPlan, plan: Plan, place: Workplace) -> ArmPlan:
    """An arm with the request keys that it has where nothing redirects its provider."""
    plain = endpoint(arm.model, {})
    if plain == endpoint(arm.model, place.environ):
        return arm
    twin = copy.copy(arm)
    twin.keys = bytearray()
    for case in plan.dataset:
        twin.keys += bytes.fromhex(request_key(arm.render(case), plain))
    return twin


def _options(choices: Choices) -> list[str]:
    """What was asked for, as on the command line."""
    named = {
        "--against": choices.against,
        "--model": choices.model,
        "--samples": choices.samples,
    }
    found = [f"{name} {value}" for name, value in named.items() if value is not None]
    found += [f"--tag {tag}" for tag in choices.tags]
    flags = {"--alone": choices.alone, "--aa": choices.itself, "--extend": choices.extend}
    return found + [name for name, given in flags.items() if given]


def _told(done: Written) -> str:
    answers = "1 answer" if done.answers == 1 else f"{done.answers:,} answers"
    size = f"{done.bytes / 1000:,.1f} kB" if done.bytes < 1e6 else f"{done.bytes / 1e6:,.1f} MB"
    new = "nothing new" if not done.new else f"{done.new} new"
    return f"recorded {answers} in {done.folder}/ ({done.files} files, {new}; {size})"
