"""Critical cases gate by themselves, whatever the average says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from promptops.comparison.ledger import Ledger
from promptops.comparison.policy import Metric

HELD = 0.5
"""A sample holds a metric when it scores at least this."""


@dataclass(frozen=True, slots=True)
class Critical:
    """What became of the critical cases, by their ids."""

    broken: Sequence[str] = ()
    """Held in all baseline samples, and fail in most of the new ones."""
    unsure: Sequence[str] = ()
    """May have broken: what was lost, or not drawn, would decide it."""


def judge_critical(
    ledger: Ledger, gating: Sequence[Metric], critical: Iterable[tuple[int, str]], samples: int
) -> Critical:
    """Judge the critical cases by their first `samples` samples.

    `critical` has the number and id of each such case.  One gating metric that breaks is enough.  A
    sample that is missing counts for neither: a case is broken where it is so whatever the missing
    ones may have been, and unsure where they could make it so.
    """
    broken, unsure = [], []
    for case, case_id in critical:
        found = {_fate(ledger, metric.name, case, samples) for metric in gating}
        if "broken" in found:
            broken.append(case_id)
        elif "unsure" in found:
            unsure.append(case_id)
    return Critical(broken, unsure)


def _fate(ledger: Ledger, metric: str, case: int, samples: int) -> str:
    before = ledger.case_scores("baseline", metric, case)[:samples]
    after = ledger.case_scores("candidate", metric, case)[:samples]
    if any(score is not None and score < HELD for score in before):
        return "held"  # it did not hold before, so it cannot break
    failed = sum(score is not None and score < HELD for score in after)
    if 2 * failed > samples and None not in before:
        return "broken"
    return "unsure" if 2 * (failed + after.count(None)) > samples else "held"
