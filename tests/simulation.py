"""The decision engine on data whose truth is known: how often it is wrong, and what it costs.

A scenario says how cases are drawn and what the arms score on them; its truth is exact in every run
and not only on average.  A run goes as one of the engine's does: the same rounds, the same looks at
the same shares of the budget, the same comparison over the same ledger; only the scores come out of
a generator.  Each scenario has a generator of its own, so that adding one changes no other.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from promptops.comparison.comparison import Comparison, Look
from promptops.comparison.ledger import ARMS, Ledger, Visit
from promptops.comparison.policy import Estimand, Guarantee, Metric, Policy
from promptops.engine.schedule import look_shares, rounds

Array = npt.NDArray[np.float64]
Chance = np.random.Generator

MARGIN = ALPHA = 0.05


class Design(NamedTuple):
    """How large a comparison is."""

    cases: int
    samples: int

    def __str__(self) -> str:
        return f"{self.cases}·{self.samples}"


SMALL, MIDDLE, LARGE = DESIGNS = (Design(50, 5), Design(200, 3), Design(500, 2))


class Scores(NamedTuple):
    """What both arms score: each metrics × samples × cases."""

    baseline: Array
    candidate: Array


@dataclass(frozen=True, slots=True)
class Scenario:
    """A world in which the truth is known."""

    name: str
    draw: Callable[[Chance, Design], Scores]
    metrics: int = 1
    per_group: int = 1
    """Cases that share a group; they follow each other."""


class Ended(NamedTuple):
    """How one run ended."""

    verdict: str
    pairs: int
    """That were drawn: half the calls."""


@dataclass(slots=True)
class Tally:
    """How the runs of one scenario ended."""

    verdicts: dict[str, int] = field(default_factory=dict)
    calls: list[int] = field(default_factory=list)

    def add(self, ended: Ended) -> None:
        self.verdicts[ended.verdict] = self.verdicts.get(ended.verdict, 0) + 1
        self.calls.append(2 * ended.pairs)

    @property
    def runs(self) -> int:
        return len(self.calls)

    def count(self, *verdicts: str) -> int:
        return sum(self.verdicts.get(verdict, 0) for verdict in verdicts)

    @property
    def regressed(self) -> float:
        """The share of runs that found a regression."""
        return self.count("regressed") / self.runs

    @property
    def passed(self) -> float:
        """The share that found no drop beyond the margin."""
        return self.count("passed", "improved") / self.runs

    @property
    def mean_calls(self) -> float:
        return float(np.mean(self.calls))

    @property
    def error_of_calls(self) -> float:
        """The standard error of the mean number of calls."""
        return float(np.std(self.calls)) / math.sqrt(self.runs)


# Worlds.  Each names, per case, the expected score of either arm; their mean difference is exact.


def difficulty(chance: Chance, cases: int) -> Array:
    """How often each case is answered well: most are easy or hopeless."""
    return chance.beta(0.8, 0.2, cases)


def correlated(chance: Chance, cases: int, correlation: float = 0.9) -> tuple[Array, Array]:
    """Difficulties of both arms, coupled by the ranks of two correlated normal variables."""
    normal = chance.standard_normal((2, cases))
    normal[1] = correlation * normal[0] + math.sqrt(1 - correlation**2) * normal[1]
    ranks = normal.argsort(axis=1).argsort(axis=1)
    first, second = np.sort(difficulty(chance, cases)), np.sort(difficulty(chance, cases))
    return first[ranks[0]], second[ranks[1]]


def moved(candidate: Array, baseline: Array, delta: float) -> Array:
    """The candidate's expected scores, moved until their mean is the baseline's plus `delta`."""
    wanted, now = float(baseline.mean()) + delta, float(candidate.mean())
    if wanted <= now:
        return candidate * (wanted / now)
    return 1 - (1 - candidate) * ((1 - wanted) / (1 - now))


def flips(chance: Chance, expected: Array, samples: int) -> Array:
    """Scores of 0 and 1: 1 × samples × cases."""
    drawn = chance.random((1, samples, expected.size)) < expected
    return drawn.astype(np.float64)


def ratings(chance: Chance, expected: Array, samples: int) -> Array:
    """A judge's 1 to 5, as quarters; two judgements of one case differ."""
    drawn = chance.binomial(4, expected, (1, samples, expected.size))
    return drawn / 4


def similarities(chance: Chance, expected: Array, samples: int) -> Array:
    """Continuous scores around the expected one."""
    kept = np.clip(expected, 1e-3, 1 - 1e-3)
    drawn = chance.beta(8 * kept, 8 * (1 - kept), (1, samples, expected.size))
    return np.clip(drawn + (expected - kept), 0, 1)


Scorer = Callable[[Chance, Array, int], Array]


def same(chance: Chance, design: Design, delta: float = 0.0, scorer: Scorer = flips) -> Scores:
    """Nothing changed, or every case became harder alike."""
    baseline = difficulty(chance, design.cases)
    candidate = moved(baseline, baseline, delta)
    return _scored(chance, design, baseline, candidate, scorer)


def varied(chance: Chance, design: Design, delta: float = 0.0, scorer: Scorer = flips) -> Scores:
    """Some cases became better and some worse, by `delta` in all."""
    baseline, candidate = correlated(chance, design.cases)
    return _scored(chance, design, baseline, moved(candidate, baseline, delta), scorer)


def noise(chance: Chance, design: Design, delta: float = 0.0, scorer: Scorer = flips) -> Scores:
    """Every answer is a toss."""
    half = np.full(design.cases, 0.5)
    return _scored(chance, design, half, moved(half, half, delta), scorer)


def swapped(chance: Chance, design: Design) -> Scores:
    """Half of the cases break for certain and half are mended."""
    baseline = np.tile([0.0, 1.0], design.cases)[: design.cases]
    return _scored(chance, design, baseline, 1 - baseline, flips)


def broken(chance: Chance, design: Design, share: float = MARGIN, others: float = 1.0) -> Scores:
    """A share of the cases breaks for certain, and on the others both arms do alike."""
    baseline = np.full(design.cases, others)
    baseline[: round(share * design.cases)] = 1.0
    candidate = baseline.copy()
    candidate[: round(share * design.cases)] = 0.0
    return _scored(chance, design, baseline, candidate, flips)


def lopsided(
    chance: Chance,
    design: Design,
    *,
    few: float,
    by: float,
    delta: float = 0.0,
    jitter: float = 0.0,
) -> Scores:
    """A few cases change `by` much, and all others a little the other way: by `delta` in all."""
    cases = design.cases
    changed = max(1, round(few * cases))
    shift = np.full(cases, (delta * cases - by * changed) / (cases - changed))
    shift[:changed] = by
    baseline = np.full((1, design.samples, cases), 0.5) - shift / 2
    wobble = jitter * (chance.random((2, 1, design.samples, cases)) - 0.5)
    return Scores(baseline + wobble[0], baseline + shift + wobble[1])


def one_coin(chance: Chance, design: Design) -> Scores:
    """Both arms follow the same toss, but for a tenth of the answers."""
    expected = difficulty(chance, design.cases)
    baseline = flips(chance, expected, design.samples)
    again = flips(chance, expected, design.samples)
    return Scores(baseline, np.where(chance.random(baseline.shape) < 0.1, again, baseline))


def several(chance: Chance, design: Design, deltas: Sequence[float] = (0, 0, 0)) -> Scores:
    """Metrics that mostly agree: three tosses in four are shared between them."""
    cases, samples = design
    expected = difficulty(chance, cases)
    shared = chance.random((2, 1, samples, cases))
    arms = []
    for arm in (0, 1):
        follow = chance.random((len(deltas), samples, cases)) < 0.75
        tosses = np.where(follow, shared[arm], chance.random(follow.shape))
        hardness = [moved(expected, expected, delta if arm else 0.0) for delta in deltas]
        arms.append((tosses < np.stack(hardness)[:, None, :]).astype(np.float64))
    return Scores(*arms)


def of_population(
    chance: Chance,
    design: Design,
    *,
    delta: float = 0.0,
    changed: float = 0.2,
    group: int = 1,
    scorer: Scorer = flips,
) -> Scores:
    """Cases drawn afresh from a population in which the mean change is `delta`.

    A share of the cases changed, half of them for the better, by 0.6; those of a `group` changed
    together.  The mean of the cases drawn is `delta` only on average.
    """
    groups = -(-design.cases // group)
    step = np.where(chance.random(groups) < changed, chance.choice((-0.6, 0.6), groups), 0.0)
    shift = (step + delta).repeat(group)[: design.cases]
    # Every case keeps the room that its change needs, so that nothing is cut and the mean is exact.
    low, high = np.maximum(0, -shift), np.minimum(1, 1 - shift)
    baseline = low + (high - low) * difficulty(chance, design.cases)
    return _scored(chance, design, baseline, baseline + shift, scorer)


def _scored(
    chance: Chance, design: Design, baseline: Array, candidate: Array, scorer: Scorer
) -> Scores:
    candidate = np.clip(candidate, 0, 1)
    return Scores(
        scorer(chance, baseline, design.samples), scorer(chance, candidate, design.samples)
    )


def scenario(
    name: str,
    draw: Callable[..., Scores],
    *,
    metrics: int = 1,
    per_group: int = 1,
    **parameters: object,
) -> Scenario:
    """A scenario whose world has parameters."""
    return Scenario(name, partial(draw, **parameters), metrics, per_group)


# Runs.


def policy(
    metrics: int = 1, *, estimand: Estimand = "dataset", guarantee: Guarantee = "standard"
) -> Policy:
    """The defaults."""
    gating = tuple(Metric(f"metric {number}", "gate", 1.0) for number in range(metrics))
    return Policy(gating, MARGIN, ALPHA, "warn", estimand, guarantee)


@dataclass(slots=True)
class Run:
    """One comparison under way, with the scores that it would draw."""

    design: Design
    scores: Scores
    policy: Policy
    groups: Sequence[int]
    seed: int
    ledger: Ledger = field(init=False)
    comparison: Comparison = field(init=False)
    pairs: int = 0

    def __post_init__(self) -> None:
        names = [metric.name for metric in self.policy.metrics]
        self.ledger = Ledger(*self.design, names)
        self.comparison = Comparison(self.policy, self.groups, look_shares(*self.design))

    def rounds(self, *, beyond: int = 0) -> Iterator[list[Visit]]:
        """Rounds, each entered into the ledger as it is drawn."""
        for visits in rounds(*self.design, self.seed, beyond=beyond):
            for case, index, _ in visits:
                self._enter(case, index)
            yield [(case, index) for case, index, _ in visits]

    def _enter(self, case: int, index: int) -> None:
        self.pairs += 1
        for arm, scores in zip(ARMS, self.scores, strict=True):
            for number, metric in enumerate(self.ledger.metrics):
                value = float(scores[number, index, case])
                self.ledger.score(arm, metric, case, index, value)

    def as_planned(self) -> Ended:
        """Looks where they are planned, and a stop at the first that is clear."""
        verdict = "inconclusive"
        for visits in self.rounds():
            last = self.pairs == self.design.cases * self.design.samples
            decision = self.comparison.look(self.ledger, visits, Look(last=last, fixed=last))
            verdict = decision.verdict
            if decision.settled:
                break
        return Ended(verdict, self.pairs)

    def at_the_end(self) -> Ended:
        """One look, at all that was planned: what a verdict about a population rests on."""
        visits = [visit for entered in self.rounds() for visit in entered]
        decision = self.comparison.look(self.ledger, visits, Look(last=True, fixed=True))
        return Ended(decision.verdict, self.pairs)

    def extended(self, times: int) -> Ended:
        """As planned; when that ends open, up to so many times as much again, by bets alone."""
        ended = self.as_planned()
        if ended.verdict != "inconclusive":
            return ended
        further = self.design.samples * times
        self.ledger.grow(self.design.samples + further)
        for visits in self.rounds(beyond=further):
            decision = self.comparison.look(self.ledger, visits, Look(planned=False))
            if decision.settled:
                return Ended(decision.verdict, self.pairs)
        return Ended("inconclusive", self.pairs)

    def interrupted(self) -> Ended:
        """As planned, by someone who also looks after every single pair, as a run does that is
        stopped there, and stops at the first look that is clear by the bets alone.

        Bets on a drop are highest after a loss, and those on a pass before one: looks in between
        can find nothing that these do not.
        """
        peeks = Comparison(self.policy, self.groups, ())
        for visits in self.rounds():
            waiting: list[Visit] = []
            for visit, loses, will in self._losses(visits):
                waiting.append(visit)
                if loses or will:
                    peeked = peeks.look(self.ledger, waiting, Look(planned=False))
                    waiting = []
                    if peeked.settled:
                        return Ended(peeked.verdict, self.pairs)
            peeks.look(self.ledger, waiting, Look(planned=False))
            decision = self.comparison.look(self.ledger, visits, Look())
            if decision.settled:
                return Ended(decision.verdict, self.pairs)
        return Ended("inconclusive", self.pairs)

    def _losses(self, visits: list[Visit]) -> Iterator[tuple[Visit, bool, bool]]:
        """Each visit, whether any metric fell there, and whether one falls at the next."""
        falls = [
            bool((self.scores.candidate < self.scores.baseline)[:, index, case].any())
            for case, index in visits
        ]
        return zip(visits, falls, [*falls[1:], True], strict=True)


def as_planned(run: Run) -> Ended:
    return run.as_planned()


def at_the_end(run: Run) -> Ended:
    return run.at_the_end()


def interrupted(run: Run) -> Ended:
    return run.interrupted()


def extended(run: Run, times: int = 4) -> Ended:
    return run.extended(times)


def simulate(
    world: Scenario,
    design: Design,
    runs: int,
    *,
    estimand: Estimand = "dataset",
    guarantee: Guarantee = "standard",
    way: Callable[[Run], Ended] = as_planned,
    room: int = 1,
    clear: Callable[[Tally], bool] | None = None,
    most: int = 0,
) -> Tally:
    """How so many runs end; and further ones, up to `most`, until what they came to is `clear`.

    `room` is how many times the budget `way` may come to draw.
    """
    chance = np.random.default_rng([zlib.crc32(world.name.encode()), *design])
    held_to = policy(world.metrics, estimand=estimand, guarantee=guarantee)
    groups = [case - case % world.per_group for case in range(design.cases)]
    tally = Tally()
    while tally.runs < runs or (clear and tally.runs < most and not clear(tally)):
        scores = world.draw(chance, Design(design.cases, room * design.samples))
        seed = int(chance.integers(1 << 30))
        tally.add(way(Run(design, scores, held_to, groups, seed)))
    return tally


# What the engine is held to.


class Row(NamedTuple):
    """What was measured of the rule on one design; to be no worse is the duty of the engine."""

    design: Design
    calls_unchanged: float
    """Mean, where nothing changed."""
    calls_at_ten: float
    """Mean, at a drop of 10 points."""
    power_at_five: float
    power_at_ten: float


ROWS = (
    Row(SMALL, 413, 311, 0.42, 0.90),
    Row(MIDDLE, 760, 456, 0.79, 1.00),
    Row(LARGE, 999, 585, 0.94, 1.00),
)
MOST_WRONG = 0.045
"""Of runs that find what is not there, in either direction."""
MORE_CALLS = 1.05
LESS_POWER = 0.03


def most_hits(runs: int, rate: float, luck: float) -> int:
    """What Binomial(runs, rate) exceeds with a probability of `luck` at most."""
    beyond, hits = 0.0, runs
    while hits >= 0:
        beyond += _mass(runs, hits, rate)
        if beyond > luck:
            return hits
        hits -= 1
    return 0


def least_hits(runs: int, rate: float, luck: float) -> int:
    """What Binomial(runs, rate) falls short of with a probability of `luck` at most."""
    return runs - most_hits(runs, 1 - rate, luck)


def _mass(runs: int, hits: int, rate: float) -> float:
    return math.comb(runs, hits) * rate**hits * (1 - rate) ** (runs - hits)
