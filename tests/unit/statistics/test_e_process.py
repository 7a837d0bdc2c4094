import itertools
import math
import random

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from promptops.statistics.e_process import (
    betting_high,
    betting_low,
    log_e_passed,
    log_e_regressed,
    log_wealths,
    pairs_until,
    stakes,
)

difference = st.floats(-1, 1)
graded = st.lists(difference, max_size=60)
margins = st.floats(0.001, 0.9)


def test_the_value_to_be_held_to():
    """2 wins and 12 losses in 40 pairs."""
    d = [1.0] * 2 + [-1.0] * 12 + [0.0] * 26
    assert math.exp(log_e_regressed(d)) == pytest.approx(18.0739191, abs=5e-8)


def test_twelve_stakes_from_a_tenth_to_nine_tenths():
    bets = stakes()
    assert len(bets) == 12
    assert (bets[0], bets[-1]) == pytest.approx((0.1, 0.9))
    assert np.diff(np.log(bets)) == pytest.approx(math.log(9) / 11)


def test_the_bets_by_hand():
    d, m = [0.5, -0.25], 0.2
    reg = np.mean([(1 - bet * 0.5) * (1 + bet * 0.25) for bet in stakes()])
    passed = np.mean([(1 + bet * 0.7 / 0.8) * (1 - bet * 0.05 / 0.8) for bet in stakes()])
    material = np.mean([(1 - bet * 0.7 / 1.2) * (1 + bet * 0.05 / 1.2) for bet in stakes()])
    assert math.exp(log_e_regressed(d)) == pytest.approx(reg)
    assert math.exp(log_e_passed(d, m)) == pytest.approx(passed)
    assert math.exp(log_e_regressed(d, -m)) == pytest.approx(material)


@settings(max_examples=30, deadline=None)
@given(st.lists(difference, max_size=8))
def test_the_mean_over_all_sign_flips_is_one(sizes):
    flips = itertools.product((-1, 1), repeat=len(sizes))
    values = [
        math.exp(log_e_regressed([sign * d for sign, d in zip(signs, sizes, strict=True)]))
        for signs in flips
    ]
    assert np.mean(values) == pytest.approx(1, abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(margins, st.floats(0.01, 0.99), st.integers(1, 6))
def test_at_the_margin_the_evidence_for_a_pass_is_one_on_average(margin, reach, pairs):
    """A loss of size s with probability m/s: the mean difference is −m."""
    size = margin + reach * (1 - margin)
    chance = margin / size
    mean = 0.0
    for losses in range(pairs + 1):
        weight = math.comb(pairs, losses) * chance**losses * (1 - chance) ** (pairs - losses)
        mean += weight * math.exp(log_e_passed([-size] * losses + [0.0] * (pairs - losses), margin))
    assert mean == pytest.approx(1, abs=1e-9)


@given(st.lists(difference, min_size=1, max_size=40), margins, st.data())
def test_lowering_a_score_never_speaks_for_the_candidate(d, margin, draw):
    at = draw.draw(st.integers(0, len(d) - 1))
    lower = list(d)
    lower[at] = draw.draw(st.floats(-1, d[at]))
    assert log_e_regressed(lower) >= log_e_regressed(d) - 1e-12
    assert log_e_passed(lower, margin) <= log_e_passed(d, margin) + 1e-12


def test_a_constant_difference_at_the_null_is_no_evidence():
    assert log_e_passed([-0.05] * 200, 0.05) == pytest.approx(0, abs=1e-9)
    assert log_e_regressed([0.0] * 200) == 0
    assert log_e_regressed([]) == log_e_passed([], 0.05) == 0


def test_a_long_watch_seldom_sees_much_evidence_of_nothing():
    """At every fifth pair of 200, 1/20 of the runs at most should ever see a factor of 20."""
    chance = random.Random(7)
    alarms = 0
    for _ in range(300):
        d = [chance.choice([-1.0, 0.0, 0.0, 1.0]) for _ in range(200)]
        alarms += any(log_e_regressed(d[:n]) >= math.log(20) for n in range(5, 201, 5))
    assert 0 < alarms <= 26  # 15 expected at most; 26 is 2.9 standard errors above


@settings(max_examples=30, deadline=None)
@given(graded, st.floats(1.0, 12.0))
def test_the_interval_inverts_the_bets(d, threshold):
    low, high = betting_low(d, threshold), betting_high(d, threshold)
    for null in (low - 1e-5, low + 1e-5, high - 1e-5, high + 1e-5):
        assume(-1 < null < 1)
        above = log_e_regressed([-x for x in d], -null) >= threshold
        below = log_e_regressed(d, null) >= threshold
        assert above is (null < low)
        assert below is (null > high)


@settings(max_examples=30, deadline=None)
@given(graded, st.floats(0.5, 8.0))
def test_the_interval_holds_the_mean_and_grows_with_what_is_asked(d, threshold):
    low, high = betting_low(d, threshold), betting_high(d, threshold)
    mean = sum(d) / len(d) if d else 0.0
    assert -1 <= low <= mean + 1e-9
    assert mean - 1e-9 <= high <= 1
    wide_low, wide_high = betting_low(d, 2 * threshold), betting_high(d, 2 * threshold)
    assert wide_low <= low <= high <= wide_high
    mirrored = [-x for x in d]
    assert betting_low(mirrored, threshold) == -high
    assert betting_high(mirrored, threshold) == -low


@pytest.mark.parametrize("d", [[1.0] * 5, [-1.0] * 5, [1.0] * 10_000, [-1.0] * 10_000, [0.0]])
def test_extreme_data_give_numbers(d):
    low, high = betting_low(d, 4.6), betting_high(d, 4.6)
    assert -1 <= low < high <= 1
    for log_e in (log_e_regressed(d), log_e_passed(d, 0.05), log_e_passed(d, 0.999)):
        assert math.isfinite(log_e)


def test_without_pairs_every_mean_stands():
    assert (betting_low([], 4.6), betting_high([], 4.6)) == (-1, 1)


def test_the_order_of_pairs_and_how_they_come_change_nothing():
    d = [0.25, -0.5, 1.0, -1.0, 0.25, 0.0]
    assert log_wealths(sorted(d), -0.1) == pytest.approx(log_wealths(d, -0.1), abs=1e-12)
    parts = log_wealths(d[:2], -0.1) + log_wealths(d[2:], -0.1)
    assert parts == pytest.approx(log_wealths(d, -0.1), abs=1e-12)


def test_a_threshold_that_is_reached_needs_no_further_pairs():
    assert pairs_until([1.0] * 30, 0.0, math.log(100)) == 0


@pytest.mark.parametrize("d", [[], [0.0] * 100, [-0.5] * 50, [1.0, -1.0] * 50])
def test_pairs_that_do_not_speak_for_it_promise_nothing(d):
    assert pairs_until(d, 0.0, math.log(100)) == math.inf


def test_one_pair_is_not_taken_to_go_on_forever():
    """If it did, the bets would be over after eleven."""
    assert log_e_regressed([-1.0] * 11) > math.log(100)
    assert pairs_until([1.0], 0.0, math.log(100)) > 50


@pytest.mark.parametrize(
    ("pattern", "times", "null"),
    [
        ([1.0, 0.0, 0.0, 1.0, -1.0, 0.0, 0.0, 0.0], 6, 0.0),
        ([0.5, 0.25, 0.0, -0.25], 10, 0.0),
        ([0.0], 60, -0.05),
        ([0.0] * 28 + [1.0, -1.0], 2, -0.1),
    ],
)
def test_what_is_promised_comes_about_if_pairs_go_on_like_this(pattern, times, null):
    threshold = math.log(100)
    seen = pattern * times
    promised = pairs_until(seen, null, threshold)
    assert 0 < promised < math.inf
    needed = 0
    while log_e_regressed([-x for x in seen], -null) < threshold:
        seen.append(pattern[needed % len(pattern)])
        needed += 1
    assert 0.9 * needed <= promised <= 2 * needed
