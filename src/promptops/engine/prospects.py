"""What a run planned and saved, and what would settle it."""

from __future__ import annotations

import shlex
from math import ceil

from promptops.comparison.by_labels import open_by_labels
from promptops.comparison.detection import detectable
from promptops.comparison.forecast import pairs_to_settle
from promptops.engine.demand import demand
from promptops.engine.looks import MOST_FURTHER, Looks
from promptops.engine.plan import Plan
from promptops.engine.running import Run
from promptops.engine.schedule import look_shares
from promptops.engine.suite import MOST_SAMPLES
from promptops.engine.tally import rounded_usd
from promptops.store.responses import Responses
from promptops.values.report import Budget, NextStep


def budget(run: Run, responses: Responses) -> Budget | None:
    """What was planned to be looked at; None where nothing is compared."""
    plan, looks, decision = run.plan, run.looks, run.decision
    if looks is None or decision is None:
        return None
    planned = len(plan.dataset) * plan.samples
    saved = run.planned - run.finished if decision.settled and not (run.stopped or run.cut) else 0
    return Budget(
        planned_pairs=planned,
        pairs=max(each.pairs for each in decision.comparisons),
        planned_looks=len(look_shares(len(plan.dataset), plan.samples)),
        looks=looks.comparison.looks,
        detectable=_detectable(run, planned),
        saved_calls=max(0, saved),
        saved_usd=_cost_of(run, min(saved, _unpaid(plan, responses))) if saved > 0 else None,
        extended=looks.comparison.taken > planned,
    )


def next_step(run: Run) -> NextStep | None:
    """What would settle an open comparison; None where it is not open, or nothing would."""
    plan, looks, decision = run.plan, run.looks, run.decision
    if looks is None or decision is None or decision.verdict != "inconclusive" or plan.itself:
        return None
    if not plan.policy.gating or open_by_labels(decision.comparisons):
        return None  # it is people who would settle it
    if decision.settled:  # the scores are clear: what is open is no matter of more samples
        return None
    if run.samples < plan.samples:
        pairs, extra = len(plan.dataset) * (plan.samples - run.samples), []
    else:
        further = _further(run, looks)
        if further is None:
            return None
        pairs, extra = further, ["--extend"]
    alone = len(plan.dataset) - len(run.shared)
    calls = ceil(pairs * (len(plan.dataset) + alone) / len(plan.dataset))
    return NextStep(command_again(plan, extra), calls, _cost_of(run, calls))


def command_again(plan: Plan, extra: list[str]) -> str:
    """The command that goes on with this comparison."""
    choices = plan.choices
    parts = ["promptops", "eval", plan.suite.name]
    if choices.against:
        parts += ["--against", choices.against]
    if choices.model:
        parts += ["--model", choices.model]
    for tag in choices.tags:
        parts += ["--tag", tag]
    return shlex.join([*parts, *extra])


def _unpaid(plan: Plan, responses: Responses) -> int:
    """Answers of the plan that no run has had yet: what is kept cannot be saved."""
    _, missing = demand(plan, responses)
    return sum(missing.values())


def _further(run: Run, looks: Looks) -> int | None:
    """How many pairs more, where an extension of this size would be allowed."""
    plan, decision = run.plan, run.decision
    if plan.policy.estimand == "population" or decision is None:
        return None
    needed = pairs_to_settle(decision.comparisons, looks.comparison.monitors, plan.policy)
    cases = len(plan.dataset)
    most = min(MOST_SAMPLES - run.samples, MOST_FURTHER * plan.samples) * cases
    return needed if needed is not None and needed <= most else None


def _detectable(run: Run, pairs: int) -> float | None:
    """Of the gating metric that hides most."""
    assert run.decision is not None
    policy = run.plan.policy
    found = [
        detectable(pairs, each.variance, policy, each.metric, units=each.units or each.pairs)
        for each in run.decision.comparisons
        if each.metric.role == "gate" and each.variance is not None
    ]
    return max(found, default=None)


def _cost_of(run: Run, answers: int) -> float | None:
    """What so many further answers would cost, judges included; None where it is unknown."""
    spent = (run.sources, run.services.sources)
    if any(each.unpriced for each in spent) or not run.finished:
        return None
    return rounded_usd(answers * sum(each.evaluated_usd for each in spent) / run.finished)
