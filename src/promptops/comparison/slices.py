"""Which parts of a dataset fell: diagnostics beside the verdict, never a gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp

from promptops.comparison.ledger import Ledger
from promptops.comparison.policy import Metric
from promptops.statistics.e_process import log_e_regressed
from promptops.statistics.multiplicity import e_bh

FALSE_DISCOVERIES = 0.10
"""Of the slices that are called worse, the share that may be called so wrongly."""
_MOST = 700.0
"""Of a logarithm whose exponential is still a number."""


@dataclass(frozen=True, slots=True)
class Slice:
    """One metric on the cases that carry a tag."""

    tag: str
    metric: str
    cases: int
    """Those that were drawn on both sides."""
    baseline: float | None
    candidate: float | None
    delta: float | None
    e_value: float
    """Evidence against "it did not fall": a factor, 1 for none."""
    fell: bool = False


def slices(
    ledger: Ledger, metrics: Sequence[Metric], tags: Mapping[str, Sequence[int]]
) -> list[Slice]:
    """Some metrics on every tag, by all pairs so far; `tags` has the case numbers of each.

    What is called worse is so at a false discovery rate of 0.10 over all of them (e-BH: Wang and
    Ramdas, "False discovery rate control with e-values", J. R. Stat. Soc. B 84(3), 2022), which
    holds however the slices overlap and whenever the run stopped.
    """
    found = [_slice(ledger, metric, tag, of) for tag, of in tags.items() for metric in metrics]
    marked = e_bh([each.e_value for each in found], FALSE_DISCOVERIES)
    return [replace(each, fell=fell) for each, fell in zip(found, marked, strict=True)]


def _slice(ledger: Ledger, metric: Metric, tag: str, cases: Sequence[int]) -> Slice:
    visits = ((case, index) for case in cases for index in range(ledger.samples))
    pairs = ledger.pairs(metric.name, visits)
    delta = sum(pairs.differences) / pairs.count if pairs.count else None
    evidence = log_e_regressed(pairs.differences + pairs.highest)
    return Slice(
        tag=tag,
        metric=metric.name,
        cases=len({*pairs.cases, *pairs.missing_cases}),
        baseline=pairs.baseline,
        candidate=pairs.candidate,
        delta=delta,
        e_value=exp(min(evidence, _MOST)),
    )
