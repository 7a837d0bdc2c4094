"""What both arms used, sample by sample, and whether the gate lets the candidate use it."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from typing import Literal

from promptops.comparison.decision import Decision
from promptops.comparison.economy import UNITS, Question, Resource, Used, compare, with_economy
from promptops.comparison.ledger import ARMS
from promptops.engine.plan import Plan
from promptops.engine.suite import Gate
from promptops.models.price_entry import Price
from promptops.values.report import EconomyReport
from promptops.values.response import Failure, Outcome
from promptops.values.sample import Arm

_UNKNOWN = -1.0
_TYPES: dict[Resource, Literal["d", "f"]] = {"cost": "d", "tokens": "f", "latency": "f"}
"""Small costs keep their digits; tokens are exact up to 16 million, latency to a microsecond."""


class Usages:
    """Room for what `cases` × `samples` answers per arm used: 17 bytes each.

    A cell is written once. Cost and tokens of a kept answer are those of when it was drawn, and so
    is its latency.
    """

    def __init__(self, cases: int, samples: int) -> None:
        self.cases, self.samples = cases, 0
        self._amounts: dict[tuple[Arm, Resource], array[float]] = {
            (arm, resource): array(type_) for arm in ARMS for resource, type_ in _TYPES.items()
        }
        self._entered = {arm: bytearray() for arm in ARMS}
        self._closed = False
        self.grow(samples)

    def grow(self, samples: int) -> None:
        """Make room for more samples per case."""
        more = self.cases * (samples - self.samples)
        for amounts in self._amounts.values():
            amounts.frombytes(bytes(amounts.itemsize * more))
        for entered in self._entered.values():
            entered.extend(bytes(more))
        self.samples = samples

    def enter(
        self, arm: Arm, case: int, index: int, outcome: Outcome, listed: Price | None = None
    ) -> None:
        """Enter what one sample used; of a lost one, and of what was not told, nothing is known.

        Where `listed` has today's price of the model, its cost is worked out by that, whenever it
        was drawn: a price that changed meanwhile is no change of the prompt.
        """
        if self._closed:
            return
        cell = index * self.cases + case
        self._entered[arm][cell] = 1
        for resource, amount in _used(outcome, listed).items():
            self._amounts[arm, resource][cell] = _UNKNOWN if amount is None else amount

    def close(self) -> None:
        """Take in no more: what is drawn from here on is drawn of some cases for another reason."""
        self._closed = True

    def used(self, resource: Resource) -> Used:
        """The pairs of which both sides were entered."""
        found = Used()
        before, after = (self._amounts[arm, resource] for arm in ARMS)
        for cell in self._pairs():
            old, new = before[cell], after[cell]
            if old < 0 or new < 0:
                found.missing += 1
                continue
            found.baselines.append(old)
            found.candidates.append(new)
            found.cases.append(cell % self.cases)
        return found

    def _pairs(self) -> Iterator[int]:
        left, right = (self._entered[arm] for arm in ARMS)
        return (cell for cell in range(len(left)) if left[cell] and right[cell])


def _used(outcome: Outcome, listed: Price | None) -> dict[Resource, float | None]:
    if isinstance(outcome, Failure):
        return dict.fromkeys(UNITS)
    usage, cost = outcome.usage, outcome.cost_usd
    if listed is not None and usage is not None and cost is not None:
        cost = listed.of(usage.input_tokens, usage.output_tokens, usage.cached_input_tokens)
    return {
        "cost": cost,
        "tokens": None if usage is None else usage.input_tokens + usage.output_tokens,
        "latency": outcome.latency_seconds,
    }


def limits_of(gate: Gate) -> dict[Resource, float | None]:
    """By what share each may rise; None where it only observes."""
    return {
        "cost": gate.cost_increase,
        "tokens": gate.token_increase,
        "latency": gate.latency_increase,
    }


def economy(usages: Usages, plan: Plan) -> list[EconomyReport]:
    """How cost, tokens and latency compare over the pairs that were looked at.

    Nothing where there is no baseline.  A version compared with itself is held to no limit.
    """
    if plan.baseline is None:
        return []
    question = Question(
        plan.policy,
        len(plan.dataset),
        _groups(plan) if plan.policy.estimand == "population" else None,
        identical=plan.identical,
    )
    found = []
    for resource, limit in limits_of(plan.suite.file.gate).items():
        held = None if plan.itself else limit
        found.append(compare(resource, usages.used(resource), question, held))
    return found


def decided(decision: Decision, found: Sequence[EconomyReport], *, stopped: bool) -> Decision:
    """The decision with what the gate says of the economy; a run that was given up has no more."""
    return decision if stopped else with_economy(decision, found)


def _groups(plan: Plan) -> list[int]:
    """A number for each case, the same for cases that share a group."""
    named: dict[str, int] = {}
    return [
        number if case.group is None else named.setdefault(case.group, number)
        for number, case in enumerate(plan.dataset)
    ]
