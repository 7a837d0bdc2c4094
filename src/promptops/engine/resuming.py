"""Runs that were broken off: whether they may go on, and what they had chosen."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn

import msgspec

from promptops.engine.calling.spending import Spent as Before
from promptops.engine.calling.worst_case import WorstCase
from promptops.engine.choices import Choices
from promptops.engine.judging.standing import held_to
from promptops.engine.plan import ArmPlan, Plan
from promptops.errors import InputError, did_you_mean
from promptops.store.begun import Begun, BegunRun
from promptops.store.ledger import Spent
from promptops.values.report import Calls

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
    limit: int
    """Per case, at most in this run."""
    prices: str
    """What the suite says that models cost."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """A run to go on with."""

    run: str
    created: str
    suite: str
    choices: Choices
    inputs: Inputs | None
    killed: bool
    """It did not end by itself."""


def inputs_of(plan: Plan) -> Inputs:
    """What a run of this plan is begun with."""
    gate = plan.suite.file.gate
    return Inputs(
        prompt=plan.candidate.loaded.name,
        candidate=_side(plan.candidate),
        baseline=_side(plan.baseline) if plan.baseline else None,
        dataset=plan.opened.fingerprint,
        cases=len(plan.dataset),
        scorers={each.name: held_to(each, metric) for each, metric in plan.judged_as},
        gate=repr((gate, plan.suite.file.truncated)),
        samples=plan.samples,
        limit=plan.limit,
        prices=repr(sorted(plan.suite.file.prices.items())),
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
        InputError: no run or several are meant, it came to its end, or it is under way.
    """
    broken_off = begun.unfinished()
    meant = [each for each in broken_off if _means(words, each)]
    free = [each for each in meant if not each.alive]
    if not meant:
        _refuse(begun, words, broken_off)
    if not free:
        raise InputError(
            f"run {meant[0].run} is under way in another process",
            hint="let it end: what it draws is kept for every run",
        )
    found = free[0]
    if words not in {"", found.suite, found.run} and len(free) > 1:
        raise InputError(
            f"{words!r} is the start of {len(free)} runs that were broken off",
            hint="give more of it",
        )
    return _decoded(found)


def same_run(begun: Begun, suite: str, inputs: Inputs, choices: Choices) -> Resumed | None:
    """The run of exactly these inputs and choices that was broken off, if there is one."""
    for each in begun.unfinished(suite=suite, inputs=encoded(inputs)):
        if not each.alive and each.choices == as_mapping(choices):
            return _decoded(each)
    return None


def before(spent: Spent, calls: Calls, worst: WorstCase, unseen: int) -> Before:
    """What a run had spent, for its budget; `unseen` calls may have been under way at a kill.

    Of calls that the provider refused nothing is in the ledger; `calls` are those of the report
    that was written when it was broken off, if any.  What is not known counts as `worst`.
    """
    unmetered = spent.lost_calls + spent.unmetered_calls + unseen
    return Before(
        calls=max(spent.calls, calls.made),
        retried=calls.retried,
        incurred_usd=spent.cost_usd,
        at_risk_usd=spent.at_risk_usd,
        lost=spent.lost_calls,
        unpriced=spent.unpriced_calls,
        unpriced_usd=(spent.unpriced_calls + unseen) * (worst.usd or 0.0),
        tokens=spent.input_tokens + spent.output_tokens + unmetered * (worst.tokens or 0),
    )


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


def _refuse(begun: Begun, words: str, broken_off: Sequence[BegunRun]) -> NoReturn:
    ended = [each for each in begun.all_runs() if words and _means(words, each)]
    if ended:
        run, suite = ended[0].run, ended[0].suite
        raise InputError(
            f"run {run} of {suite} came to its end: there is nothing to go on with",
            hint=f"promptops eval {suite}  begins a new run",
        )
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
    try:
        choices = msgspec.convert(run.choices, Choices)
    except msgspec.ValidationError:
        raise InputError(
            f"run {run.run} was begun by another version of promptops, and cannot go on here",
            hint=f"promptops eval {run.suite}  begins a new run; its answers are kept",
        ) from None
    choices = replace(choices, tags=tuple(choices.tags))
    return Resumed(run.run, run.created, run.suite, choices, inputs, run.state == "running")


def _side(arm: ArmPlan) -> Side:
    prompt = arm.loaded.prompt
    requests = hashlib.sha256(arm.keys).hexdigest()
    return Side(prompt.version, arm.loaded.digest, arm.model, requests)


def _differences(before: Inputs, now: Inputs) -> list[str]:
    found = []
    for name in ("candidate", "baseline"):
        found += _of_side(name, getattr(before, name), getattr(now, name))
    if before.dataset != now.dataset or before.cases != now.cases:
        found.append("the dataset changed")
    found += [
        f"scorer {name} changed"
        for name in sorted({*before.scorers, *now.scorers})
        if before.scorers.get(name) != now.scorers.get(name)
    ]
    if before.gate != now.gate:
        found.append("the gate changed")
    if before.prices != now.prices:
        found.append("the suite's prices changed")
    if (before.samples, before.limit) != (now.samples, now.limit):
        found.append(f"it drew {before.limit} samples a case, and would draw {now.limit}")
    if not found:  # the requests alone: they go elsewhere
        found.append(f"{now.candidate.model} is asked at another address")
    return found


def _of_side(name: str, old: Side | None, new: Side | None) -> list[str]:
    """What changed of one arm."""
    if old is None or new is None:
        return [f"the {name} was {_named(old)} and is {_named(new)}"] if old != new else []
    found = []
    if old.digest != new.digest:
        found.append(f"the {name} was {_named(old)} and is {_named(new)}")
    if old.model != new.model:
        found.append(f"its model was {old.model} and is {new.model}")
    return found


def _named(side: Side | None) -> str:
    return "none" if side is None else f"v{side.version} ({side.digest[:SHOWN]})"
