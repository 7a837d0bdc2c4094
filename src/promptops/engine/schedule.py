"""The order of draws: breadth first, arms interleaved, seeded."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from promptops.comparison.ledger import ARMS
from promptops.values.sample import Arm

LOOKS_PER_PASS = 5
FEWEST_PAIRS_AT_A_LOOK = 10
MOST_LOOKS = 100
"""More would cost time and find nothing sooner."""


@dataclass(frozen=True, slots=True)
class Draw:
    """One response to be had. With `arms` of two, the arms share it."""

    case: int
    index: int
    arms: tuple[Arm, ...]


def rounds(
    cases: int, samples: int, seed: int, *, beyond: int = 0
) -> Iterator[list[tuple[int, int, bool]]]:
    """The rounds of a run: each a list of (case, sample index, baseline first).

    Pass k visits every case once in a fresh order, so that drift and load at a provider fall on all
    cases and both arms alike.  A round is a fifth of a pass, the first of ten visits or more; after
    each the evidence is looked at.  The order depends on the seed and the sizes alone.  With
    `beyond`, the rounds of so many more passes, which a run of `samples` may be extended by.
    """
    first, end = (samples, samples + beyond) if beyond else (0, samples)
    sizes = _sizes(cases, samples, beyond)
    size = next(sizes, 0)
    pending: list[tuple[int, int, bool]] = []
    for index in range(first, end):
        chance = random.Random(f"{seed}/{index}")  # noqa: S311 - an order, not a secret
        order = list(range(cases))
        chance.shuffle(order)
        for case in order:
            pending.append((case, index, chance.random() < 0.5))
            if len(pending) == size:
                yield pending
                pending, size = [], next(sizes, 0)


def look_shares(cases: int, samples: int) -> tuple[float, ...]:
    """At which parts of its pairs a run of this size is looked at; rising to 1."""
    total = cases * samples
    return tuple(seen / total for seen in accumulate(_sizes(cases, samples, 0)))


def _sizes(cases: int, samples: int, beyond: int) -> Iterator[int]:
    """How many visits each round has.

    Beyond the plan every pass has rounds of its own, so that it is looked at where a run that ends
    with that pass is.
    """
    size = max(-(-cases // LOOKS_PER_PASS), -(-cases * samples // MOST_LOOKS))
    first = size if beyond else max(size, FEWEST_PAIRS_AT_A_LOOK)
    for whole in [cases] * beyond or [cases * samples]:
        left = whole
        while left > 0:
            taken = min(left, first)
            yield taken
            left, first = left - taken, size


def draws(
    visits: list[tuple[int, int, bool]], arms: tuple[Arm, ...], shared: set[int] | None = None
) -> Iterator[Draw]:
    """The draws of a round, in order.

    `shared` are the cases whose request is the same on both arms.
    """
    for case, index, baseline_first in visits:
        if len(arms) == 1:
            yield Draw(case, index, arms)
        elif shared and case in shared:
            yield Draw(case, index, ARMS)
        else:
            for arm in ARMS if baseline_first else ARMS[::-1]:
                yield Draw(case, index, (arm,))
