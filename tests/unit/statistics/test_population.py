import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from promptops.statistics.paired import normal_critical, paired_estimate
from promptops.statistics.population import population_interval

pairs = st.lists(st.tuples(st.floats(-1, 1), st.integers(0, 12)), min_size=2, max_size=120).filter(
    lambda found: len({unit for _, unit in found}) > 1
)
levels = st.sampled_from([0.005, 0.025, 0.05, 0.2])


def interval(d, units, alpha=0.05):
    found = population_interval(d, units, alpha)
    assert found is not None
    return found


def on_these_cases(d, alpha):
    """Bonett and Price's interval, by the variance of the data alone."""
    found = paired_estimate(d)
    half = normal_critical(alpha) * (found.variance / (found.pairs + 2)) ** 0.5
    return max(-1, min(found.smoothed - half, found.mean)), min(
        1, max(found.smoothed + half, found.mean)
    )


def t_interval(means, alpha=0.05):
    means = np.asarray(means)
    error = means.std(ddof=1) / np.sqrt(len(means))
    return stats.t.interval(1 - 2 * alpha, len(means) - 1, loc=means.mean(), scale=error)


@pytest.mark.parametrize(("cases", "off"), [(40, 0.05), (400, 0.005), (40_000, 0.00005)])
def test_many_cases_with_equally_many_pairs_give_the_t_interval_of_case_means(cases, off):
    means = np.random.default_rng(7).uniform(-0.5, 0.5, cases)
    d = np.repeat(means, 3) + np.tile([0.1, 0.0, -0.1], cases)
    found = interval(d, np.repeat(np.arange(cases), 3))
    assert found == pytest.approx(t_interval(means), abs=off)


def test_smoothing_adds_one_unit_of_wins_and_one_of_losses():
    d, units = [0.4, 0.2, -0.1, 0.3, 0.5, 0.5], [0, 0, 1, 1, 2, 2]
    sums = np.array([0.6, 0.2, 1.0, 2.0, -2.0])
    centre = 1.8 / 10
    error = np.sqrt(5 / 4 * np.square(sums - 2 * centre).sum()) / 10
    half = stats.t.ppf(0.8, 2) * error
    assert interval(d, units, 0.2) == pytest.approx((centre - half, centre + half))


@pytest.mark.parametrize("value", [1.0, 0.0, -1.0])
@pytest.mark.parametrize("each", [1, 5])
def test_cases_that_all_agree_are_not_taken_for_all_cases(value, each):
    d, units = [value] * 16 * each, np.arange(16).repeat(each)
    low, high = interval(d, units)
    inner = on_these_cases([value] * 16, 0.05)
    assert (low, high) != inner
    assert low <= inner[0] < inner[1] <= high
    assert high - low > 0.19


@given(pairs, levels)
def test_the_interval_has_a_width_and_holds_the_mean(found, alpha):
    d, units = zip(*found, strict=True)
    low, high = interval(d, units, alpha)
    assert -1 <= low < high <= 1
    assert low - 1e-12 <= np.mean(d) <= high + 1e-12


@given(pairs, levels)
def test_swapping_the_arms_mirrors_it(found, alpha):
    d, units = zip(*found, strict=True)
    low, high = interval(d, units, alpha)
    assert interval([-x for x in d], units, alpha) == pytest.approx((-high, -low), abs=1e-12)


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=200), levels)
def test_with_one_pair_per_case_it_is_never_narrower_than_on_these_cases(d, alpha):
    low, high = interval(d, np.arange(len(d)), alpha)
    inner = on_these_cases(d, alpha)
    assert low <= inner[0] + 1e-9
    assert inner[1] - 1e-9 <= high


def test_cases_that_share_a_group_count_as_one():
    d = np.tile([0.5, -0.1, 0.2, 0.0], 10)
    alone = interval(d, np.arange(40))
    grouped = interval(d, np.arange(40) % 4)
    assert grouped[1] - grouped[0] > 2 * (alone[1] - alone[0])


@pytest.mark.parametrize("d", [[], [0.3], [0.3, 0.4]])
def test_one_unit_says_nothing_of_a_population(d):
    assert population_interval(d, [0] * len(d), 0.05) is None
