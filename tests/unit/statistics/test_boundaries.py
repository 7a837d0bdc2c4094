import math
from functools import cache
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal, norm

from promptops.engine.schedule import look_shares
from promptops.statistics import boundaries as module
from promptops.statistics.boundaries import boundaries, power_boundaries, power_spent

FIFTHS = (0.2, 0.4, 0.6, 0.8, 1.0)
rising = st.lists(st.integers(1, 1000), min_size=1, max_size=8, unique=True).map(
    lambda parts: tuple(part / max(parts) for part in sorted(parts))
)


leggauss = cache(np.polynomial.legendre.leggauss)


def obrien_fleming_type(share):
    return 2 - 2 * norm.cdf(norm.ppf(1 - 0.025 / 2) / math.sqrt(share))


def pocock_type(share):
    return 0.025 * math.log1p((math.e - 1) * share)


@pytest.mark.parametrize(
    ("spending", "published"),
    [
        (obrien_fleming_type, (4.8769, 3.3570, 2.6803, 2.2898, 2.0310)),
        (pocock_type, (2.4380, 2.4268, 2.4102, 2.3966, 2.3860)),
        (lambda share: power_spent(0.04, share), (2.9478, 2.5509, 2.2914, 2.0816, 1.8993)),
    ],
)
def test_the_published_boundaries(spending, published):
    assert boundaries(spending, FIFTHS) == pytest.approx(published, abs=5e-5)


def test_what_may_be_spent_grows_with_the_square_and_ends_at_alpha():
    assert [power_spent(0.04, share) for share in (-1, 0, 0.5, 1, 3)] == pytest.approx(
        [0, 0, 0.01, 0.04, 0.04]
    )


@given(st.floats(1e-6, 0.6))
def test_one_look_is_a_fixed_test(alpha):
    (critical,) = power_boundaries(alpha, (1.0,))
    assert critical == pytest.approx(NormalDist().inv_cdf(1 - alpha), abs=1e-7)


@settings(max_examples=20, deadline=None)
@given(st.floats(0.001, 0.4), st.floats(0.02, 0.98))
def test_two_looks_agree_with_the_bivariate_normal(alpha, share):
    bounds = power_boundaries(alpha, (share, 1.0))
    together = [[1, math.sqrt(share)], [math.sqrt(share), 1]]
    quiet = multivariate_normal.cdf(bounds, mean=[0, 0], cov=together)
    assert 1 - quiet == pytest.approx(alpha, abs=2e-6)


@pytest.mark.parametrize("shares", [FIFTHS, (0.05, 0.5, 0.55, 1.0), look_shares(50, 5)])
def test_simulated_paths_spend_what_they_may_at_every_look(shares):
    alpha, paths = 0.1, 60_000
    chance = np.random.default_rng(5)
    bounds = power_boundaries(alpha, shares)
    total, crossed, before = np.zeros(paths), np.zeros(paths, dtype=bool), 0.0
    for share, bound in zip(shares, bounds, strict=True):
        total += chance.normal(0, math.sqrt(share - before), paths)
        crossed |= total / math.sqrt(share) >= bound
        allowed, before = power_spent(alpha, share), share
        noise = math.sqrt(allowed * (1 - allowed) / paths)
        assert crossed.mean() == pytest.approx(allowed, abs=5 * noise)


def finer():
    """Three times as many nodes a panel, which lie elsewhere."""
    return leggauss(48)


@pytest.mark.parametrize("shares", [look_shares(401, 20)])
def test_a_finer_net_changes_nothing(shares, monkeypatch):
    """A hundred looks, of which the last is at a single pair of 8020."""
    usual = boundaries(lambda share: power_spent(0.04, share), shares)
    monkeypatch.setattr(module, "_legendre", finer)
    monkeypatch.setattr(module, "_STEPS_A_PANEL", 3)
    assert boundaries(lambda share: power_spent(0.04, share), shares) == pytest.approx(
        usual, abs=1e-6
    )


@settings(max_examples=15, deadline=None)
@given(rising, st.floats(0.001, 0.3))
def test_a_look_does_not_know_of_later_ones(shares, alpha):
    whole = power_boundaries(alpha, shares)
    for count in range(1, len(shares)):
        assert power_boundaries(alpha, shares[:count]) == whole[:count]


@settings(max_examples=15, deadline=None)
@given(rising, st.floats(0.001, 0.2))
def test_less_error_asks_for_more(shares, alpha):
    strict, lax = power_boundaries(alpha / 2, shares), power_boundaries(alpha, shares)
    assert all(a > b for a, b in zip(strict, lax, strict=True))


def test_a_look_that_may_spend_nothing_never_rejects_and_costs_nothing():
    late = boundaries(lambda share: 0.05 * (share > 0.5), (0.25, 0.5, 1.0))
    assert late[:2] == (math.inf, math.inf)
    assert late[2] == pytest.approx(NormalDist().inv_cdf(0.95), abs=1e-6)


@pytest.mark.parametrize("shares", [(0.5, 0.5), (0.6, 0.4), (0.0, 1.0), (0.5, 1.1), (-0.1, 1.0)])
def test_shares_that_do_not_rise_within_the_budget_are_an_error(shares):
    with pytest.raises(ValueError, match="rise within"):
        power_boundaries(0.05, shares)
