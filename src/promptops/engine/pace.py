"""How long a run takes at least, where its suite says how many requests a minute it may send."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from promptops.engine.calling.rates import BURST_SECONDS
from promptops.engine.demand import Counts
from promptops.engine.plan import Plan


def least_seconds(plan: Plan, missing: Counts, asked: Mapping[str, int]) -> float:
    """Of all calls, each model asked as fast as the limit lets it; 0 where there is no limit.

    `asked` has how often scorers ask which model.
    """
    limit = plan.suite.file.limits.requests_per_minute
    if limit is None:
        return 0.0
    calls: Counter[str] = Counter()
    for arm in plan.arms:
        calls[arm.model] += missing[arm.arm]
    calls.update(asked)
    each = 60.0 / limit
    most = max(calls.values(), default=0)
    return max(0.0, (most - 1) * each - max(0.0, BURST_SECONDS - each))
