"""What moves a judge beside the quality of answers: place, length, and chance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import pstdev

from promptops.statistics.proportion import clustered_share
from promptops.statistics.slope import LEAST_CLUSTERS, slope_beside
from promptops.trust.agreement import BY_WILSON
from promptops.trust.judged import Judged
from promptops.values.score import Vote
from promptops.values.trust import Measure

BASELINE_FIRST = "baseline first"
CANDIDATE_FIRST = "candidate first"
BY_REGRESSION = "least squares beside people's word, robust by cases"
_LEAST_SPREAD = 0.25
"""Of lengths, in doublings (standard deviation): below it, a slope per doubling would be a guess
at answers that nobody saw."""


@dataclass(frozen=True, slots=True)
class BothOrders:
    """A pair of answers that a judge saw in both orders."""

    cluster: str
    baseline_first: float
    """What the candidate got, in [0, 1], when the baseline's answer stood first."""
    candidate_first: float


def both_orders(cluster: str, votes: Sequence[Vote]) -> list[BothOrders]:
    """The pairs of votes in which one judge saw one pair in both orders."""
    by: dict[str, dict[str, list[float]]] = {}
    for vote in votes:
        if vote.value is not None and vote.order in {BASELINE_FIRST, CANDIDATE_FIRST}:
            by.setdefault(vote.by, {}).setdefault(vote.order, []).append(vote.value)
    return [
        BothOrders(cluster, *ends)
        for orders in by.values()
        for ends in zip(
            orders.get(BASELINE_FIRST, ()), orders.get(CANDIDATE_FIRST, ()), strict=False
        )
    ]


def position_bias(pairs: Sequence[BothOrders]) -> list[Measure]:
    """How often the first answer wins beyond one half, and how often the order decides.

    Half a win is a tie.  A pair flips where both orders name another winner; one win and one tie is
    no flip.  Nothing where no pair was judged.
    """
    if not pairs:
        return []
    clusters = [each.cluster for each in pairs]
    # One pair has both orders, so an honest judge is at one half whichever answer is better.
    first = [((1 - each.baseline_first) + each.candidate_first) / 2 for each in pairs]
    wins = clustered_share(first, clusters)
    flips = [
        float((each.baseline_first - 0.5) * (each.candidate_first - 0.5) < 0) for each in pairs
    ]
    flipped = clustered_share(flips, clusters)
    return [
        Measure(
            "first wins - 1/2",
            wins.value - 0.5,
            (wins.low - 0.5, wins.high - 0.5),
            BY_WILSON,
            wins.size,
        ),
        Measure("flips", flipped.value, (flipped.low, flipped.high), BY_WILSON, flipped.size),
    ]


def length_bias(judged: Sequence[Judged]) -> Measure | None:
    """By how much the score rises when an answer is twice as long, beside what people say of it."""
    told = [each for each in judged if each.answer]
    if not told:
        return None
    doublings = [math.log2(len(each.answer)) for each in told]
    if pstdev(doublings) < _LEAST_SPREAD:
        why = "the answers are of much the same length"
        return Measure("length", None, size=len(told), why=why)
    found = slope_beside(
        [each.judge for each in told],
        [each.people for each in told],
        doublings,
        [each.cluster for each in told],
    )
    if found is None:
        why = f"it takes answers of {LEAST_CLUSTERS} cases or more, of different lengths"
        return Measure("length", None, size=len(told), why=why)
    return Measure("length", found.value, (found.low, found.high), BY_REGRESSION, len(told))


def self_consistency(judged: Sequence[Judged]) -> Measure | None:
    """How often two askings of one question differ; None where nothing was asked twice."""
    told = [(each.cluster, each.askings) for each in judged if len(each.askings) > 1]
    if not told:
        return None
    changes = [_changing(values) for _, values in told]
    share = clustered_share(changes, [cluster for cluster, _ in told])
    return Measure("changes", share.value, (share.low, share.high), BY_WILSON, share.size)


def repeated(votes: Sequence[Vote]) -> tuple[float, ...]:
    """Values of one and the same question, where votes hold any: of the one who said most."""
    by: dict[str, list[float]] = {}
    for vote in votes:
        if vote.value is not None and not vote.order:
            by.setdefault(vote.by, []).append(vote.value)
    longest = max(by.values(), key=len, default=[])
    return tuple(longest) if len(longest) > 1 else ()


def _changing(values: Sequence[float]) -> float:
    pairs = list(combinations(values, 2))
    return sum(a != b for a, b in pairs) / len(pairs)
