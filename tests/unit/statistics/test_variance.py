import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops.statistics.variance import variance_parts

rows = st.lists(st.tuples(st.floats(-1, 1), st.integers(0, 9)), min_size=1, max_size=80)


def test_a_balanced_table_by_hand():
    """Three cases of two pairs: mean square between .155, within .01, n₀ = 2."""
    parts = variance_parts([0.1, 0.3, 0.5, 0.5, 0.7, 0.9], [0, 0, 1, 1, 2, 2])
    within = (0.02 + 0 + 0.02) / 3
    between_square = 2 * (0.09 + 0 + 0.09) / 2
    assert parts.within == pytest.approx(within)
    assert parts.between == pytest.approx((between_square - within) / 2)
    assert parts.total == pytest.approx(within + (between_square - within) / 2)


def test_an_unbalanced_table_by_hand():
    """Case 4 has three pairs of mean 0, case 7 one of .8; n₀ = 4 − 10/4 = 1.5."""
    parts = variance_parts([0.5, 0.8, -0.5, 0.0], [4, 7, 4, 4])
    assert parts.within == pytest.approx(0.5 / 2)
    assert parts.between == pytest.approx((3 * 0.04 + 0.36 - 0.25) / 1.5)


def test_cases_more_alike_than_chance_have_no_variance_between_them():
    parts = variance_parts([1, -1, 1, -1], [0, 0, 1, 1])
    assert parts.between == 0.0
    assert parts.total == parts.within == pytest.approx(2.0)


def test_what_is_not_known_is_none():
    single = variance_parts([0.5, -0.5, 0.0], [0, 1, 2])
    assert (single.between, single.within) == (None, None)
    assert single.total == pytest.approx(0.25)
    alone = variance_parts([0.5, -0.5, 0.0], [3, 3, 3])
    assert alone.between is None
    assert alone.within == pytest.approx(0.25)
    assert alone.total == pytest.approx(0.25)


def test_one_pair_and_equal_pairs_have_no_variance():
    assert variance_parts([0.5], [0]).total == 0.0
    equal = variance_parts([0.25] * 6, [0, 0, 1, 1, 2, 2])
    assert (equal.between, equal.within, equal.total) == (0.0, 0.0, 0.0)


def test_the_parts_that_were_put_in_come_out():
    """Unbalanced on purpose; 100,000 pairs, so that the estimates are near what they estimate."""
    chance = np.random.default_rng(7)
    sizes = chance.integers(1, 10, 20_000)
    cases = np.repeat(np.arange(20_000), sizes)
    noise = chance.uniform(-0.6, 0.6, cases.size)  # variance .12
    d = chance.uniform(-0.3, 0.3, 20_000)[cases] + noise  # variance .03
    parts = variance_parts(d, cases)
    assert parts.within == pytest.approx(0.12, rel=0.02)
    assert parts.between == pytest.approx(0.03, rel=0.06)


@given(rows)
def test_swapping_the_arms_changes_no_part_and_none_is_negative(data):
    d, cases = [x for x, _ in data], [c for _, c in data]
    here, there = variance_parts(d, cases), variance_parts([-x for x in d], cases)
    for one, other in ((here.between, there.between), (here.within, there.within)):
        assert (one is None) == (other is None)
        assert one is None or (one >= 0 and one == pytest.approx(other, abs=1e-12))
    assert math.isfinite(here.total)
    assert here.total >= 0
    if here.between is not None:
        assert here.within is not None
        assert here.total == here.between + here.within


@given(rows, st.randoms())
def test_names_and_order_of_cases_do_not_matter(data, chance):
    shuffled = [(x, 1000 - 7 * c) for x, c in data]
    chance.shuffle(shuffled)
    here = variance_parts([x for x, _ in data], [c for _, c in data])
    there = variance_parts([x for x, _ in shuffled], [c for _, c in shuffled])
    assert there.total == pytest.approx(here.total, abs=1e-12)
    assert (there.between is None) == (here.between is None)


def test_what_cannot_be_split_is_an_error():
    with pytest.raises(ValueError, match="no pairs"):
        variance_parts([], [])
    with pytest.raises(ValueError, match="one length"):
        variance_parts([0.0, 0.1], [0])
    with pytest.raises(ValueError, match="one length"):
        variance_parts([[0.0, 0.1]], [[0, 1]])


@pytest.mark.parametrize("wrong", [math.nan, math.inf, 1.5])
def test_a_difference_out_of_range_is_an_error(wrong):
    with pytest.raises(ValueError, match=r"\[-1, 1\]"):
        variance_parts([0.0, wrong], [0, 1])
