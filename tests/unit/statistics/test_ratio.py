"""The ratio of two paired means: by hand, by properties, and how often its interval errs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from promptops.statistics.ratio import FEWEST_REPEATS, RatioEstimate, ratio_of_means

amounts = st.floats(0.01, 1000)
rows = st.lists(st.tuples(amounts, amounts, st.integers(0, 6)), min_size=2, max_size=80)


def ends(found: RatioEstimate) -> tuple[float, float]:
    assert found.interval is not None
    return found.interval


def ratio(found: RatioEstimate) -> float:
    assert found.ratio is not None
    return found.ratio


def by_hand(b, c, degrees, covariance, alpha):
    """Fieller's quadratic as he states it, in R itself."""
    t2 = stats.t.ppf(1 - alpha, degrees) ** 2
    (cc, bc), (_, bb) = covariance
    a = np.mean(b) ** 2 - t2 * bb
    half = np.mean(b) * np.mean(c) - t2 * bc
    root = math.sqrt(half**2 - a * (np.mean(c) ** 2 - t2 * cc))
    return (half - root) / a, (half + root) / a


def test_one_pair_a_case_is_fieller_on_paired_means():
    chance = np.random.default_rng(5)
    b, c = chance.lognormal(0, 0.5, 40), chance.lognormal(0.2, 0.5, 40)
    found = ratio_of_means(b, c, np.arange(40), 0.05)
    assert found.ratio == pytest.approx(c.mean() / b.mean())
    assert found.interval == pytest.approx(by_hand(b, c, 39, np.cov(c, b) / 40, 0.05))


def test_a_whole_dataset_counts_only_what_varies_inside_cases():
    """Welch's degrees by hand: four cases of four pairs."""
    chance = np.random.default_rng(6)
    size = np.array([1.0, 5.0, 20.0, 80.0])[:, None]
    b, c = (size * chance.lognormal(0, 0.4, (4, 4)) for _ in range(2))
    found = ratio_of_means(b.ravel(), c.ravel(), np.arange(4).repeat(4), 0.05, whole=True)
    covariance = sum(np.cov(c[at], b[at]) for at in range(4)) / 4 / 16
    parts = np.var(c - ratio(found) * b, axis=1, ddof=1)
    degrees = parts.sum() ** 2 / (parts**2 / 5).sum() - 2
    assert 3 < degrees < 12
    assert found.interval == pytest.approx(by_hand(b, c, degrees, covariance, 0.05))


def test_a_case_with_one_pair_is_taken_to_vary_as_the_others_do():
    chance = np.random.default_rng(7)
    cases = np.concatenate([np.arange(40), np.arange(20)])
    b, c = chance.lognormal(0, 0.3, 60), chance.lognormal(0, 0.3, 60)
    found = ratio_of_means(b, c, cases, 0.05, whole=True)
    e = c - ratio(found) * b
    inside = np.array([np.var(e[cases == case], ddof=1) for case in range(20)])
    variance = inside.sum() * (1 / 2 + 20 / 20) / 40**2
    low, high = ends(found)
    assert (high - low) / 2 == pytest.approx(1.73 * variance**0.5 / found.baseline, rel=0.05)


def test_what_cases_add_to_each_other_counts_only_where_it_is_asked_for():
    """A fixed preamble of 300 tokens: known exactly on these cases, and not over others."""
    length = np.random.default_rng(8).lognormal(6, 1, 50).repeat(3)
    cases = np.arange(50).repeat(3)
    here = ratio_of_means(length, length + 300, cases, 0.05, whole=True)
    assert here.interval == pytest.approx((here.ratio, here.ratio), abs=1e-9)
    over = ratio_of_means(length, length + 300, cases, 0.05, units=cases)
    some = ratio_of_means(length, length + 300, cases, 0.05)
    assert over.interval == some.interval
    assert ends(over)[1] - ends(over)[0] > 0.1


def test_cases_that_share_a_group_count_as_one():
    chance = np.random.default_rng(9)
    effect = chance.lognormal(0, 0.5, 10).repeat(8)
    b = chance.lognormal(0, 0.1, 80)
    c = b * effect
    alone = ratio_of_means(b, c, np.arange(80), 0.05, units=np.arange(80))
    grouped = ratio_of_means(b, c, np.arange(80), 0.05, units=np.arange(10).repeat(8))
    assert np.diff(ends(grouped)) > 2 * np.diff(ends(alone))
    assert ratio_of_means(b, c, np.arange(80), 0.05, units=np.zeros(80)).interval is None


def test_every_case_weighs_the_same_however_often_it_was_drawn():
    found = ratio_of_means([1, 1, 1, 4], [2, 2, 2, 4], [0, 0, 0, 1], 0.05)
    assert (found.baseline, found.candidate) == (2.5, 3.0)


@given(rows)
def test_equal_arms_have_the_ratio_one_exactly(data):
    b, _, cases = zip(*data, strict=True)
    found = ratio_of_means(b, b, cases, 0.05, whole=True)
    assert found.ratio == 1.0
    assert found.interval == (1.0, 1.0)


@given(rows, st.booleans(), st.sampled_from([0.01, 0.05, 0.2]))
def test_the_interval_holds_the_ratio_and_swapping_the_arms_inverts_it(data, whole, alpha):
    b, c, cases = (np.array(each) for each in zip(*data, strict=True))
    here = ratio_of_means(b, c, cases, alpha, whole=whole)
    if here.interval is None:
        return
    low, high = here.interval
    assert 0 <= low <= ratio(here) <= high
    there = ratio_of_means(c, b, cases, alpha, whole=whole)
    assume(there.interval is not None and low > 1e-6)
    # The degrees of freedom are those of the residuals, which are the same but for their scale.
    assert there.interval == pytest.approx((1 / high, 1 / low), rel=1e-5)


@given(rows, st.floats(0.001, 1000), st.floats(0.001, 1000))
def test_units_do_not_matter(data, by, times):
    b, c, cases = (np.array(each) for each in zip(*data, strict=True))
    here = ratio_of_means(b, c, cases, 0.05)
    there = ratio_of_means(by * b, by * times * c, cases, 0.05)
    assert there.ratio == pytest.approx(times * here.ratio)
    if here.interval and there.interval:
        scaled = tuple(times * end for end in here.interval)
        assert there.interval == pytest.approx(scaled, rel=1e-4, abs=1e-7 * times * here.ratio)


def test_a_baseline_of_nothing_has_no_ratio():
    found = ratio_of_means([0, 0, 0], [0.1, 0.2, 0.3], [0, 1, 2], 0.05)
    assert (found.baseline, found.ratio, found.interval) == (0, None, None)
    assert found.candidate == pytest.approx(0.2)


def test_one_pair_has_a_ratio_and_no_interval():
    assert ratio_of_means([2.0], [3.0], [0], 0.05).interval is None
    assert ratio_of_means([2.0], [3.0], [0], 0.05).ratio == 1.5
    assert ratio_of_means([2.0], [2.0], [0], 0.05).interval is None


def test_a_baseline_that_may_be_nothing_bounds_nothing():
    found = ratio_of_means([0, 0, 9.0], [1, 2, 3], [0, 1, 2], 0.05)
    assert found.ratio == pytest.approx(2 / 3)
    assert found.interval is None


def test_few_repeats_are_not_rested_on():
    """All but a few cases were drawn once: what varies inside a case is hardly known."""
    chance = np.random.default_rng(10)
    cases = np.concatenate([np.arange(30), np.arange(FEWEST_REPEATS - 1)])
    b, c = chance.lognormal(0, 1, cases.size), chance.lognormal(0, 1, cases.size)
    whole = ratio_of_means(b, c, cases, 0.05, whole=True)
    assert whole.interval == ratio_of_means(b, c, cases, 0.05).interval


@pytest.mark.parametrize(
    ("b", "c", "cases", "why"),
    [
        ([], [], [], "no pairs"),
        ([1.0], [1.0, 2.0], [0], "one length"),
        ([1.0, 2.0], [1.0, 2.0], [0], "one length"),
        ([1.0, -2.0], [1.0, 2.0], [0, 1], "not negative"),
        ([1.0, math.nan], [1.0, 2.0], [0, 1], "finite"),
        ([1.0, 2.0], [1.0, math.inf], [0, 1], "finite"),
    ],
)
def test_what_has_no_ratio_is_an_error(b, c, cases, why):
    with pytest.raises(ValueError, match=why):
        ratio_of_means(b, c, cases, 0.05)


def test_a_million_pairs():
    chance = np.random.default_rng(11)
    cases = np.tile(np.arange(100_000), 10)
    b, c = chance.lognormal(0, 1, 10**6), 1.25 * chance.lognormal(0, 1, 10**6)
    low, high = ends(ratio_of_means(b, c, cases, 0.05, whole=True))
    assert 1.23 < low < high < 1.27


# -- how often each end errs: costs and latencies as models have them, over these very cases

RUNS = 1500


def errors(cases, samples, kind, runs=RUNS):
    """How often the interval lies above, and below, the true ratio of a fixed dataset."""
    chance = np.random.default_rng([1, cases, samples])
    above = below = 0
    numbers = np.arange(cases).repeat(samples)
    for at in range(runs):
        if at % 50 == 0:
            sent, got = chance.lognormal(6, 0.8, cases), chance.lognormal(5, 0.8, cases)
            changed = got * chance.lognormal(0.2, 0.3, cases)
        noise = np.exp(chance.normal(-0.08, 0.4, (2, cases * samples)))
        if kind == "cost":  # what is sent is the same in every sample; what comes back is not
            b = (0.15 * sent)[numbers] + (0.6 * got)[numbers] * noise[0]
            c = (0.15 * sent + 45)[numbers] + (0.6 * changed)[numbers] * noise[1]
            true = (0.15 * sent + 45 + 0.6 * changed).mean() / (0.15 * sent + 0.6 * got).mean()
        else:
            b, c = got[numbers] * noise[0], 1.25 * got[numbers] * noise[1]
            true = 1.25
        low, high = ends(ratio_of_means(b, c, numbers, 0.05, whole=True))
        above += low > true
        below += high < true
    return above / runs, below / runs


@pytest.mark.parametrize(("cases", "samples"), [(12, 5), (50, 5), (100, 3)])
@pytest.mark.parametrize("kind", ["cost", "latency"])
def test_each_end_errs_about_as_often_as_it_may(cases, samples, kind):
    """Within [.035, .06], and two standard errors of this many runs."""
    slack = 2 * math.sqrt(0.05 * 0.95 / RUNS)
    for share in errors(cases, samples, kind):
        assert 0.035 - slack < share < 0.06 + slack


@pytest.mark.slow
@pytest.mark.parametrize(("cases", "samples"), [(8, 5), (12, 5), (20, 20), (50, 5), (200, 2)])
@pytest.mark.parametrize("kind", ["cost", "latency"])
def test_each_end_errs_about_as_often_as_it_may_in_many_runs(cases, samples, kind):
    runs = 20_000
    slack = 3 * math.sqrt(0.05 * 0.95 / runs)
    for share in errors(cases, samples, kind, runs):
        assert 0.035 - slack < share < 0.06 + slack


def test_one_sample_a_case_errs_no_more_often():
    """Nothing can be told of what varies inside a case, so all that varies counts."""
    for share in errors(100, 1, "cost"):
        assert share < 0.06 + 4 * math.sqrt(0.05 * 0.95 / RUNS)
