"""Judges of known error, hundreds of times: what is reported covers the truth as often as told.

Answers, labels and scores go through the functions that a run and `judge check` call; only what the
judge says comes out of a generator.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import pytest

from promptops.engine.people.choosing_answers import Drawn, choose_answers
from promptops.statistics.agreement import cohen_kappa
from promptops.statistics.krippendorff import krippendorff_alpha
from promptops.trust.agreement import agreement
from promptops.trust.biases import BothOrders, both_orders, position_bias
from promptops.trust.correction import Corrected, corrected, people_differences
from promptops.trust.judged import Judged, said_by_people
from promptops.values.label import Label
from promptops.values.sample import Arm
from promptops.values.score import Vote
from promptops.values.trust import Measure
from tests.known import known

NOW = "2026-05-01T10:00:00+00:00"
ALPHA = 0.05


def tolerance(nominal: float, studies: int) -> float:
    """Three standard errors of a share."""
    return 3 * float(np.sqrt(nominal * (1 - nominal) / studies))


# -- a judge beside people


class World(NamedTuple):
    """How a judge errs; answers of one case are of one difficulty."""

    sensitivity: float
    specificity: float
    answers: int = 2
    """Of each case."""
    hard: float = 0.0
    """Share of cases on which it errs three times as often."""


WORLDS = {
    "good": World(0.95, 0.9),
    "lenient": World(0.9, 0.6),
    "errs by the case": World(0.9, 0.8, hard=0.2),
    "one answer a case": World(0.95, 0.95, answers=1),
}


def answers_of(chance, world: World, cases: int):
    """People's word and the judge's, cases × answers."""
    good = chance.beta(1.3, 0.7, cases)[:, None]
    people = chance.random((cases, world.answers)) < good
    error = np.where(people, 1 - world.sensitivity, 1 - world.specificity)
    error = np.where(chance.random((cases, 1)) < world.hard, np.minimum(1, 3 * error), error)
    judge = people ^ (chance.random(people.shape) < error)
    return people.astype(float), judge.astype(float)


def true_measures(world: World) -> dict[str, float]:
    """Of an endless number of answers."""
    people, judge = (x.ravel() for x in answers_of(np.random.default_rng(99), world, 200_000))
    return {
        "accuracy": float((people == judge).mean()),
        "sensitivity": float(judge[people == 1].mean()),
        "specificity": float(1 - judge[people == 0].mean()),
        "kappa": cohen_kappa(people.tolist(), judge.tolist()),
        "alpha": krippendorff_alpha([people, judge], "nominal"),
    }


def measured(chance, world: World, cases: int) -> list[Measure]:
    people, judge = answers_of(chance, world, cases)
    return agreement(
        [
            Judged(f"c{case}", f"c{case}", people[case, at], judge[case, at], "x")
            for case in range(cases)
            for at in range(world.answers)
        ]
    )


def covered(studies: Iterable[Sequence[Measure]], truth: dict[str, float]) -> dict[str, float]:
    """How often each interval holds the truth."""
    found: dict[str, list[bool]] = {name: [] for name in truth}
    for study in studies:
        for each in study:
            low, high = known(each.interval)
            found[each.name].append(low <= truth[each.name] <= high)
    return {name: float(np.mean(held)) for name, held in found.items()}


@pytest.mark.slow
@pytest.mark.parametrize("kind", WORLDS)
def test_agreement_covers_the_truth(kind):
    """Nominal .95, two-sided; 300 studies of 80 cases put a share within three standard errors."""
    chance = np.random.default_rng(31)
    studies = (measured(chance, WORLDS[kind], 80) for _ in range(300))
    found = covered(studies, true_measures(WORLDS[kind]))
    assert min(found.values()) >= 0.95 - tolerance(0.95, 300), found


def test_agreement_covers_the_truth_in_a_few_studies():
    """As above, of 24: fewer than 19 happens 1 time in 1,000."""
    chance = np.random.default_rng(32)
    world = WORLDS["errs by the case"]
    found = covered((measured(chance, world, 40) for _ in range(24)), true_measures(world))
    assert min(found.values()) >= 19 / 24, found


# -- a difference put right by labels


class Errors(NamedTuple):
    """How often a judge lets right and wrong answers pass, on the older and the newer version."""

    older: tuple[float, float]
    newer: tuple[float, float]


JUDGES = {
    "perfect": Errors((1, 0), (1, 0)),
    "errs alike": Errors((0.85, 0.2), (0.85, 0.2)),
    "lenient to the newer": Errors((0.95, 0.05), (0.95, 0.35)),
    "loves long answers": Errors((0.9, 0.1), (1, 0.4)),
    "flaky": Errors((0.8, 0.2), (0.8, 0.2)),
    "knows nothing": Errors((0.5, 0.5), (0.5, 0.5)),
    "never varies": Errors((1, 1), (1, 1)),
    "says the opposite": Errors((0, 1), (0, 1)),
}
"""The newer version writes longer answers, so a judge that loves length is lenient to it."""

BROKEN = 0.1
"""Share of cases that the newer version answers less than half as well."""


class Design(NamedTuple):
    cases: int
    samples: int
    labels: int
    repeating: float = 0.0
    """Share of cases of which every sample says the same."""


DESIGNS = (Design(60, 4, 160), Design(120, 1, 160))
LARGER = Design(120, 3, 160, repeating=0.5)


class Study(NamedTuple):
    found: Corrected
    truth: float
    """What the newer version gained on these cases, in the long run."""


def study(chance, errors: Errors, design: Design) -> Study:
    """Draw, judge, let people label what the uniform rule shows them, and put the delta right."""
    size = (design.cases, design.samples)
    good = chance.beta(0.8, 0.2, design.cases) * 0.9 + 0.05
    after = np.where(chance.random(design.cases) < BROKEN, 0.4 * good, good)
    alike = (chance.random(design.cases) < design.repeating)[:, None]

    def draws():
        found = chance.random(size)
        return np.where(alike, found[:, :1], found)

    right = [draws() < good[:, None], draws() < after[:, None]]
    passes = [draws() < np.where(of, yes, no) for of, (yes, no) in zip(right, errors, strict=True)]
    outputs, worth, drawn, judge = {}, {}, [], {}
    for case, index in np.ndindex(size):
        at = 0 if alike[case, 0] else index
        both = f"older {at}", f"newer {at}"
        name = f"c{case}"
        outputs[name, index] = both
        judge[name, index] = float(passes[1][case, index]) - float(passes[0][case, index])
        for side, output in enumerate(both):
            worth[name, output] = float(right[side][case, index])
            arm: Arm = "candidate" if side else "baseline"
            drawn.append(Drawn(name, arm, index, output, 0, 0))
    shown = choose_answers(drawn, "uniform", design.labels, seed=int(chance.integers(1 << 30)))
    labels = [
        Label("m", each.case, output, worth[each.case, output], "Ana Ficta", NOW)
        for each in shown
        for output in each.outputs
    ]
    people = people_differences(said_by_people(labels), outputs)
    return Study(known(corrected(judge, people, ALPHA)), float((after - good).mean()))


@pytest.mark.parametrize("design", [*DESIGNS, pytest.param(LARGER, marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", JUDGES)
def test_the_corrected_delta_covers_the_truth(kind, design):
    """Nominal .90; 200 studies put the share above .836, and each end errs 1 time in 20."""
    chance = np.random.default_rng(33 + list(JUDGES).index(kind))
    studies = [study(chance, JUDGES[kind], design) for _ in range(200)]
    over = np.mean([each.found.interval[0] > each.truth for each in studies])
    under = np.mean([each.found.interval[1] < each.truth for each in studies])
    assert 1 - over - under >= 0.9 - tolerance(0.9, 200)
    assert max(over, under) <= ALPHA + tolerance(ALPHA, 200)
    off = np.asarray([each.found.delta - each.truth for each in studies])
    assert abs(off.mean()) <= 4 * off.std() / np.sqrt(200)  # no bias, whatever the judge


@pytest.mark.parametrize("kind", ["lenient to the newer", "loves long answers"])
def test_the_judge_alone_says_the_opposite(kind):
    chance = np.random.default_rng(34)
    studies = [study(chance, JUDGES[kind], DESIGNS[0]) for _ in range(60)]
    assert np.mean([each.truth for each in studies]) < -0.03
    assert np.mean([each.found.judged for each in studies]) > 0.02
    assert np.mean([each.found.delta for each in studies]) < -0.01


def test_a_judge_that_knows_makes_the_interval_shorter():
    def width(kind):
        chance = np.random.default_rng(35)
        ends = [study(chance, JUDGES[kind], Design(300, 1, 160)).found for _ in range(60)]
        return np.mean([each.interval[1] - each.interval[0] for each in ends])

    assert width("perfect") < 0.8 * width("knows nothing")
    assert width("says the opposite") == pytest.approx(width("knows nothing"), rel=0.1)


# -- the order of a pair


def orders(chance, love: float) -> list[BothOrders]:
    """A judge that by the case names whichever stands first, in `love` of 60 cases."""
    found = []
    for case in range(60):
        newer = float(chance.random() < 0.5)
        biased = chance.random() < love
        votes = [
            Vote(0.0 if biased else newer, by="j", order="baseline first"),
            Vote(1.0 if biased else newer, by="j", order="candidate first"),
        ]
        found += both_orders(f"c{case}", votes)
    return found


@pytest.mark.parametrize("love", [0.05, 0.3, 0.7])
def test_position_bias_covers_the_truth(love):
    """Nominal .95; 400 studies."""
    chance = np.random.default_rng(36)
    truth = {"first wins - 1/2": love / 2, "flips": love}
    found = covered((position_bias(orders(chance, love)) for _ in range(400)), truth)
    assert min(found.values()) >= 0.95 - tolerance(0.95, 400), found
