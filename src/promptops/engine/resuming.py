"""Runs that were broken off: whether they may go on, and what they had chosen."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from promptops.engine.choices import Choices
from promptops.engine.plan import ArmPlan, Plan
from promptops.errors import InputError, did_you_mean
from promptops.store.begun import Begun, BegunRun

SHOWN = 8
"""Hex digits of a digest that are shown."""


class Side(msgspec.Struct, frozen=True):
    """One arm, as a run was begun with it."""

    version: int
    digest: str
    model: str
    requests: str
    """Digest of all request keys, so of the endpoint and the rendered cases too."""


class Inputs(msgspec.Struct, frozen=True):
    """All that must still be so for a run to go on."""

    prompt: str
    candidate: Side
    baseline: Side | None
    dataset: str
    """Its fingerprint."""
    cases: int
    scorers: dict[str, str]
    """Name to digest."""
    gate: str
    samples: int
    """Per case, as planned when the run began."""
    seed: int


@dataclass(frozen=True, slots=True)
class Resumed:
    """A run to go on with."""

    run: str
    created: str
    suite: str
    choices: Choices
    inputs: Inputs | None


def inputs_of(plan: Plan) -> Inputs:
    """What a run of this plan is begun with."""
    gate = plan.suite.file.gate
    return Inputs(
        prompt=plan.candidate.loaded.name,
        candidate=_side(plan.candidate),
        baseline=_side(plan.baseline) if plan.baseline else None,
        dataset=plan.opened.fingerprint,
        cases=len(plan.dataset),
        scorers={each.name: f"{each.role} {each.weight!r} {each.digest}" for each in plan.scorers},
        gate=repr((gate, plan.suite.file.truncated)),
        samples=plan.samples,
        seed=plan.seed,
    )


def encoded(inputs: Inputs) -> str:
    """As the store keeps them; equal ones are equal texts."""
    return msgspec.json.encode(inputs, order="deterministic").decode()


def as_mapping(choices: Choices) -> dict[str, Any]:
    """As the store keeps them."""
    return {**msgspec.to_builtins(choices), "tags": list(choices.tags)}


def chosen_run(begun: Begun, words: str) -> Resumed:
    """The run that is meant by its id, the start of it, its suite, or nothing for the newest.

    Raises:
        InputError: there is none that was broken off, or it is running.
    """
    broken_off = begun.unfinished()
    meant = [each for each in broken_off if _means(words, each)]
    if not meant:
        _refuse(begun, words, broken_off)
    found = meant[0]
    if found.alive:
        raise InputError(
            f"run {found.run} is under way in another process",
            hint="let it end; what it draws is kept for everyone",
        )
    return _decoded(found)


def same_run(begun: Begun, suite: str, inputs: Inputs, choices: Choices) -> Resumed | None:
    """The run of exactly these inputs and choices that was broken off, if there is one."""
    for each in begun.unfinished(suite=suite, inputs=encoded(inputs)):
        if not each.alive and each.choices == as_mapping(choices):
            return _decoded(each)
    return None


def check_unchanged(resumed: Resumed, now: Inputs) -> None:
    """Hold that a run goes on with what it was begun with.

    Raises:
        InputError: something changed; each thing is named.
    """
    before = resumed.inputs
    if before == now:
        return
    told = _differences(before, now) if before else ["its inputs cannot be read any more"]
    raise InputError(
        f"run {resumed.run} cannot go on: {'; '.join(told)}",
        hint=f"promptops eval {resumed.suite}  begins a new run; answers that still fit are kept",
    )


def _means(words: str, run: BegunRun) -> bool:
    return not words or run.suite == words or run.run.startswith(words)


def _refuse(begun: Begun, words: str, broken_off: Sequence[BegunRun]) -> None:
    if words and begun.find(words):
        raise InputError(f"run {words} came to its end: there is nothing to go on with")
    if not broken_off:
        raise InputError("there is no run that was broken off", hint="promptops eval begins one")
    known = [each.run for each in broken_off] + sorted({each.suite for each in broken_off})
    raise InputError(
        f"there is no run {words!r} that was broken off", hint=did_you_mean(words, known)
    )


def _decoded(run: BegunRun) -> Resumed:
    try:
        inputs = msgspec.json.decode(run.inputs, type=Inputs)
    except msgspec.DecodeError:  # of an older promptops
        inputs = None
    choices = msgspec.convert({**run.choices, "tags": tuple(run.choices["tags"])}, Choices)
    return Resumed(run.run, run.created, run.suite, choices, inputs)


def _side(arm: ArmPlan) -> Side:
    prompt = arm.loaded.prompt
    requests = hashlib.sha256(arm.keys).hexdigest()
    return Side(prompt.version, arm.loaded.digest, arm.model, requests)


def _differences(before: Inputs, now: Inputs) -> list[str]:
    found = []
    for name in ("candidate", "baseline"):
        old, new = getattr(before, name), getattr(now, name)
        if old != new:
            found.append(f"the {name} was {_named(old)} and is {_named(new)}")
    if before.dataset != now.dataset or before.cases != now.cases:
        found.append("the dataset changed")
    changed = [
        name
        for name in sorted({*before.scorers, *now.scorers})
        if before.scorers.get(name) != now.scorers.get(name)
    ]
    found += [f"scorer {name} changed" for name in changed]
    if before.gate != now.gate:
        found.append("the gate changed")
    if (before.samples, before.seed) != (now.samples, now.seed):
        found.append("another number of samples is planned")
    return found or ["its prompt changed"]


def _named(side: Side | None) -> str:
    if side is None:
        return "none"
    digest, requests = side.digest[:SHOWN], side.requests[:SHOWN]
    return f"v{side.version} ({digest}, {side.model}, requests {requests})"
