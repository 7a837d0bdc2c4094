"""How many samples a run plans, and how far it goes, given what runs before it planned."""

from __future__ import annotations

from promptops.engine.choices import Choices
from promptops.engine.plan import Plan
from promptops.engine.suite import MOST_SAMPLES
from promptops.errors import InputError
from promptops.store.comparisons import Comparisons, LookPlan


def lay_out(plan: Plan, choices: Choices, known: Comparisons) -> list[str]:
    """Fill in the plan's samples, limit and seed; what its reader must know of it, in words.

    The first run of a comparison lays out its looks, and every later one goes on with them, so that
    nobody has a fresh error to spend by trying again.  Fewer samples than the suite's are a first
    impression of the same plan; more than were planned lie beyond it.

    Raises:
        InputError: there is nothing that could be extended.
    """
    suite = plan.suite.file.samples
    if plan.extend:
        _check_extending(plan, choices)
    if plan.baseline is None:
        plan.samples = plan.limit = choices.samples or suite
        return []
    before = known.find(plan.key)
    if before is None:
        plan.samples = max(choices.samples or 0, suite)
        plan.limit = choices.samples or suite
        return []
    plan.samples, plan.seed = before.samples, before.seed
    plan.limit = choices.samples or max(before.reached, suite)
    if plan.extend and plan.limit >= MOST_SAMPLES:
        raise InputError(
            f"--extend: every case has {MOST_SAMPLES} samples already",
            hint="add cases, or plan more samples for the next version",
        )
    told = _told(plan, choices, before)
    if plan.policy.estimand == "population":
        plan.limit = min(plan.limit, plan.samples)
    return told


def _check_extending(plan: Plan, choices: Choices) -> None:
    if plan.baseline is None:
        raise InputError("--extend: there is no earlier version to compare with")
    if choices.samples:
        raise InputError("--extend goes as far as may settle it: leave out --samples")
    if plan.policy.estimand == "population":
        raise InputError(
            "--extend: more samples of these cases say nothing more about other cases",
            hint="a verdict about the population needs more cases",
            location=plan.suite.document.locate(("gate", "estimand")),
        )


def _told(plan: Plan, choices: Choices, before: LookPlan) -> list[str]:
    """Where the plan of the first run overrides what was asked for."""
    told = []
    first = f"the first run of this comparison planned {before.samples} samples a case"
    if choices.samples is None and plan.suite.file.samples < before.samples:
        told.append(f"{first}: that plan stays")
    if choices.seed not in {None, before.seed}:
        told.append("the order of draws stays that of the first run of this comparison")
    if plan.limit > plan.samples and plan.policy.estimand == "population":
        told.append(f"{first} and one look: more samples change nothing")
    elif plan.limit > plan.samples:
        told.append(
            f"planned with {plan.samples} samples a case: what goes beyond is held to the stricter"
            " test that needs no plan"
        )
    return told
