import math

import numpy as np
import pytest

from promptops.statistics.agreement import alpha_of_many, alpha_of_two, cohen_kappa, kappa
from promptops.statistics.bootstrap import bca_interval
from promptops.statistics.krippendorff import Level
from promptops.statistics.proportion import clustered_share, wilson
from promptops.statistics.slope import slope_beside
from tests.known import known


def test_wilson_as_published():
    """Newcombe, Statistics in Medicine 17, 1998, table I."""
    for hits, size, low, high in (
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ):
        assert wilson(hits / size, size) == pytest.approx((low, high), abs=6e-5)


@pytest.mark.parametrize("wrong", [(-0.1, 5), (1.1, 5), (0.5, 0)])
def test_wilson_refuses_what_is_no_share(wrong):
    with pytest.raises(ValueError, match="no interval"):
        wilson(*wrong)


def test_answers_to_one_case_are_worth_one():
    hits = [1.0] * 30 + [0.0] * 10
    alone = clustered_share(hits, range(40))
    together = clustered_share([x for x in hits for _ in range(5)], [n // 5 for n in range(200)])
    assert alone.worth == pytest.approx(40 * 39 / 40)
    assert together.worth == pytest.approx(alone.worth)
    assert (together.low, together.high) == pytest.approx((alone.low, alone.high))
    assert (together.size, together.value) == (200, 0.75)
    assert clustered_share([1.0] * 200, [n // 5 for n in range(200)]).worth == 40


def test_answers_of_a_case_that_differ_are_worth_no_more_than_their_number():
    """One right and one wrong in every case: nothing varies between cases."""
    assert clustered_share([0.0, 1.0] * 20, [n // 2 for n in range(40)]).worth == 40
    mixed = [0.0, 1.0] * 19 + [1.0, 1.0]
    assert clustered_share(mixed, [n // 2 for n in range(40)]).worth == 40


def test_kappa_by_hand():
    """8 in 10 agree where 5 in 10 would by chance: (.8 − .5)/(1 − .5)."""
    first = [1.0] * 50 + [0.0] * 50
    second = [1.0] * 40 + [0.0] * 10 + [1.0] * 10 + [0.0] * 40
    assert cohen_kappa(first, second) == pytest.approx(0.6)
    assert cohen_kappa(first, second, weighted=True) == pytest.approx(0.6)


def test_weighted_kappa_forgives_near_misses():
    first = [0, 0.25, 0.5, 0.75, 1] * 4
    near = [0.25, 0.25, 0.5, 0.75, 0.75] * 4
    assert cohen_kappa(first, near, weighted=True) > cohen_kappa(first, near) + 0.1


def test_weighted_kappa_is_that_of_the_table_of_all_pairs():
    first, second = np.random.default_rng(6).integers(5, size=(2, 60)) / 4
    chance = np.mean([(x - y) ** 2 for x in first for y in second])
    expected = 1 - np.mean((first - second) ** 2) / chance
    found = cohen_kappa(first.tolist(), second.tolist(), weighted=True)
    assert found == pytest.approx(expected)


def test_weighted_kappa_of_many_answers_takes_no_table_of_their_pairs():
    """One of 200,000 answers would have 40,000,000,000 cells."""
    many = [0.0, 0.5, 1.0, 0.5] * 50_000
    assert cohen_kappa(many, many, weighted=True) == 1


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("value", [1.0, 0.0, 0.1, 0.7])
def test_what_does_not_vary_has_no_coefficient(value, *, weighted):
    same = [value] * 20
    assert kappa(same, same, range(20), weighted=weighted) is None
    assert alpha_of_two(same, same, range(20), "nominal") is None


def test_alpha_of_the_canonical_example_has_an_interval_around_it():
    nan = math.nan
    table = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, nan, nan, nan],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, nan, 3],
        [nan, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, nan],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, nan],
    ]
    published: tuple[tuple[Level, float], ...] = (
        ("nominal", 0.7434),
        ("ordinal", 0.8154),
        ("interval", 0.8491),
    )
    for level, value in published:
        found = known(alpha_of_many(table, range(12), level))
        assert found.value == pytest.approx(value, abs=5e-5)
        assert found.low < value < found.high <= 1


def test_no_disagreement_among_few_is_no_certainty():
    """A bootstrap of answers that all agree says 1 to 1."""
    people = [1.0] * 15 + [0.0] * 5
    found = known(alpha_of_two(people, people, range(20), "nominal"))
    assert found.value == 1.0
    assert found.low < 0.667
    rare = [1.0] * 96 + [0.0] * 4
    assert known(alpha_of_two(rare, rare, range(100), "nominal")).low < 0.667
    many = [1.0] * 75 + [0.0] * 75
    assert known(alpha_of_two(many, many, range(150), "nominal")).low > 0.9


@pytest.mark.parametrize("weighted", [False, True])
def test_kappa_is_no_surer_than_alpha(*, weighted):
    people = [1.0] * 15 + [0.0] * 5
    found = known(kappa(people, people, range(20), weighted=weighted))
    assert (found.value, found.high) == (1, 1)
    assert found.low == pytest.approx(
        known(alpha_of_two(people, people, range(20), "nominal")).low, abs=0.01
    )
    rare = [1.0] * 60 + [0.0]  # in a third of all samples that are drawn again it is not there
    assert known(kappa(rare, rare, range(61), weighted=weighted)).low < 0
    alone = known(kappa([1.0, 0.0, 1.0], [1.0, 0.0, 1.0], ["c"] * 3, weighted=weighted))
    assert (alone.low, alone.value) == (-1, 1)


def test_the_same_seed_is_the_same_interval():
    chance = np.random.default_rng(1)
    x, y = chance.integers(2, size=(2, 40)).astype(float).tolist()
    assert alpha_of_two(x, y, range(40), "nominal") == alpha_of_two(x, y, range(40), "nominal")
    assert kappa(x, y, range(40), seed=1) != kappa(x, y, range(40), seed=2)


def test_the_bootstrap_of_a_mean_is_near_its_normal_interval():
    values = np.random.default_rng(2).normal(size=200)
    low, high = known(bca_interval(lambda rows: float(values[rows].mean()), range(200)))
    half = 1.96 * values.std(ddof=1) / math.sqrt(200)
    assert (low, high) == pytest.approx(
        (values.mean() - half, values.mean() + half), abs=0.1 * half
    )
    assert bca_interval(lambda rows: float(rows.size), [0, 0, 0]) is None


def test_clusters_widen_the_bootstrap():
    values = np.repeat(np.random.default_rng(3).normal(size=40), 5)

    def mean(rows):
        return float(values[rows].mean())

    alone = known(bca_interval(mean, range(200)))
    together = known(bca_interval(mean, [n // 5 for n in range(200)]))
    assert together[1] - together[0] > 1.7 * (alone[1] - alone[0])


def lenient_to_long(chance, slope, n=150):
    truth = (chance.random(n) < 0.5).astype(float)
    doublings = chance.normal(6, 1.5, n) + truth  # good answers are longer, which is no bias
    passes = np.where(truth == 1, 0.9, 0.3) + slope * (doublings - 6 - truth)
    score = (chance.random(n) < np.clip(passes, 0, 1)).astype(float)
    return slope_beside(score, truth, doublings, range(n))


def test_length_is_told_from_quality():
    chance = np.random.default_rng(4)
    honest = [lenient_to_long(chance, 0.0) for _ in range(300)]
    covered = np.mean([each.low <= 0 <= each.high for each in honest])
    assert covered == pytest.approx(0.95, abs=0.038)  # three standard errors
    assert all(lenient_to_long(chance, 0.12).value > 0 for _ in range(50))


def test_the_interval_of_a_slope_by_hand():
    """Twelve clusters; truth says nothing, so it is the robust error of a line, and t of 11."""
    extra = np.arange(12.0)
    scores = extra / 20 + np.tile([0.1, -0.1, 0.0], 4)
    rest = extra - extra.mean()
    slope = (rest * scores).sum() / (rest**2).sum()
    errors = scores - scores.mean() - slope * rest
    error = ((rest * errors) ** 2).sum() ** 0.5 / (rest**2).sum() * (12 / 11) ** 0.5
    found = known(slope_beside(scores.tolist(), [1.0] * 12, extra.tolist(), range(12)))
    assert found.value == pytest.approx(slope)
    assert found.high - found.value == pytest.approx(2.200985 * error, rel=1e-6)


def test_a_slope_needs_clusters_and_something_that_varies():
    values = [0.0, 1.0] * 10
    assert slope_beside(values, values, [3.0] * 20, range(20)) is None
    assert slope_beside(values, values, range(20), [n % 5 for n in range(20)]) is None
    with pytest.raises(ValueError, match="every answer"):
        slope_beside(values, values[:3], values, range(20))


@pytest.mark.slow
def test_alpha_covers_the_truth_of_a_judge_of_known_error():
    """Two-sided 95%; 300 studies of 80 labels put the share within three standard errors."""
    chance = np.random.default_rng(5)
    middle = (0.6 + 0.58) / 2
    truth = 1 - 0.1 / (2 * middle * (1 - middle))
    covered = []
    for _ in range(300):
        people = (chance.random(80) < 0.6).astype(float)
        judge = np.where(chance.random(80) < 0.1, 1 - people, people)
        found = known(alpha_of_two(people.tolist(), judge.tolist(), range(80), "nominal"))
        covered.append(found.low <= truth <= found.high)
    assert np.mean(covered) >= 0.95 - 0.038


@pytest.mark.parametrize("seed", range(6))
def test_swapping_raters_changes_nothing(seed):
    chance = np.random.default_rng(seed)
    first, second = (chance.integers(3, size=(2, 5 + 4 * seed)) / 2).tolist()
    there = known(alpha_of_two(first, second, range(len(first)), "interval"))
    back = known(alpha_of_two(second, first, range(len(first)), "interval"))
    assert (there.value, there.low, there.high) == pytest.approx((back.value, back.low, back.high))
    assert -1 <= there.low <= there.value <= there.high <= 1
