"""How many answers a run may want, and how many of them nobody has paid for yet."""

from __future__ import annotations

from promptops.engine.plan import Plan
from promptops.store.responses import Responses
from promptops.values.sample import Arm

Counts = dict[Arm, int]


def demand(plan: Plan, responses: Responses) -> tuple[Counts, Counts]:
    """By arm: how many different answers a run may want, and how many of them are not kept.

    What both arms would ask is counted once, with the candidate.
    """
    wanted: Counts = {}
    missing: Counts = {}
    seen: dict[int, set[str]] = {}
    for arm in reversed(plan.arms):
        asked: dict[int, set[str]] = {}
        for case in range(len(plan.dataset)):
            asked.setdefault(arm.first_number(case), set()).add(arm.key(case))
        wanted[arm.arm] = found = 0
        for first, of_arm in asked.items():
            keys = of_arm - seen.get(first, set())
            seen.setdefault(first, set()).update(keys)
            wanted[arm.arm] += len(keys) * plan.limit
            found += responses.count_kept(sorted(keys), first, first + plan.limit)
        missing[arm.arm] = wanted[arm.arm] - found
    return wanted, missing
