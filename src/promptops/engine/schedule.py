"""The order of draws: breadth first, arms interleaved, seeded."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from promptops.comparison.ledger import ARMS
from promptops.values.sample import Arm

LOOKS_PER_PASS = 5
FEWEST_PAIRS_AT_A_LOOK = 10


@dataclass(frozen=True, slots=True)
class Draw:
    """One response to be had. With `arms` of two, the arms share it."""

    case: int
    index: int
    arms: tuple[Arm, ...]


def rounds(cases: int, samples: int, seed: int) -> Iterator[list[tuple[int, int, bool]]]:
    """The rounds of a run: each a list of (case, sample index, baseline first).

    Pass k visits every case once in a fresh order, so that drift and load at a provider fall on all
    cases and both arms alike.  A round is a fifth of a pass, the first of ten visits or more; after
    each the evidence may be looked at.  The order depends on the seed and the sizes alone.
    """
    size = -(-cases // LOOKS_PER_PASS)
    pending: list[tuple[int, int, bool]] = []
    first = True
    for index in range(samples):
        chance = random.Random(f"{seed}/{index}")  # noqa: S311 - an order, not a secret
        order = list(range(cases))
        chance.shuffle(order)
        for case in order:
            pending.append((case, index, chance.random() < 0.5))
            if len(pending) >= (max(size, FEWEST_PAIRS_AT_A_LOOK) if first else size):
                yield pending
                pending, first = [], False
    if pending:
        yield pending


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
