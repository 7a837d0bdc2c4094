import math
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops.statistics.multiplicity import e_bh, holm

chance = st.floats(0, 1)
p_lists = st.lists(chance, max_size=8)
weighted = st.lists(st.tuples(chance, st.floats(0.01, 100)), min_size=1, max_size=6)


def closed_test(p_values, weights):
    """Adjusted p by closing weighted Bonferroni tests over every subset: what Holm shortens."""
    indexes = range(len(p_values))
    adjusted = [0.0] * len(p_values)
    for size in range(1, len(p_values) + 1):
        for subset in combinations(indexes, size):
            whole = math.fsum(weights[i] for i in subset)
            p = min(1.0, *(p_values[i] * whole / weights[i] for i in subset))
            for i in subset:
                adjusted[i] = max(adjusted[i], p)
    return adjusted


def test_the_values_of_holm():
    assert holm([0.01, 0.02, 0.03, 0.04]) == pytest.approx([0.04, 0.06, 0.06, 0.06])


def test_the_order_given_is_kept():
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])


def test_a_heavier_metric_pays_less():
    # Order by p/w: .02/3 before .01/1. First .02·4/3, then .01·1/1, raised to the one before it.
    assert holm([0.02, 0.01], [3, 1]) == pytest.approx([0.08 / 3, 0.08 / 3])
    assert holm([0.02, 0.01]) == pytest.approx([0.02, 0.02])


@given(weighted)
def test_it_is_the_closure_of_weighted_bonferroni(pairs):
    p_values, weights = [p for p, _ in pairs], [w for _, w in pairs]
    assert holm(p_values, weights) == pytest.approx(closed_test(p_values, weights), rel=1e-9)


@given(p_lists)
def test_equal_weights_change_nothing_and_no_p_falls(p_values):
    assert holm(p_values, [2.5] * len(p_values)) == holm(p_values)
    assert all(p <= q <= 1 for p, q in zip(p_values, holm(p_values), strict=True))


def test_weights_of_any_size_give_numbers():
    assert holm([0.0, 0.5], [1.7e308, 1.7e308]) == [0.0, 0.5]


def test_nothing_to_adjust():
    assert holm([]) == []
    assert e_bh([], 0.1) == []


@pytest.mark.parametrize("p", [-0.1, 1.1, math.nan])
def test_p_values_out_of_range_are_an_error(p):
    with pytest.raises(ValueError, match="p-values"):
        holm([0.5, p])


@pytest.mark.parametrize("weight", [0.0, -1.0, math.inf, math.nan, 5e-324])
def test_weights_that_cannot_be_compared_are_an_error(weight):
    with pytest.raises(ValueError, match="weights"):
        holm([0.5, 0.5], [1.0, weight])


def test_too_few_weights_are_an_error():
    with pytest.raises(ValueError, match="2 p-values"):
        holm([0.5, 0.5], [1.0])


def test_the_values_of_e_bh():
    assert e_bh([60, 30, 12, 3, 1], 0.10) == [True, True, False, False, False]
    assert e_bh([3, 60, 1, 12, 30], 0.10) == [False, True, False, False, True]


def test_a_smaller_e_value_can_carry_a_larger_one():
    # The largest alone would need 50; five of 10 each are enough together.
    assert e_bh([49, 1, 1, 1, 1], 0.10) == [False] * 5
    assert e_bh([10, 10, 10, 10, 10], 0.10) == [True] * 5


@given(st.lists(st.one_of(st.floats(0, 1e6), st.just(math.inf)), max_size=12), st.floats(0.01, 1))
def test_the_rejected_are_the_largest_and_more_evidence_never_loses_one(e_values, fdr):
    rejected = e_bh(e_values, fdr)
    kept = [e for e, gone in zip(e_values, rejected, strict=True) if not gone]
    gone = [e for e, gone in zip(e_values, rejected, strict=True) if gone]
    assert not gone or not kept or min(gone) > max(kept)
    assert all(e * len(gone) * fdr >= len(e_values) for e in gone)
    raised = e_bh([2 * e for e in e_values], fdr)
    assert all(after or not before for before, after in zip(rejected, raised, strict=True))


@pytest.mark.parametrize("e", [-1.0, math.nan])
def test_e_values_are_not_negative(e):
    with pytest.raises(ValueError, match="e-values"):
        e_bh([1.0, e], 0.1)


@pytest.mark.parametrize("fdr", [0.0, -0.1, 1.1, math.nan])
def test_a_rate_out_of_range_is_an_error(fdr):
    with pytest.raises(ValueError, match="false discovery rate"):
        e_bh([1.0], fdr)
