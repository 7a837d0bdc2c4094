"""`eval --replay`: a verdict recomputed from recorded answers, with no model, key or network.

The answers come from whoever wrote the recording.  They lie in a store of their own, which is gone
in the end: what was supplied never mixes with what was drawn here.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import msgspec

from promptops.cli.choosing import workplace
from promptops.cli.project import Project
from promptops.engine.plan import ArmPlan, Plan
from promptops.engine.preparing import Workplace
from promptops.engine.suite import MOST_SAMPLES, load_suite
from promptops.engine.suite_changes import judge_named
from promptops.engine.supplying import Unasked
from promptops.errors import InputError, InputErrors, Location, PromptopsError, did_you_mean
from promptops.models.endpoints import endpoint
from promptops.store.recording import (
    Manifest,
    RecordedArm,
    RecordedRun,
    manifest_of,
    read_manifest,
)
from promptops.store.recording_reading import fill
from promptops.store.store import Store
from promptops.values.quota import Quota
from promptops.values.report import Report
from promptops.values.request import Request, request_key
from promptops.values.response import Failure, Outcome

LACKING = "the recording has no such answer"
NAMED = 3
"""Missing samples that are told of one by one."""
_SHOWN = 8
"""Hex digits of a digest."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What an evaluation of recorded answers needs."""

    place: Workplace
    """On a store of its own, which has the recorded answers and nothing else."""
    answers: RecordedAnswers
    """For `evaluate(…, answers=…)`."""
    supplied: str
    """That the answers were not drawn here, in words."""


class RecordedAnswers:
    """Implements `promptops.engine.drawing.Answers` for what a recording lacks: nobody is asked."""

    def __init__(self, recordings: Mapping[str, Manifest], judged: Collection[str]) -> None:
        """By the names of suites; `judged` are those that a model scores."""
        self._recordings = recordings
        self._judged = judged
        self._missing: set[tuple[str, int]] = set()
        self._vectors = 0

    async def prepare(self, models: Iterable[str]) -> None:
        """Nobody is asked."""

    async def respond(self, request: Request, *, index: int, deadline_seconds: float) -> Outcome:
        del deadline_seconds
        self._missing.add((request_key(request, endpoint(request.model, {})), index))
        return Failure("unavailable", LACKING, retryable=False)

    async def embed(self, model: str, text: str, *, deadline_seconds: float) -> Outcome:
        del model, text, deadline_seconds
        self._vectors += 1
        return Failure("unavailable", LACKING, retryable=False)

    def quota(self, model: str) -> Quota | None:  # noqa: ARG002
        return None

    def price_entry(self, digest: str) -> None:
        """Nothing was priced."""

    def check_models(self, models: Iterable[str]) -> None:
        """Hold that every suite has recorded answers of these models.

        Raises:
            InputError: one has none.
        """
        for suite, manifest in self._recordings.items():
            for model in models:
                if model not in manifest.models:
                    raise InputError(
                        f"--model {model}: the recording has no answers of it",
                        location=Location(manifest_of(suite)),
                        hint=did_you_mean(model, manifest.models),
                    )

    def told(self, plan: Plan, report: Report) -> Report:
        """The report of a run, with whose answers it rests on and what they lack."""
        suite = plan.suite.name
        manifest = self._recordings[suite]
        supplied = _supplied([manifest], judged=suite in self._judged)
        missing, self._missing = self._missing, set()
        vectors, self._vectors = self._vectors, 0
        samples = _samples_among(missing, plan)
        others = len(missing) - len(samples) + vectors
        warnings = [supplied, *_stale(manifest, plan)]
        against = f" --against {plan.choices.against[:12]}" if plan.choices.against else ""
        again = f"`promptops eval --record {suite}{against}` records them"
        if samples:
            of = _share(len(samples), report)
            warnings.append(f"the recording lacks {of}: {_named(samples, plan)}; {again}")
        if others:
            what = "1 answer" if others == 1 else f"{others:,} answers"
            warnings.append(f"the recording lacks {what} of judges or embeddings; {again}")
        return msgspec.structs.replace(
            report,
            warnings=warnings + [each for each in report.warnings if LACKING not in each],
            calls=msgspec.structs.replace(report.calls, judge=0),
            meta={**report.meta, "supplied": supplied, "supplied_missing": len(samples) + others},
        )


def open_replay(project: Project, suites: Sequence[str], held: ExitStack) -> Replayed:
    """Read the recordings of suites into a store of their own; all of it goes with `held`.

    Raises:
        InputError: a suite has no recording, or it is not as promptops writes one.
        StoreError: there is no room for it.
    """
    recordings, judged = _read(project, suites)
    root = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="promptops-replay-")))
    fill(root, project.tree, recordings)
    store = held.enter_context(Store(root))
    environ = Unasked(os.environ)
    for manifest in recordings.values():
        for run in manifest.runs:
            _plan_looks(store, run)
            for name, number in run.judged_from.items():
                environ.judged_from[manifest.suite, run.scorers.get(name, "")] = number
    place = workplace(project, held, store, environ)
    supplied = _supplied(list(recordings.values()), judged=bool(judged))
    return Replayed(place, RecordedAnswers(recordings, judged), supplied)


def _read(project: Project, suites: Sequence[str]) -> tuple[dict[str, Manifest], set[str]]:
    """The recordings of suites, and which of those a model scores by what the suites say."""
    found: dict[str, Manifest] = {}
    judged: set[str] = set()
    errors: list[PromptopsError] = []
    for suite in dict.fromkeys(suites):
        try:
            loaded = load_suite(project.tree, suite)  # its errors go before those of the recording
            found[suite] = read_manifest(project.tree, suite)
            if any(judge_named(each) or "model" in each for each in loaded.file.scorers.values()):
                judged.add(suite)
        except InputError as error:
            errors.append(error)
    if errors:
        raise errors[0] if len(errors) == 1 else InputErrors(errors)
    return found, judged


def _plan_looks(store: Store, run: RecordedRun) -> None:
    """The looks that the author's run took: others would want other answers."""
    plan = run.plan
    if plan is not None:
        store.comparisons.begin(plan.key, plan.samples, plan.seed)
        store.comparisons.extend(plan.key, min(plan.reached, MOST_SAMPLES))


def _supplied(manifests: Sequence[Manifest], *, judged: bool) -> str:
    """Whoever supplies what a judge says supplies the scores."""
    what = "the answers, and those that score them," if judged else "the answers"
    days = sorted({each.recorded[:10] for each in manifests})
    when = " to ".join(dict.fromkeys((days[0], days[-1])))
    return f"{what} were supplied with the change (recorded {when}), not drawn here"


def _samples_among(missing: set[tuple[str, int]], plan: Plan) -> list[tuple[ArmPlan, int, int]]:
    """Those that are samples, as version, case and index; in the order of the dataset."""
    wanted: dict[str, list[int]] = {}
    for key, number in missing:
        wanted.setdefault(key, []).append(number)
    found = []
    seen: set[tuple[str, int]] = set()
    for case in range(len(plan.dataset)):
        for arm in plan.arms:
            key, first = arm.key(case), arm.first_number(case)
            for number in sorted(wanted.get(key, ())):
                if first <= number < first + MOST_SAMPLES and (key, number) not in seen:
                    seen.add((key, number))
                    found.append((arm, case, number - first))
    return found


def _share(lacking: int, report: Report) -> str:
    arms = [arm for arm in (report.baseline, report.candidate) if arm]
    asked = sum(arm.samples for arm in arms) - report.calls.shared
    return f"{lacking:,} of {max(asked, lacking):,} samples"


def _named(samples: Sequence[tuple[ArmPlan, int, int]], plan: Plan) -> str:
    """`lost-parcel (v2, sample 0), late-train (v1, sample 3), …`"""
    told = [
        f"{plan.dataset.case(case).id} (v{arm.loaded.prompt.version}, sample {index})"
        for arm, case, index in samples[:NAMED]
    ]
    return ", ".join(told) + (", …" if len(samples) > NAMED else "")


def _stale(manifest: Manifest, plan: Plan) -> list[str]:
    """What changed since the answers were recorded."""
    model = plan.candidate.model
    run = next((each for each in manifest.runs if each.model == model), manifest.runs[0])
    found = _of_arm("candidate", run.candidate, plan.candidate)
    if plan.baseline and not plan.itself:
        found += _of_arm("baseline", run.baseline, plan.baseline)
    if run.model != model:
        found.append(f"its model was {run.model} and is {model}")
    if run.dataset != plan.opened.fingerprint:
        found.append("the dataset changed")
    found += [
        f"scorer {scorer.name} changed"
        for scorer in plan.scorers
        if scorer.models and run.scorers.get(scorer.name) != scorer.digest
    ]
    return [f"since the answers were recorded: {'; '.join(found)}"] if found else []


def _of_arm(name: str, old: RecordedArm | None, new: ArmPlan) -> list[str]:
    version = f"v{new.loaded.prompt.version} ({new.loaded.digest[:_SHOWN]})"
    if old is None:
        return [f"the {name} is {version}, and there was none"]
    if old.digest == new.loaded.digest:
        return []
    return [f"the {name} was v{old.version} ({old.digest[:_SHOWN]}) and is {version}"]
