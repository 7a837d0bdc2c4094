"""About what answers will cost, told before they are asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from promptops.documents.tree import Tree
from promptops.engine.judging.demand import JudgingDemand
from promptops.engine.plan import ArmPlan, Plan
from promptops.errors import InputError
from promptops.models.price_entry import Price
from promptops.models.prices import price
from promptops.prompts.loading import load_prompt
from promptops.prompts.prompt import Params, template_texts
from promptops.scorers.discovery import Scorer
from promptops.store.responses import Responses
from promptops.values.report import Report
from promptops.values.request import Request, canonical_json

CHARACTERS_PER_TOKEN = 4
"""Of English text, and no more than a rule of thumb."""
OUTPUT_TOKENS = 300
"""Of an answer, where the prompt sets no limit."""
MOST_LOOKED_AT = 200
"""Kept answers whose cost is looked at, and cases that are rendered to be measured."""


class Expenses:
    """What one further answer costs on average, by what is known best.

    First what kept answers to these very requests cost, then those of the other version on the same
    model, then the answers of the suite's last run on that model, then the price list.
    """

    def __init__(self, plan: Plan, responses: Responses, last: Report | None, tree: Tree) -> None:
        """`last` is the suite's newest report, `tree` where the judges' prompts are."""
        self._plan = plan
        self._last = last
        self._tree = tree
        self._kept = {arm.arm: _mean_kept(arm, len(plan.dataset), responses) for arm in plan.arms}

    def of_answer(self, arm: ArmPlan) -> tuple[float | None, str]:
        """US dollars of one answer of an arm, None where unknown; and what that rests on."""
        listed = self._price(arm.model)
        if listed is not None and listed.free:
            return 0.0, "free"
        alike = [arm, *(each for each in self._plan.arms if each.model == arm.model)]
        for each in alike:
            kept = self._kept[each.arm]
            if kept is not None:
                return kept, "what kept answers cost"
        ran = self._last.candidate if self._last and self._last.model == arm.model else None
        if self._last and ran and ran.cost_usd is not None and ran.samples > ran.failures:
            return ran.cost_usd / (ran.samples - ran.failures), f"run {self._last.run}"
        if listed is None:
            return None, "no price is known"
        sent = self._characters(arm) / CHARACTERS_PER_TOKEN
        got = _longest(arm.loaded.prompt.params)
        return listed.of(sent, got), f"list prices, {sent:,.0f} tokens in and {got:,} out"

    def of_judging(self, judging: JudgingDemand) -> float | None:
        """US dollars of all that scorers may ask; None where unknown."""
        prices = [self._price(model) for model in judging.by_model]
        if all(each is not None and each.free for each in prices):
            return 0.0
        measured = self._judging_measured([scorer for scorer, _ in judging.asked])
        if measured is not None:
            return (judging.answers + judging.again) * measured
        total = 0.0
        for scorer, asked in judging.asked:
            for model, times in asked.items():
                listed = self._price(model)
                if listed is None:
                    return None
                total += times * listed.of(*self._judged(scorer))
        return total

    def _price(self, model: str) -> Price | None:
        return price(model, self._plan.suite.file.prices)

    def _judging_measured(self, scorers: Sequence[Scorer]) -> float | None:
        """What the last run's judges cost for each answer, where they were the same."""
        last = self._last
        if last is None or last.cost.unpriced_calls or last.calls.shared:
            return None
        before: Mapping[str, Any] = last.meta.get("scorers", {})
        arms = [arm for arm in (last.baseline, last.candidate) if arm]
        answers = sum(arm.samples - arm.failures for arm in arms)
        spent = [arm.cost_usd for arm in arms if arm.cost_usd is not None]
        same = all(before.get(each.name) == each.digest for each in scorers)
        if not same or not answers or len(spent) < len(arms):
            return None
        return max(0.0, last.cost.evaluated_usd - sum(spent)) / answers

    def _judged(self, scorer: Scorer) -> tuple[float, float]:
        """Tokens in and out of one judgement: its prompt, the question, the answer or both."""
        candidate = self._plan.candidate
        answer = _longest(candidate.loaded.prompt.params)
        sent = self._characters(candidate) / CHARACTERS_PER_TOKEN + answer * (1 + scorer.pairs)
        name = getattr(scorer.options, "prompt", None)
        if not isinstance(name, str):
            return sent, 0
        try:
            prompt = load_prompt(self._tree, name).prompt
        except InputError:  # it was read a moment ago
            return sent, OUTPUT_TOKENS
        own = sum(len(text) for _, text in template_texts(prompt.messages))
        return sent + own / CHARACTERS_PER_TOKEN, _longest(prompt.params)

    def _characters(self, arm: ArmPlan) -> float:
        """Mean length of what is sent."""
        lengths = [
            _length(arm.render(self._plan.dataset.case(case)))
            for case in _spread(len(self._plan.dataset))
        ]
        return sum(lengths) / len(lengths) if lengths else 0.0


def _mean_kept(arm: ArmPlan, cases: int, responses: Responses) -> float | None:
    """What kept answers to an arm's requests cost; None for none, or where one is unpriced."""
    found = responses.find(arm.slot(case, 0) for case in _spread(cases))
    costs = [response.cost_usd for response in found.values()]
    known = [cost for cost in costs if cost is not None]
    return sum(known) / len(known) if known and len(known) == len(costs) else None


def _spread(cases: int) -> range:
    """Some of the cases, from all over the dataset."""
    return range(0, cases, -(-cases // MOST_LOOKED_AT) or 1)


def _length(request: Request) -> int:
    """Characters of a request that become tokens; pictures and files are not counted."""
    total = 0
    for message in request.messages:
        if isinstance(message.content, str):
            total += len(message.content)
        for part in message.content if isinstance(message.content, list) else []:
            total += len(str(part.get("text") or ""))
        total += len(canonical_json(message.tool_calls)) if message.tool_calls else 0
    for more in (request.tools, request.output_schema):
        total += len(canonical_json(more)) if more else 0
    return total


def _longest(params: Params) -> int:
    """Tokens of an answer, at most; a guess where nothing limits them."""
    for limit in (params.max_completion_tokens, params.max_tokens):
        if isinstance(limit, int):
            return limit
    return OUTPUT_TOKENS
