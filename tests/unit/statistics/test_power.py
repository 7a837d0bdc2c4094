import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops.statistics.power import miller_cases, pairs_for, smallest_effect

variances = st.floats(1e-4, 1)
alphas = st.floats(0.001, 0.2)
powers = st.floats(0.5, 0.99)


def test_the_published_sample_size():
    assert miller_cases(1 / 9, 0.03) == 969


def test_more_samples_of_a_case_need_fewer_cases():
    one = miller_cases(1 / 9, 0.03, baseline_variance=1 / 6, candidate_variance=1 / 6)
    ten = miller_cases(
        1 / 9,
        0.03,
        baseline_variance=1 / 6,
        candidate_variance=1 / 6,
        baseline_samples=10,
        candidate_samples=10,
    )
    exact = (NormalDist().inv_cdf(0.975) + NormalDist().inv_cdf(0.8)) ** 2 / 0.03**2
    assert one == math.ceil(exact * (1 / 9 + 1 / 3))
    assert ten == math.ceil(exact * (1 / 9 + 1 / 30))


def test_the_arms_of_millers_formula_are_exchangeable():
    assert miller_cases(0.1, 0.03, baseline_variance=0.2, baseline_samples=3) == miller_cases(
        0.1, 0.03, candidate_variance=0.2, candidate_samples=3
    )


def test_the_cases_asked_for_do_reach_the_power():
    n = miller_cases(0.04, 0.05, power=0.9)
    means = np.random.default_rng(3).normal(0.05, math.sqrt(0.04 / n), 20_000)
    seen = np.mean(np.abs(means) > NormalDist().inv_cdf(0.975) * math.sqrt(0.04 / n))
    assert seen == pytest.approx(0.9, abs=0.01)


def test_pairs_at_the_defaults_by_hand():
    """z at .96 is 1.750686 and at .80 .841621: 1.1·2.592307²·.1/.0025 = 295.7."""
    assert pairs_for(0.05, 0.1, 0.05) == 296


@given(st.integers(1, 1_000_000), variances, alphas, powers)
def test_the_smallest_effect_of_a_budget_needs_just_that_budget(pairs, variance, alpha, power):
    effect = smallest_effect(pairs, variance, alpha, power)
    if effect < 1:
        assert pairs_for(effect, variance, alpha, power) == pairs
        assert pairs_for(effect * 0.999, variance, alpha, power) >= pairs


@given(st.floats(0.005, 1), variances, alphas, powers)
def test_the_pairs_of_an_effect_can_see_it_and_one_fewer_cannot(effect, variance, alpha, power):
    pairs = pairs_for(effect, variance, alpha, power)
    assert smallest_effect(pairs, variance, alpha, power) <= effect * (1 + 1e-9)
    if pairs > 1:
        assert smallest_effect(pairs - 1, variance, alpha, power) > effect * (1 - 1e-9)


def test_a_budget_too_small_for_anything_sees_only_the_largest_difference():
    assert smallest_effect(1, 1.0, 0.05) == 1.0


def test_without_variance_one_pair_shows_everything():
    assert pairs_for(0.05, 0.0, 0.05) == 1
    assert smallest_effect(10, 0.0, 0.05) == 0.0


@pytest.mark.parametrize("effect", [0.0, -0.1, math.nan])
def test_an_effect_is_positive(effect):
    with pytest.raises(ValueError, match="effect is positive"):
        pairs_for(effect, 0.1, 0.05)


@pytest.mark.parametrize("variance", [-0.1, math.inf, math.nan])
def test_a_variance_is_finite_and_not_negative(variance):
    for ask in (
        lambda: pairs_for(0.05, variance, 0.05),
        lambda: smallest_effect(10, variance, 0.05),
        lambda: miller_cases(variance, 0.05),
        lambda: miller_cases(0.1, 0.05, candidate_variance=variance),
    ):
        with pytest.raises(ValueError, match="variance"):
            ask()


@pytest.mark.parametrize(
    ("alpha", "power"), [(0.0, 0.8), (0.05, 1.0), (0.05, 0.01), (math.nan, 0.8), (0.05, math.nan)]
)
def test_a_power_not_above_the_level_is_an_error(alpha, power):
    with pytest.raises(ValueError, match="alpha < power"):
        pairs_for(0.05, 0.1, alpha, power)
    with pytest.raises(ValueError, match="alpha < power"):
        miller_cases(0.1, 0.05, alpha=alpha, power=power)


def test_what_no_number_of_pairs_can_show_is_an_error():
    with pytest.raises(ValueError, match="no number"):
        pairs_for(5e-324, 0.1, 0.05)


def test_counts_are_at_least_one():
    with pytest.raises(ValueError, match="at least one pair"):
        smallest_effect(0, 0.1, 0.05)
    with pytest.raises(ValueError, match="at least one sample"):
        miller_cases(0.1, 0.05, baseline_samples=0)
