"""Whether what calls cost is known, and whether a budget can be kept; asked before any call."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from promptops.engine.calling.limits import Limits, check_bounded
from promptops.engine.calling.worst_case import WorstCase, worst_case, worst_case_of_text
from promptops.engine.plan import Plan
from promptops.engine.scoring import ProjectAccess
from promptops.errors import InputError
from promptops.models.prices import price
from promptops.scorers.discovery import Scorer
from promptops.values.price import StatedPrice
from promptops.values.request import Request


def check_limits(plan: Plan, limits: Limits, access: ProjectAccess) -> None:
    """Hold that the limits can be kept with every model that may be asked.

    Raises:
        InputError: nothing bounds what a call to one of them may cost or use.
    """
    if not plan.lacking or (limits.usd is None and limits.tokens is None):
        return
    prices = plan.suite.file.prices
    asked: dict[str, WorstCase] = {}
    for arm in plan.arms:
        for case in plan.dataset:
            request = arm.render(case)
            asked.setdefault(arm.model, worst_case(request, price(arm.model, prices)))
            break
    for scorer in plan.scorers:
        for model in scorer.models:
            asked.setdefault(model, _judged(scorer, model, prices, access))
    check_bounded(limits, asked)


def dearest(plan: Plan) -> WorstCase:
    """The most that a sample of the plan may use; where nothing bounds one, it is passed over."""
    prices = plan.suite.file.prices
    found = [
        worst_case(arm.render(case), price(arm.model, prices))
        for arm in plan.arms
        for case in plan.dataset
    ]
    tokens = max((each.tokens for each in found if each.tokens is not None), default=None)
    return WorstCase(
        tokens, max((each.usd for each in found if each.usd is not None), default=None)
    )


def check_priced(plan: Plan) -> None:
    """Hold a gate on cost to models whose price is known.

    Raises:
        InputError: at `gate.cost_increase`, where a version's model has no known price; nothing has
            been spent.
    """
    suite = plan.suite
    if suite.file.gate.cost_increase is None or plan.baseline is None or plan.itself:
        return
    models = dict.fromkeys(arm.model for arm in plan.arms)
    unknown = [model for model in models if price(model, suite.file.prices) is None]
    if unknown:
        raise InputError(
            f"the cost of answers cannot be held to a limit: the price of {unknown[0]} is unknown",
            location=suite.document.locate(("gate", "cost_increase")),
            hint=f"state it in the suite:  prices: {{{unknown[0]}: {{input: …, output: …}}}}"
            "  in US dollars per million tokens; or hold  gate.token_increase  instead",
        )


def _judged(
    scorer: Scorer, model: str, prices: Mapping[str, StatedPrice], access: ProjectAccess
) -> WorstCase:
    """The worst case of what a scorer asks, but for the length of the text that it asks about."""
    if scorer.judge is None:
        return worst_case_of_text("", price(model, prices))
    prompt = access.load_prompt(scorer.judge[0]).prompt
    params = {
        name: each for name, each in msgspec.to_builtins(prompt.params).items() if each is not None
    }
    return worst_case(Request(model, (), params), price(model, prices))
