import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops.statistics.rogan_gladen import (
    attenuated_margin,
    rogan_gladen,
    rogan_gladen_error,
)

good_rate = st.floats(0.51, 1)


def test_the_published_value():
    assert rogan_gladen(0.7, 0.85, 0.9) == pytest.approx(0.7333333, abs=5e-8)


@given(st.floats(0, 1), good_rate, good_rate)
def test_it_undoes_what_the_judge_does(true, specificity, sensitivity):
    apparent = true * sensitivity + (1 - true) * (1 - specificity)
    assert rogan_gladen(apparent, specificity, sensitivity) == pytest.approx(true, abs=1e-9)


def test_a_share_that_errors_alone_would_explain_is_cut():
    assert rogan_gladen(0.05, 0.9, 0.9) == 0.0
    assert rogan_gladen(0.95, 0.9, 0.9) == 1.0


def test_the_error_is_the_spread_in_simulation():
    chance = np.random.default_rng(5)
    true, specificity, sensitivity = 0.6, 0.85, 0.9
    apparent = true * sensitivity + (1 - true) * (1 - specificity)
    sizes = {"n": 500, "n_negative": 150, "n_positive": 200}
    estimates = [
        rogan_gladen(p, sp, se)
        for p, sp, se in zip(
            chance.binomial(500, apparent, 4_000) / 500,
            chance.binomial(150, specificity, 4_000) / 150,
            chance.binomial(200, sensitivity, 4_000) / 200,
            strict=True,
        )
    ]
    error = rogan_gladen_error(apparent, specificity=specificity, sensitivity=sensitivity, **sizes)
    assert error == pytest.approx(np.std(estimates), rel=0.05)
    # The judge's own uncertainty is a large part of it.
    known = math.sqrt(apparent * (1 - apparent) / 500) / 0.75
    assert error > 1.2 * known


def test_with_a_perfect_judge_the_error_is_the_binomial_one():
    error = rogan_gladen_error(
        0.3, 100, specificity=1.0, n_negative=50, sensitivity=1.0, n_positive=50
    )
    assert error == pytest.approx(math.sqrt(0.3 * 0.7 / 100))


def test_the_margin_shrinks_with_the_judge():
    assert attenuated_margin(0.05, 0.9, 0.8) == pytest.approx(0.035)
    assert attenuated_margin(0.05, 1.0, 1.0) == 0.05


@pytest.mark.parametrize("rates", [(0.5, 0.5), (0.3, 0.7), (0.1, 0.2)])
def test_a_judge_that_knows_nothing_is_an_error(rates):
    with pytest.raises(ValueError, match="knows nothing"):
        rogan_gladen(0.5, *rates)
    with pytest.raises(ValueError, match="knows nothing"):
        attenuated_margin(0.05, *rates)
    with pytest.raises(ValueError, match="knows nothing"):
        rogan_gladen_error(
            0.5, 10, specificity=rates[0], n_negative=10, sensitivity=rates[1], n_positive=10
        )


@pytest.mark.parametrize("wrong", [-0.1, 1.1, math.nan])
def test_shares_out_of_range_are_an_error(wrong):
    for shares in ((wrong, 0.9, 0.9), (0.5, wrong, 0.9), (0.5, 0.9, wrong)):
        with pytest.raises(ValueError, match=r"in \[0, 1\]"):
            rogan_gladen(*shares)


@pytest.mark.parametrize("margin", [0.0, -0.05, math.nan])
def test_a_margin_is_positive(margin):
    with pytest.raises(ValueError, match="margin is positive"):
        attenuated_margin(margin, 0.9, 0.9)


def test_a_share_of_no_sample_has_no_error():
    with pytest.raises(ValueError, match="one sample at least"):
        rogan_gladen_error(0.5, 10, specificity=0.9, n_negative=0, sensitivity=0.9, n_positive=5)
