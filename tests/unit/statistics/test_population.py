import numpy as np
import pytest
from scipy import stats

from promptops.statistics.population import population_interval


def test_equally_many_pairs_per_case_give_the_t_interval_of_case_means():
    rng = np.random.default_rng(7)
    means = rng.uniform(-0.5, 0.5, 40)
    d = np.repeat(means, 3) + np.tile([0.1, 0.0, -0.1], 40)
    expected = stats.t.interval(0.90, 39, loc=means.mean(), scale=means.std(ddof=1) / np.sqrt(40))
    assert population_interval(d, np.repeat(np.arange(40), 3), 0.05) == pytest.approx(expected)


def test_cases_that_share_a_group_count_as_one():
    d = np.tile([0.5, -0.1, 0.2, 0.0], 10)
    alone = population_interval(d, np.arange(40), 0.05)
    grouped = population_interval(d, np.arange(40) % 4, 0.05)
    assert alone is not None
    assert grouped is not None
    assert grouped[1] - grouped[0] > 2 * (alone[1] - alone[0])


@pytest.mark.parametrize("d", [[], [0.3], [0.3, 0.4]])
def test_one_unit_says_nothing_of_a_population(d):
    assert population_interval(d, [0] * len(d), 0.05) is None
