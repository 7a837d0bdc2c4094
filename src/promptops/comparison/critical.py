"""Critical cases gate by themselves, whatever the average says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from promptops.comparison.ledger import Ledger
from promptops.comparison.policy import Metric

HELD = 0.5
"""A sample holds a metric when it scores at least this."""


def broken_critical(
    ledger: Ledger, gating: Sequence[Metric], critical: Iterable[tuple[int, str]]
) -> list[str]:
    """Ids of the cases that held in all baseline samples and fail in most of the new ones.

    `critical` has the number and id of each such case.  One gating metric that breaks is enough.
    """
    return [
        case_id
        for case, case_id in critical
        if any(_broke(ledger, metric.name, case) for metric in gating)
    ]


def _broke(ledger: Ledger, metric: str, case: int) -> bool:
    before = [score for score in ledger.case_scores("baseline", metric, case) if score is not None]
    after = [score for score in ledger.case_scores("candidate", metric, case) if score is not None]
    if not before or not after or min(before) < HELD:
        return False
    return 2 * sum(score < HELD for score in after) > len(after)
