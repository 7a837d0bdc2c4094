import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from promptops.statistics.wilson import wilson_interval

shares = st.integers(1, 1000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
Z95 = 1.959963984540054


@given(shares)
def test_it_agrees_with_another_implementation(share):
    successes, trials = share
    expected = binomtest(successes, trials).proportion_ci(0.95, method="wilson")
    assert wilson_interval(successes, trials, Z95) == pytest.approx(tuple(expected), abs=1e-12)


@given(shares, st.floats(1e-3, 40))
def test_its_ends_lie_just_so_many_standard_errors_away(share, critical):
    successes, trials = share
    low, high = wilson_interval(successes, trials, critical)
    seen = successes / trials
    assert 0 <= low <= seen <= high <= 1
    for end in (low, high):
        if 0 < end < 1:
            error = math.sqrt(end * (1 - end) / trials)
            assert abs(seen - end) / error == pytest.approx(critical, rel=1e-6)


@given(shares, st.floats(1e-3, 40))
def test_failures_mirror_successes(share, critical):
    successes, trials = share
    low, high = wilson_interval(successes, trials, critical)
    mirrored = wilson_interval(trials - successes, trials, critical)
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=1e-12)


def test_at_the_ends_it_is_exact():
    assert wilson_interval(0, 7, 1.645) == pytest.approx((0.0, 1.645**2 / (7 + 1.645**2)))
    for trials in range(1, 200):
        assert wilson_interval(0, trials, 1.645)[0] == 0.0
        assert wilson_interval(trials, trials, 1.645)[1] == 1.0


@pytest.mark.parametrize("critical", [math.inf, 1e200])
def test_an_endless_critical_value_rejects_nothing(critical):
    assert wilson_interval(3, 7, critical) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("successes", "trials", "critical", "message"),
    [
        (0, 0, 1.645, "no trials"),
        (-1, 5, 1.645, "do not fit"),
        (6, 5, 1.645, "do not fit"),
        (3, 5, 0.0, "positive"),
        (3, 5, math.nan, "positive"),
    ],
)
def test_what_cannot_be_answered_is_an_error(successes, trials, critical, message):
    with pytest.raises(ValueError, match=message):
        wilson_interval(successes, trials, critical)
