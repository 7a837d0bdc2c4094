import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptops.statistics.paired import (
    BinaryPairs,
    PairedEstimate,
    normal_critical,
    paired_estimate,
    paired_statistic,
)
from promptops.statistics.power import fewest_pairs_to_pass

differences = st.lists(st.floats(-1, 1), min_size=1, max_size=200)
counts = st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(0, 200)).filter(sum)
nulls = st.floats(-0.99, 0.99)


def binary(losses, wins, ties):
    return [-1.0] * losses + [1.0] * wins + [0.0] * ties


def test_smoothing_adds_one_win_and_one_loss():
    estimate = paired_estimate([1.0, -1.0, -1.0, 0.0])
    assert estimate.mean == pytest.approx(-0.25)
    assert estimate.smoothed == pytest.approx(-1 / 6)
    assert estimate.variance == pytest.approx(5 / 6 - 1 / 36)
    assert estimate.z(0.0) == pytest.approx((-1 / 6) / math.sqrt((5 / 6 - 1 / 36) / 6))


def test_data_without_a_difference_keep_a_width():
    for estimate in (paired_estimate([0.0] * 100), paired_statistic([0.0] * 100)):
        low, high = estimate.interval(normal_critical(0.05))
        assert low < 0 < high
        assert low == pytest.approx(-high)


def test_scores_of_zero_and_one_have_tangos_statistic():
    """The table [[59, 6], [16, 80]]."""
    found = paired_statistic(binary(16, 6, 139))
    assert found == BinaryPairs(losses=16, wins=6, pairs=161)
    assert found.mean == pytest.approx(-10 / 161)
    assert found.z() == pytest.approx(-10 / math.sqrt(22))
    assert found.interval(1.959964) == pytest.approx((-0.1240, -0.0054), abs=5e-5)


@pytest.mark.parametrize("odd", [0.5, -1 / 3, 1e-9, math.nextafter(1, 0)])
def test_one_difference_in_between_calls_for_the_smoothed_statistic(odd):
    d = [*binary(3, 1, 20), odd]
    assert isinstance(paired_statistic(d), PairedEstimate)
    assert paired_statistic(d) == paired_estimate(d)


@settings(deadline=None)
@given(differences | counts.map(lambda each: binary(*each)), nulls, st.floats(0.5, 5))
def test_swapping_the_arms_mirrors_everything(d, null, critical):
    here, there = paired_statistic(d), paired_statistic([-x for x in d])
    assert there.mean == pytest.approx(-here.mean, abs=1e-12)
    assert there.z(-null) == pytest.approx(-here.z(null), abs=1e-9)
    low, high = here.interval(critical)
    assert there.interval(critical) == pytest.approx((-high, -low), abs=1e-9)


@settings(deadline=None)
@given(
    differences | counts.map(lambda each: binary(*each)), st.floats(0.01, 20) | st.just(math.inf)
)
def test_the_interval_holds_the_mean_and_stays_in_range(d, critical):
    estimate = paired_statistic(d)
    low, high = estimate.interval(critical)
    assert -1 <= low <= estimate.mean <= high <= 1
    assert not math.isnan(estimate.z())


@settings(deadline=None)
@given(differences | counts.map(lambda each: binary(*each)), st.floats(1.5, 4))
def test_the_interval_has_what_is_not_rejected(d, critical):
    estimate = paired_statistic(d)
    low, high = estimate.interval(critical)
    for null, end in [(low - 1e-6, 1), (high + 1e-6, -1)]:
        if abs(null) < 1:
            assert end * estimate.z(null) > critical
    for null in (low + 1e-6, high - 1e-6):
        if low < null < high and low < estimate.mean < high:
            assert abs(estimate.z(null)) < critical + 1e-9


@given(differences, st.randoms(use_true_random=False))
def test_the_order_of_pairs_does_not_matter(d, chance):
    shuffled = list(d)
    chance.shuffle(shuffled)
    assert paired_statistic(shuffled).z() == pytest.approx(paired_statistic(d).z(), abs=1e-9)


@given(counts, nulls)
def test_a_loss_more_in_place_of_a_tie_lowers_tangos_statistic(each, null):
    losses, wins, ties = each
    before = BinaryPairs(losses, wins, losses + wins + ties + 1).z(null)
    after = BinaryPairs(losses + 1, wins, losses + wins + ties + 1).z(null)
    assert after <= before + 1e-9 or after < 0


def test_the_fewest_pairs_for_a_pass_at_the_defaults():
    assert fewest_pairs_to_pass(0.05, 0.05) == 59
    assert 0.95**59 <= 0.05 < 0.95**58


@given(st.floats(1e-6, 0.5), st.floats(1e-4, 0.95))
def test_with_the_fewest_pairs_a_drop_of_the_margin_seldom_shows_no_loss(alpha, margin):
    fewest = fewest_pairs_to_pass(alpha, margin)
    assert fewest >= 1
    assert (1 - margin) ** fewest <= alpha * (1 + 1e-9)
    assert (1 - margin) ** (fewest - 1) > alpha * (1 - 1e-9)


@pytest.mark.parametrize("estimate", [paired_estimate, paired_statistic])
def test_no_pairs_is_an_error(estimate):
    with pytest.raises(ValueError, match="no pairs"):
        estimate([])


def test_the_critical_value_is_one_sided():
    assert normal_critical(0.05) == pytest.approx(1.6448536, abs=1e-6)


def test_a_drop_of_the_margin_is_measured_by_its_own_spread():
    """Few losses by luck say little of a version that loses all of one case in twenty."""
    lucky = [*binary(12, 0, 387), 0.5]
    found = paired_estimate(lucky)
    by_the_data = (found.smoothed + 0.05) / math.sqrt(found.variance / (found.pairs + 2))
    assert by_the_data > 2.1
    assert found.z(-0.05) < 1.96
    assert found.z(-0.05) == pytest.approx(paired_statistic(binary(12, 0, 388)).z(-0.05), abs=0.15)
    assert found.z() == pytest.approx(found.smoothed / math.sqrt(found.variance / 402))


def test_rare_total_losses_among_graded_scores_seldom_pass():
    """At a true drop of the margin the accepted error is 5%; by the data's own spread it was 8%."""
    chance = random.Random(3)
    passed = 0
    for _ in range(1_500):
        losses = sum(chance.random() < 0.05 for _ in range(399))
        d = [*binary(losses, 0, 399 - losses), 0.01]
        passed += paired_estimate(d).z(-0.05) >= normal_critical(0.05)
    assert passed / 1_500 < 0.06
