"""What the candidate uses beside the baseline: cost, tokens, latency, each held to a limit.

It is looked at once, when the run has ended for reasons of quality.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import msgspec

from promptops.comparison.decision import Decision
from promptops.comparison.policy import Policy
from promptops.statistics.ratio import ratio_of_means
from promptops.values.report import EconomyReport, Interval, Verdict

Resource = Literal["cost", "tokens", "latency"]
Unit = Literal["usd", "tokens", "seconds"]

UNITS: dict[Resource, Unit] = {"cost": "usd", "tokens": "tokens", "latency": "seconds"}

FEWEST_PAIRS = 10
"""Below it nothing is sure, however alike the pairs are; the first look at quality is here too."""

_ROUNDING = 1e-9
_NONE: Interval = (0.0, 0.0)


def _doubles() -> array[float]:
    return array("d")


def _numbers() -> array[int]:
    return array("q")


@dataclass(slots=True)
class Used:
    """What the pairs of a run used of one resource."""

    baselines: array[float] = field(default_factory=_doubles)
    candidates: array[float] = field(default_factory=_doubles)
    cases: array[int] = field(default_factory=_numbers)
    """The case number of each pair."""
    missing: int = 0
    """Pairs of which a side is unknown."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of all resources alike."""

    policy: Policy
    cases: int
    """In the dataset."""
    groups: Sequence[int] | None = None
    """The number of each case's group; wanted where the verdict is about the population."""
    identical: bool = False
    """Every request is the same on both arms, and drawn once."""


def compare(
    resource: Resource, used: Used, question: Question, limit: float | None
) -> EconomyReport:
    """The increase of one resource, with a verdict where there is a `limit` (0.25: a quarter).

    *Regressed* when it surely rose by more, *passed* when surely not, each at the error `alpha`;
    *invalid* when more than the policy's share of the pairs has an unknown side.
    """
    found = EconomyReport(
        name=resource,
        unit=UNITS[resource],
        baseline=None,
        candidate=None,
        increase=None,
        pairs=len(used.cases),
        missing=used.missing,
        limit=limit,
    )
    if used.cases:
        found = _estimated(found, used, question)
    if limit is None:
        return found
    return msgspec.structs.replace(found, verdict=_verdict(found, limit, question))


def _estimated(found: EconomyReport, used: Used, question: Question) -> EconomyReport:
    policy = question.policy
    units = None
    if policy.estimand == "population":
        groups = question.groups or range(question.cases)
        units = array("q", (groups[case] for case in used.cases))
    visited = len(set(used.cases))
    estimate = ratio_of_means(
        used.baselines,
        used.candidates,
        used.cases,
        policy.alpha,
        whole=visited >= (1 - policy.most_missing) * question.cases,
        units=units,
    )
    increase = interval = None
    if question.identical or estimate.baseline == estimate.candidate == 0:
        increase, interval = 0.0, _NONE
    elif estimate.ratio is not None:
        increase = estimate.ratio - 1
        if estimate.interval:
            interval = estimate.interval[0] - 1, estimate.interval[1] - 1
    return msgspec.structs.replace(
        found,
        baseline=estimate.baseline,
        candidate=estimate.candidate,
        increase=increase,
        interval=interval,
    )


def _verdict(found: EconomyReport, limit: float, question: Question) -> Verdict:
    """Whether it surely rose beyond the limit, or surely did not."""
    most = question.policy.most_missing * (found.pairs + found.missing)
    if not found.pairs or found.missing > most:
        return "invalid"
    if question.identical or found.baseline == found.candidate == 0:
        return "passed"
    if found.increase is None:  # from nothing to something: beyond any share of it
        return "regressed"
    if found.interval is None or found.pairs < FEWEST_PAIRS:
        return "inconclusive"
    low, high = found.interval
    if low > limit + _ROUNDING:
        return "regressed"
    return "passed" if high <= limit + _ROUNDING else "inconclusive"


def with_economy(decision: Decision, found: Sequence[EconomyReport]) -> Decision:
    """The decision of a run once it is known what the candidate uses.

    A sure increase beyond its limit is a regression, whatever became of the scores.  An open one
    lets nothing pass as sure, and one that cannot be told lets nothing pass at all.
    """
    told = {
        verdict: [reason(each) for each in found if each.verdict == verdict]
        for verdict in ("regressed", "invalid", "inconclusive", "passed")
    }
    if told["regressed"]:
        if decision.verdict == "regressed":
            return replace(decision, reasons=[*decision.reasons, *told["regressed"]])
        reasons = [*told["regressed"], *decision.reasons]
        return replace(decision, verdict="regressed", reasons=reasons)
    if decision.verdict in {"regressed", "invalid"}:
        return decision
    if told["invalid"]:
        reasons = [*told["invalid"], *decision.reasons]
        return replace(decision, verdict="invalid", reasons=reasons)
    if told["inconclusive"] and decision.verdict != "inconclusive":
        reasons = [*told["inconclusive"], *decision.reasons]
        return replace(decision, verdict="inconclusive", reasons=reasons)
    return replace(decision, reasons=[*decision.reasons, *told["inconclusive"], *told["passed"]])


def reason(found: EconomyReport) -> str:
    """Why a resource has the verdict it has, in plain words."""
    limit = found.limit or 0.0
    allowed = f"the {percent(limit)} that the gate allows"
    if found.verdict == "invalid":
        lost = f"{found.missing:,} of {found.missing + found.pairs:,} pairs"
        return f"{found.name} is not known of {lost}: too many for a verdict"
    if found.increase is None:
        return f"{found.name} rose from nothing, and the gate has a limit for it"
    if found.verdict == "inconclusive" and (found.interval is None or found.pairs < FEWEST_PAIRS):
        return f"{found.name}: {found.pairs} pairs are too few to hold it to {allowed}"
    if found.verdict == "passed" or found.interval is None:
        return f"{found.name} surely rose by no more than {allowed}"
    low, high = (signed_percent(end, limit) for end in found.interval)
    between = "" if low == high else f" ({low} to {high})"
    if found.verdict == "regressed":
        return f"{found.name} rose by {percent(found.increase)}{between}, more than {allowed}"
    change = signed_percent(found.increase, limit)
    return f"{found.name} is undecided: {change}{between}, where the gate allows {percent(limit)}"


def percent(share: float, apart: float | None = None) -> str:
    """A share in percent: `41%`; with decimals where it would read as the share `apart`."""
    text = f"{100 * share:.0f}"
    for decimals in (0, 1, 2, 3):
        text = f"{100 * share:.{decimals}f}"
        if apart is None or share == apart or float(text) != round(100 * apart, 3):
            break
    return f"{text}%"


def signed_percent(share: float, apart: float | None = None) -> str:
    """A change in percent with its sign: `+41%`, `−3%`, `0%`."""
    text = percent(abs(share), apart if share >= 0 else None)
    return text if not float(text[:-1]) else ("−" if share < 0 else "+") + text
