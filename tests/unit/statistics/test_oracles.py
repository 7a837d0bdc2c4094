"""The same numbers by statsmodels, an independent implementation."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from statsmodels.api import OLS
    from statsmodels.stats.contingency_tables import mcnemar
    from statsmodels.stats.multitest import multipletests
    from statsmodels.stats.power import NormalIndPower

from promptops.statistics.mcnemar import mcnemar_exact
from promptops.statistics.multiplicity import holm
from promptops.statistics.paired import paired_statistic
from promptops.statistics.population import population_interval
from promptops.statistics.power import miller_cases
from promptops.statistics.sign_flip import SequentialSignFlip

few = st.integers(0, 40)


@given(few, few)
def test_mcnemars_exact_test(losses, wins):
    oracle = mcnemar([[9, losses], [wins, 9]], exact=True).pvalue
    assert mcnemar_exact(losses, wins) == pytest.approx(oracle, abs=1e-12)


@given(few, few)
def test_the_z_of_no_difference_is_mcnemars(losses, wins):
    z = paired_statistic([-1.0] * losses + [1.0] * wins + [0.0] * 7).z()
    if losses + wins:
        oracle = mcnemar([[9, losses], [wins, 9]], exact=False, correction=False).statistic
        assert z * z == pytest.approx(oracle)
    else:
        assert z == 0


@given(st.integers(1, 40), few, st.floats(0.001, 0.5))
def test_one_look_rejects_where_mcnemars_test_does(losses, wins, alpha):
    both = mcnemar([[9, losses], [wins, 9]], exact=True).pvalue
    found = SequentialSignFlip().look([-1.0] * losses + [1.0] * wins, alpha)
    if losses > wins and abs(both / 2 - alpha) > 1e-9:
        assert found.rejected is bool(both / 2 <= alpha)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm(p_values):
    oracle = multipletests(p_values, method="holm")[1]
    assert holm(p_values) == pytest.approx(oracle.tolist())


@settings(max_examples=20)
@given(st.floats(0.02, 0.5), st.floats(0.01, 0.3))
def test_the_number_of_cases(variance, delta):
    """Paired differences are one sample: two groups of a size have their variance at twice it."""
    wanted = NormalIndPower(ddof=0).solve_power(
        delta / variance**0.5, alpha=0.05, power=0.8, ratio=0, alternative="two-sided"
    )
    # The oracle searches for its number, and is some parts in a million beside the formula's.
    assert miller_cases(variance, delta) == pytest.approx(wanted, abs=1.01 + 1e-5 * wanted)


@pytest.mark.parametrize("each", [1, 4])
def test_the_population_interval_is_that_of_a_cluster_robust_regression(each):
    chance = np.random.default_rng(2)
    cases = 4_000
    means = chance.uniform(-0.6, 0.5, cases)
    d = np.clip(means.repeat(each) + chance.uniform(-0.4, 0.4, cases * each), -1, 1)
    units = np.arange(cases).repeat(each)
    fit = OLS(d, np.ones((d.size, 1))).fit(cov_type="cluster", cov_kwds={"groups": units})
    low, high = fit.conf_int(0.1)[0]
    assert population_interval(d, units, 0.05) == pytest.approx((low, high), abs=2e-4)
