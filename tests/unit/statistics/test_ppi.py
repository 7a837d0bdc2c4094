import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from promptops.statistics.ppi import rectified_mean

Z90 = 1.6448536269514722

PEOPLE = [1, 0, 0, -1, 0, 0, 1, -1, 0, 0, 0, -1]
JUDGE = [1, 0, 0, -1, 0, 1, 1, 0, 0, 0, 0, -1]
UNLABELLED = [0, 0, 1, -1, 0, 0, 0, -1, 1, 0] * 6

score = st.sampled_from([-1.0, -0.5, 0.0, 0.25, 1.0])
labelled = st.lists(st.tuples(score, score), min_size=2, max_size=30)
others = st.lists(score, min_size=1, max_size=60)


def test_the_published_digits():
    """They come out with divisor n, but n + n′ − 1 for Var f of the weight, taken over all rows."""
    answer = rectified_mean(PEOPLE, JUDGE, UNLABELLED)
    assert answer.estimate == pytest.approx(-0.1412148, abs=5e-8)
    assert answer.interval(Z90) == pytest.approx((-0.3388736, 0.0564440), abs=5e-8)


def lenient_study(chance, labelled_pairs, unlabelled_pairs):
    """A candidate five points worse, and a judge that passes its failures too often."""
    size = labelled_pairs + unlabelled_pairs
    case = chance.beta(2, 1, size) * 0.9 + 0.05
    baseline, candidate = (chance.random((2, size)) < [case, case - 0.05]).astype(float)
    slip = chance.random((4, size))
    judged_baseline = np.where(baseline == 1, slip[0] > 0.10, slip[1] < 0.05)
    judged_candidate = np.where(candidate == 1, slip[2] > 0.05, slip[3] < 0.25)
    truth = candidate - baseline
    judge = judged_candidate.astype(float) - judged_baseline.astype(float)
    return truth[:labelled_pairs], judge[:labelled_pairs], judge[labelled_pairs:]


def test_under_a_judge_lenient_to_one_arm_the_interval_covers_the_truth():
    """Nominal .90; 600 studies put the share seen within .90 ± .037 (three standard errors)."""
    chance = np.random.default_rng(11)
    studies = [lenient_study(chance, 80, 400) for _ in range(600)]
    answers = [rectified_mean(*study) for study in studies]
    covered = np.mean([low <= -0.05 <= high for low, high in (a.interval(Z90) for a in answers)])
    assert covered == pytest.approx(0.90, abs=0.037)
    assert np.mean([a.estimate for a in answers]) == pytest.approx(-0.05, abs=0.01)
    # The judge alone says the opposite of the truth, and people alone are less sure.
    assert np.mean([study[2].mean() for study in studies]) > 0.01
    alone = np.mean([study[0].std() / math.sqrt(80) for study in studies])
    assert np.mean([a.standard_error for a in answers]) < 0.95 * alone


def test_the_standard_error_is_the_spread_of_the_estimate():
    chance = np.random.default_rng(12)
    answers = [rectified_mean(*lenient_study(chance, 200, 600)) for _ in range(400)]
    spread = np.std([a.estimate for a in answers])
    assert np.mean([a.standard_error for a in answers]) == pytest.approx(spread, rel=0.12)


def test_a_judge_that_never_varies_counts_for_nothing():
    answer = rectified_mean(PEOPLE, [0.1] * 12, [0.1] * 50)
    assert answer.weight == 0.0
    assert answer.estimate == pytest.approx(np.mean(PEOPLE))
    assert answer.standard_error == pytest.approx(np.std(PEOPLE) / math.sqrt(12))


@given(st.floats(-1, 1), st.lists(score, min_size=2, max_size=30), st.integers(1, 60))
@example(0.7, [1.0, 0.0, 1.0], 4)
def test_rounding_is_not_taken_for_what_a_judge_knows(same, people, size):
    assert rectified_mean(people, [same] * len(people), [same] * size).weight == 0.0


def test_a_judge_that_says_the_opposite_counts_for_nothing():
    answer = rectified_mean(PEOPLE, [-x for x in PEOPLE], UNLABELLED)
    assert answer.weight == 0.0


def test_a_perfect_judge_is_trusted_for_all_that_the_numbers_allow():
    answer = rectified_mean([1, 0, -1, 0] * 25, [1, 0, -1, 0] * 25, [1, 0, -1, 0] * 2500)
    assert answer.weight == pytest.approx(1 / 1.01, rel=1e-3)


@given(labelled, others)
def test_swapping_the_arms_mirrors_it_and_nothing_is_not_a_number(pairs, rest):
    h, f = [x for x, _ in pairs], [x for _, x in pairs]
    here = rectified_mean(h, f, rest)
    there = rectified_mean([-x for x in h], [-x for x in f], [-x for x in rest])
    assert there.estimate == pytest.approx(-here.estimate, abs=1e-12)
    assert there.standard_error == pytest.approx(here.standard_error, abs=1e-12)
    assert 0 <= here.weight <= 1
    assert here.standard_error >= 0
    low, high = here.interval(Z90)
    assert low <= here.estimate <= high


def test_what_cannot_be_answered_is_an_error():
    with pytest.raises(ValueError, match="one length"):
        rectified_mean([0, 1, 1], [0, 1], [0])
    with pytest.raises(ValueError, match="at least two"):
        rectified_mean([0], [0], [0])
    with pytest.raises(ValueError, match="no unlabelled"):
        rectified_mean([0, 1], [0, 1], [])


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -1.5])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_difference_out_of_range_is_an_error(wrong, place):
    rows = [[0.0, 1.0], [0.0, 1.0], [0.0, 1.0]]
    rows[place][1] = wrong
    with pytest.raises(ValueError, match=r"\[-1, 1\]"):
        rectified_mean(*rows)
