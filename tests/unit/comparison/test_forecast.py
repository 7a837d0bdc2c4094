import random

import pytest

from promptops.comparison.comparison import Comparison, Look
from promptops.comparison.forecast import pairs_to_settle
from promptops.comparison.ledger import Ledger
from promptops.comparison.policy import Metric, Policy

EXACT, TONE = Metric("exact", "gate", 1.0), Metric("tone", "gate", 1.0)
PLAN = (0.2, 0.4, 0.6, 0.8, 1.0)


def policy(*metrics):
    return Policy(metrics or (EXACT,), margin=0.05, alpha=0.05, inconclusive="warn")


class Run:
    """One case a pair, entered and looked at as it comes, as nobody planned."""

    def __init__(self, held, room=4000):
        self.held = held
        self.ledger = Ledger(room, 1, [metric.name for metric in held.metrics])
        self.comparison = Comparison(held, range(room), (1.0,))
        self.pairs = 0

    def look(self, scores):
        """`scores` has as many pairs for each metric."""
        count = len(next(iter(scores.values())))
        for name, column in scores.items():
            for at, (old, new) in enumerate(column, self.pairs):
                self.ledger.score("baseline", name, at, 0, old)
                self.ledger.score("candidate", name, at, 0, new)
        visits = [(at, 0) for at in range(self.pairs, self.pairs + count)]
        self.pairs += count
        self.decision = self.comparison.look(self.ledger, visits, Look(planned=False))
        return self.decision

    @property
    def forecast(self):
        return pairs_to_settle(self.decision.comparisons, self.comparison.monitors, self.held)


def needed(run, pattern, step=1):
    """How many further pairs settle it if they go on like `pattern`; looked at every `step`."""
    before = run.pairs
    while not run.decision.settled:
        run.look(
            {"exact": [pattern[at % len(pattern)] for at in range(run.pairs, run.pairs + step)]}
        )
    return run.pairs - before


@pytest.mark.parametrize(
    "pattern",
    [
        [(1, 0), (1, 1), (0, 1), (1, 1), (1, 0), (1, 1), (1, 1), (1, 1), (1, 1), (1, 0)],
        [(1, 1), (1, 1), (0, 1), (1, 1), (1, 0)],
        [(0.5, 0.25), (0.5, 0.5), (0.25, 0.5), (0.5, 0)],
        [(1, 1)],
    ],
)
def test_a_run_that_goes_on_alike_is_settled_about_when_it_was_told(pattern):
    run = Run(policy())
    run.look({"exact": (pattern * 60)[:60]})
    assert not run.decision.settled
    told = run.forecast
    assert told is not None
    assert 0.8 * needed(run, pattern, 10) <= told <= 2 * (run.pairs - 60)


def test_a_pass_has_a_floor_of_pairs_whatever_the_bets_say():
    """Twenty wins are a rise, but no pass: 39 more pairs are needed at the least."""
    run = Run(policy())
    run.look({"exact": [(0, 1)] * 20})
    assert run.decision.verdict == "inconclusive"
    told = run.forecast
    assert told == pytest.approx(needed(run, [(0, 1)]), abs=1)


def test_what_moves_neither_way_is_never_settled():
    """Nearly as many wins as losses among most of the pairs: every stake loses, both ways."""
    run = Run(policy())
    run.look({"exact": [(1, 0)] * 40 + [(0, 1)] * 38 + [(1, 1)] * 22})
    assert run.decision.verdict == "inconclusive"
    assert run.forecast is None


def test_one_metric_that_falls_settles_it_and_a_pass_waits_for_all():
    falling = [(1, 0), (1, 1), (1, 0), (0, 1), (1, 1)]
    tied = [(1, 1)] * 5
    told = {}
    for name, exact, tone in [("fall", falling, tied), ("both", tied, tied)]:
        run = Run(policy(EXACT, TONE))
        run.look({"exact": exact * 6, "tone": tone * 6})
        told[name] = run.forecast
    alone = Run(policy())
    alone.look({"exact": tied * 6})
    assert told["both"] == alone.forecast
    assert told["fall"] < told["both"]


def test_without_pairs_nothing_is_told():
    run = Run(policy())
    run.decision = run.comparison.look(run.ledger, [], Look(planned=False))
    assert run.forecast is None


def test_simulated_runs_end_about_when_they_were_told():
    """A drop of 20 points: half of the runs are over within 0.4 to 2 times what was told."""
    chance = random.Random(5)
    ratios: list[float] = []
    while len(ratios) < 20:
        run = Run(policy())
        pairs = [(int(chance.random() < 0.9), int(chance.random() < 0.7)) for _ in range(1000)]
        run.look({"exact": pairs[:30]})
        if run.decision.settled or run.forecast is None:
            continue
        told = run.forecast
        ratios.append(needed(run, pairs, 10) / told)
    assert 0.4 <= sorted(ratios)[10] <= 2
