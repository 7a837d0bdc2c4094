import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops.statistics.paired import fewest_pairs_to_pass, normal_critical, paired_estimate

differences = st.lists(st.floats(-1, 1), min_size=1, max_size=200)


def test_smoothing_adds_one_win_and_one_loss():
    estimate = paired_estimate([1.0, -1.0, -1.0, 0.0])
    assert estimate.mean == pytest.approx(-0.25)
    assert estimate.smoothed == pytest.approx(-1 / 6)
    assert estimate.standard_error == pytest.approx(math.sqrt((5 / 6 - 1 / 36) / 6))
    assert estimate.z(0.1) == pytest.approx((-1 / 6 - 0.1) / estimate.standard_error)


def test_data_without_a_difference_keep_a_width():
    low, high = paired_estimate([0.0] * 100).interval(normal_critical(0.05))
    assert low < 0 < high
    assert low == pytest.approx(-high)


@given(differences)
def test_swapping_the_arms_mirrors_everything(d):
    here, there = paired_estimate(d), paired_estimate([-x for x in d])
    assert there.mean == pytest.approx(-here.mean, abs=1e-12)
    assert there.z() == pytest.approx(-here.z(), abs=1e-9)
    low, high = here.interval(1.645)
    assert there.interval(1.645) == pytest.approx((-high, -low), abs=1e-12)


@given(differences)
def test_the_interval_holds_the_mean_and_stays_in_range(d):
    estimate = paired_estimate(d)
    low, high = estimate.interval(1.645)
    assert -1 <= low <= estimate.mean <= high <= 1
    assert not math.isnan(estimate.z())


@given(differences, st.randoms())
def test_the_order_of_pairs_does_not_matter(d, chance):
    shuffled = list(d)
    chance.shuffle(shuffled)
    assert paired_estimate(shuffled).z() == pytest.approx(paired_estimate(d).z(), abs=1e-9)


def test_the_fewest_pairs_for_a_pass_at_the_defaults():
    assert fewest_pairs_to_pass(0.05, 0.05) == 59
    assert 0.95**59 <= 0.05 < 0.95**58


def test_no_pairs_is_an_error():
    with pytest.raises(ValueError, match="no pairs"):
        paired_estimate([])


def test_the_critical_value_is_one_sided():
    assert normal_critical(0.05) == pytest.approx(1.6448536, abs=1e-6)
