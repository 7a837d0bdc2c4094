"""A plan as JSON has it, and the sizes of a run that a plan tries."""

from __future__ import annotations

from typing import Any

from promptops.engine.outlook import Outlook
from promptops.engine.plan import ArmPlan, Plan

CASES_TRIED = (0.5, 1, 2, 4)
"""Times the cases that there are."""
SAMPLES_TRIED = (1, 3, 5, 10, 20)


def samples_tried(seen: Outlook) -> list[int]:
    """Samples of each case, those planned among them."""
    return sorted({*SAMPLES_TRIED, seen.samples})


def cases_tried(seen: Outlook, share: float) -> int:
    """So many times the cases that there are."""
    return max(1, round(seen.cases * share))


def plan_fields(plan: Plan, seen: Outlook) -> dict[str, Any]:
    """A plan of `promptops.plan/1`."""
    noise = seen.noise
    return {
        "suite": seen.suite,
        "prompt": plan.candidate.loaded.name,
        "model": seen.model,
        "baseline": _arm(plan.baseline) if plan.baseline else None,
        "candidate": _arm(plan.candidate),
        "cases": seen.cases,
        "samples": seen.samples,
        "limit": seen.limit,
        "pairs": seen.pairs,
        "looks": seen.looks,
        "calls": seen.calls,
        "judge_calls": seen.judge_calls,
        "kept": seen.kept,
        "usd": seen.usd,
        "usd_basis": seen.usd_basis,
        "margin": seen.policy.margin,
        "alpha": seen.policy.alpha,
        "estimand": seen.policy.estimand,
        "guarantee": seen.policy.guarantee,
        "detectable": seen.detectable,
        "noise": noise and {
            "metric": noise.metric.name,
            "total": noise.variance.total,
            "between": noise.variance.between,
            "within": noise.variance.within,
            "source": noise.source,
        },
        "pairs_to_pass": seen.pairs_to_pass,
        "settled": seen.settled or None,
        "least_seconds": seen.least_seconds,
        "table": [
            {
                "cases": cases_tried(seen, share),
                "samples": samples,
                "detectable": seen.sees(cases_tried(seen, share), samples),
            }
            for share in CASES_TRIED
            for samples in samples_tried(seen)
        ] if seen.noises else [],
    }  # fmt: skip


def _arm(arm: ArmPlan) -> dict[str, Any]:
    origin = arm.provenance
    return {
        "version": arm.loaded.prompt.version,
        "digest": arm.loaded.digest,
        "commit": origin.commit,
        "dirty": origin.dirty,
    }
