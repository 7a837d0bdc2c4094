import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from promptops.statistics.tango import tango_interval, tango_z

counts = st.tuples(st.integers(0, 60), st.integers(0, 60), st.integers(0, 200)).filter(sum)
nulls = st.floats(-0.999, 0.999)


def fit(losses, wins, pairs, null):
    """The likeliest chance of a loss under the null, by search over the multinomial likelihood."""

    def surprise(loss):
        chances = (loss, loss + null, 1 - 2 * loss - null)
        seen = (losses, wins, pairs - losses - wins)
        return -sum(n * math.log(max(p, 1e-300)) for n, p in zip(seen, chances, strict=True) if n)

    found = minimize_scalar(
        surprise,
        bounds=(max(0.0, -null), (1 - null) / 2),
        method="bounded",
        options={"xatol": 1e-12},
    )
    return found.x


def test_the_published_interval():
    """Of the table [[59, 6], [16, 80]] the 6 are wins and the 16 losses: the interval lies below 0.

    With the two exchanged it would be the mirror image, (.0054, .1240).
    """
    low, high = tango_interval(losses=16, wins=6, pairs=161, critical=1.959964)
    assert low == pytest.approx(-0.1240, abs=5e-5)
    assert high == pytest.approx(-0.0054, abs=5e-5)


def test_at_no_difference_it_is_mcnemars_statistic():
    assert tango_z(16, 6, 161) == pytest.approx(-10 / math.sqrt(22))


@pytest.mark.parametrize("null", [-0.7, -0.05, 0.0, 0.05, 0.7])
@pytest.mark.parametrize(
    ("losses", "wins", "pairs"),
    [(16, 6, 161), (6, 16, 161), (3, 0, 40), (0, 3, 40), (20, 20, 40), (0, 40, 40), (1, 1, 3)],
)
def test_the_chance_of_a_loss_is_the_likeliest_under_the_null(losses, wins, pairs, null):
    loss = fit(losses, wins, pairs, null)
    spread = pairs * (2 * loss + null * (1 - null))
    expected = (wins - losses - pairs * null) / math.sqrt(spread)
    assert tango_z(losses, wins, pairs, null) == pytest.approx(expected, rel=1e-4, abs=1e-6)


@given(counts, nulls)
@example((0, 0, 1), 0.0)
@example((0, 0, 1), 5e-324)
@example((0, 60, 0), math.nextafter(1, 0))
def test_it_is_always_a_number_and_swapping_the_arms_mirrors_it(table, null):
    losses, wins, same = table
    pairs = losses + wins + same
    z = tango_z(losses, wins, pairs, null)
    assert math.isfinite(z)
    assert tango_z(wins, losses, pairs, -null) == -z
    assert z * ((wins - losses) / pairs - null) >= -1e-12


@given(counts, nulls, nulls)
def test_it_falls_as_the_null_rises(table, one, other):
    losses, wins, same = table
    pairs = losses + wins + same
    low, high = sorted((one, other))
    assert tango_z(losses, wins, pairs, low) >= tango_z(losses, wins, pairs, high) - 1e-9


def test_no_pair_that_differs():
    assert tango_z(0, 0, 100) == 0.0
    assert tango_z(0, 0, 100, -0.05) == pytest.approx(math.sqrt(100 * 0.05 / 0.95))
    low, high = tango_interval(0, 0, 100, 1.645)
    assert low < 0 < high
    assert high == pytest.approx(1.645**2 / (100 + 1.645**2), abs=2e-9)


@given(counts, st.one_of(st.floats(1e-6, 40), st.just(40.0)))
def test_the_interval_is_what_the_statistic_does_not_reject(table, critical):
    losses, wins, same = table
    pairs = losses + wins + same
    low, high = tango_interval(losses, wins, pairs, critical)
    assert -1 <= low <= (wins - losses) / pairs <= high <= 1
    assert tango_interval(wins, losses, pairs, critical) == (-high, -low)
    if low > -1:
        assert tango_z(losses, wins, pairs, low) >= critical - 1e-9
    if high < 1:
        assert tango_z(losses, wins, pairs, high) <= -critical + 1e-9
    for null in (low + 2e-9, (low + high) / 2, high - 2e-9):
        if low + 1e-9 < null < high - 1e-9:
            assert abs(tango_z(losses, wins, pairs, null)) <= critical + 1e-9


def test_an_endless_critical_value_rejects_nothing():
    assert tango_interval(3, 5, 20, math.inf) == (-1.0, 1.0)


def test_nothing_but_wins_leaves_the_upper_end_open():
    low, high = tango_interval(0, 10, 10, 1.645)
    assert high == 1.0
    assert low == pytest.approx((10 - 1.645**2) / (10 + 1.645**2), abs=2e-9)


@pytest.mark.parametrize("table", [(-1, 0, 5), (0, -1, 5), (0, 0, 0), (3, 3, 5)])
def test_counts_that_do_not_fit_are_an_error(table):
    losses, wins, pairs = table
    with pytest.raises(ValueError, match="do not fit"):
        tango_z(losses, wins, pairs)
    with pytest.raises(ValueError, match="do not fit"):
        tango_interval(losses, wins, pairs, 1.645)


@pytest.mark.parametrize("null", [-1.0, 1.0, math.nan])
def test_a_null_that_no_difference_can_have_is_an_error(null):
    with pytest.raises(ValueError, match="between -1 and 1"):
        tango_z(1, 2, 10, null)


@pytest.mark.parametrize("critical", [0.0, -1.0, math.nan])
def test_a_critical_value_is_positive(critical):
    with pytest.raises(ValueError, match="positive"):
        tango_interval(1, 2, 10, critical)
