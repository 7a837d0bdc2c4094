"""What would settle a comparison that is open."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, inf, log

from promptops.comparison.decision import MetricComparison
from promptops.comparison.monitor import Monitor
from promptops.comparison.policy import Policy
from promptops.statistics.e_process import pairs_until
from promptops.statistics.power import fewest_pairs_to_pass


def pairs_to_settle(
    comparisons: Sequence[MetricComparison], monitors: dict[str, Monitor], policy: Policy
) -> int | None:
    """About how many further pairs would settle an open comparison; None where none ever would.

    Beyond the plan only the bets count: how fast they have grown so far is taken to go on.  One
    metric that drops is enough, and a pass needs all of them, with the fewest pairs that may pass.
    """
    gating = [each for each in comparisons if each.metric.role == "gate" and each.pairs]
    if not gating:
        return None
    falls, passes = [], []
    for each in gating:
        pairs = monitors[each.metric.name].pairs
        share = policy.unplanned(policy.share(each.metric))
        high, low = pairs.differences + pairs.highest, pairs.differences + pairs.lowest
        mirrored = [-d for d in high]
        falls.append(pairs_until(mirrored, 0.0, -log(share)))
        margin = policy.margin_of(each.metric)
        fewest = fewest_pairs_to_pass(policy.alpha, margin)
        by_bets = pairs_until(low, -margin, -log(policy.unplanned(policy.alpha)))
        passes.append(max(by_bets, fewest - pairs.count))
    needed = min(*falls, max(passes))
    return None if needed == inf else max(1, ceil(needed))
