"""How long a decision over 100,000 pairs takes, beside a bare pass of numpy over the same pairs."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest

from promptops.comparison.comparison import Comparison, Look
from promptops.comparison.decision import Decision
from promptops.comparison.policy import Metric, Policy
from promptops.engine.schedule import look_shares
from promptops.statistics.boundaries import power_boundaries
from tests.simulation import (
    ALPHA,
    Design,
    Run,
    Scorer,
    Scores,
    difficulty,
    flips,
    moved,
    similarities,
)

pytestmark = pytest.mark.slow

PAIRS = 100_000
SHAPES = (Design(PAIRS, 1), Design(PAIRS // 100, 100))
"""Looked at five times, and as often as it ever is."""
ROUNDS = 3
BOUND_SECONDS = 1.0
MOST_TIMES_BARE = 250
"""1 s where the bare pass takes about 4 ms."""


def whole(design: Design, scorer: Scorer, delta: float) -> Run:
    """Two gating metrics, all pairs drawn, and a drop that only the last looks can see.

    The margin is as small as the drop, so that nothing passes before.
    """
    chance = np.random.default_rng(PAIRS)
    before = difficulty(chance, design.cases)
    after = moved(before, before, delta)
    drawn = [
        np.concatenate([scorer(chance, expected, design.samples) for _ in range(2)])
        for expected in (before, after)
    ]
    metrics = (Metric("one", "gate", 1.0), Metric("two", "gate", 1.0))
    held_to = Policy(metrics, -delta / 2, ALPHA, "warn")
    return Run(design, Scores(*drawn), held_to, range(design.cases), 1)


def processor(work: Callable[[], Decision]) -> tuple[float, Decision]:
    """Seconds of a processor that a decision takes, and the decision."""
    began = time.process_time()
    decision = work()
    return time.process_time() - began, decision


def decisions(run: Run) -> tuple[list[float], Decision]:
    """What each look takes, and the last decision; with all that a report wants at the end."""
    power_boundaries.cache_clear()
    comparison = Comparison(run.policy, run.groups, look_shares(*run.design))
    took = []
    for visits in run.rounds():
        seconds, decision = processor(lambda: comparison.look(run.ledger, visits, Look()))  # noqa: B023
        took.append(seconds)
    run.comparison = comparison
    seconds, decision = processor(lambda: comparison.detailed(decision))
    took.append(seconds)
    return took, decision


def bare(run: Run) -> float:
    """Both metrics' differences read, their mean and spread and how often each value comes."""
    began = time.process_time()
    for monitor in run.comparison.monitors.values():
        d = np.asarray(monitor.pairs.differences)
        d.mean(), d.var(), np.unique(d, return_counts=True)
    return time.process_time() - began


@pytest.mark.parametrize("design", SHAPES, ids=str)
@pytest.mark.parametrize(
    ("scorer", "delta"), [(flips, -0.0035), (similarities, -0.0012)], ids=["0 or 1", "continuous"]
)
def test_a_decision_over_100_000_pairs(design: Design, scorer: Scorer, delta: float) -> None:
    run = whole(design, scorer, delta)
    taken = [decisions(run) for _ in range(ROUNDS)]
    floor = min(bare(run) for _ in range(ROUNDS))
    looks = [min(each) for each in zip(*(took for took, _ in taken), strict=True)]
    slowest, detail = max(looks[:-1]), looks[-1]
    verdicts = [each.verdict for each in taken[-1][1].comparisons]
    print(
        f"\n{design!s:>9} {scorer.__name__:12} slowest look {slowest:.2f} s, last"
        f" {looks[-2]:.2f} s, detail {detail:.2f} s, all {sum(looks):.2f} s,"
        f" bare {1000 * floor:.1f} ms: × {(looks[-2] + detail) / floor:.0f}; {verdicts}"
    )
    bound = max(BOUND_SECONDS, MOST_TIMES_BARE * floor)
    assert max(slowest, looks[-2]) < bound
    # The p-values of two metrics replay every look 14 times; once a run, and only where one fell.
    assert detail < bound * max(1, len(looks) / 50)
