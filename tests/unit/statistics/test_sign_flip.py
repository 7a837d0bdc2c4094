import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from promptops.statistics.sign_flip import sign_flip_p


def test_the_table_of_the_papers():
    """[[59, 6], [16, 80]]: exact McNemar, two-sided .052479 (twice the one-sided tail)."""
    d = [1.0] * 6 + [-1.0] * 16 + [0.0] * 139
    assert 2 * sign_flip_p(d) == pytest.approx(0.052479, abs=5e-7)


@given(st.integers(0, 60), st.integers(0, 60))
def test_binary_differences_give_the_binomial_tail(wins, losses):
    d = [0.5] * wins + [-0.5] * losses
    expected = stats.binom.cdf(wins, wins + losses, 0.5) if d else 1.0
    assert sign_flip_p(d) == pytest.approx(expected, abs=1e-9)


@settings(max_examples=30)
@given(
    st.lists(st.sampled_from([-1, -0.75, -0.5, -0.25, 0, 0.25, 0.5, 1]), min_size=1, max_size=10)
)
def test_other_differences_come_near_to_all_flips_counted(d):
    flips = [
        sum(sign * abs(x) for sign, x in zip(signs, d, strict=True)) <= sum(d) + 1e-9
        for signs in itertools.product((-1, 1), repeat=len(d))
    ]
    assert sign_flip_p(d) == pytest.approx(sum(flips) / len(flips), abs=0.025)


def test_it_is_the_same_every_time_and_whatever_the_order():
    d = [0.25, -0.5, -1.0, 0.75, -0.3] * 9
    assert sign_flip_p(d) == sign_flip_p(d) == sign_flip_p(sorted(d))


def test_no_difference_is_no_evidence():
    assert sign_flip_p([]) == sign_flip_p([0.0] * 50) == 1.0


def test_a_hundred_thousand_different_sizes_are_done():
    d = [(n % 997 - 498) / 499 for n in range(100_000)]
    assert 0 < sign_flip_p(d) <= 1
