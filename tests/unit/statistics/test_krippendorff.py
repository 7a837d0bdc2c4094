import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from promptops.statistics.krippendorff import krippendorff_alpha

LEVELS = ("nominal", "ordinal", "interval")
NONE = math.nan
CANONICAL: list[list[float]] = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, NONE, NONE, NONE],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NONE, 3],
    [NONE, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NONE],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NONE],
]

tables = st.integers(2, 4).flatmap(
    lambda reviewers: st.lists(
        st.lists(
            st.sampled_from([NONE, 1.0, 2.0, 3.0, 5.0]), min_size=reviewers, max_size=reviewers
        ),
        min_size=1,
        max_size=8,
    ).map(lambda units: [list(row) for row in zip(*units, strict=True)])
)


def by_matrix(ratings, level):
    """α from the matrix of coincidences, cell by cell; None where it is not defined."""
    units = [[v for v in unit if not math.isnan(v)] for unit in zip(*ratings, strict=True)]
    units = [unit for unit in units if len(unit) > 1]
    values = sorted({v for unit in units for v in unit})
    if len(values) < 2:
        return None
    cells = dict.fromkeys(((c, k) for c in values for k in values), 0.0)
    for unit in units:
        for i, c in enumerate(unit):
            for j, k in enumerate(unit):
                if i != j:
                    cells[c, k] += 1 / (len(unit) - 1)
    n_c = {c: sum(cells[c, k] for k in values) for c in values}

    def squared(c, k):
        if level == "nominal":
            return float(c != k)
        if level == "interval":
            return (c - k) ** 2
        between = sum(n_c[g] for g in values if min(c, k) <= g <= max(c, k))
        return (between - (n_c[c] + n_c[k]) / 2) ** 2

    observed = sum(cells[c, k] * squared(c, k) for c, k in cells)
    expected = sum(n_c[c] * n_c[k] * squared(c, k) for c, k in cells)
    return 1 - (sum(n_c.values()) - 1) * observed / expected


@pytest.mark.parametrize(
    ("level", "alpha"), [("nominal", 0.7434), ("ordinal", 0.8154), ("interval", 0.8491)]
)
def test_the_canonical_example(level, alpha):
    assert krippendorff_alpha(CANONICAL, level) == pytest.approx(alpha, abs=5e-5)


@pytest.mark.parametrize("level", LEVELS)
@given(ratings=tables)
def test_it_is_what_the_matrix_of_coincidences_gives(level, ratings):
    expected = by_matrix(ratings, level)
    if expected is None:
        with pytest.raises(ValueError, match=r"fewer than two|without variation"):
            krippendorff_alpha(ratings, level)
    else:
        assert krippendorff_alpha(ratings, level) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("level", LEVELS)
def test_reviewers_who_always_agree(level):
    assert krippendorff_alpha([[1, 2, 3], [1, 2, 3]], level) == 1.0


@pytest.mark.parametrize("level", LEVELS)
def test_reviewers_who_guess(level):
    guesses = np.random.default_rng(2).integers(1, 6, (3, 4_000))
    assert krippendorff_alpha(guesses, level) == pytest.approx(0, abs=0.03)


@given(tables, st.sampled_from(LEVELS), st.floats(0.001, 1e6), st.floats(-100, 100))
def test_scale_and_order_of_reviewers_do_not_matter(ratings, level, stretch, shift):
    expected = by_matrix(ratings, level)
    assume(expected is not None)
    other = [[v * stretch + shift for v in row] for row in reversed(ratings)]
    assert krippendorff_alpha(other, level) == pytest.approx(expected, abs=1e-6)


def test_huge_values_do_not_overflow():
    huge = [[v * 1e300 for v in row] for row in CANONICAL]
    assert krippendorff_alpha(huge, "interval") == pytest.approx(0.8491, abs=5e-5)
    far = [[-1.5e308, 1.5e308], [-1.5e308, 1.5e308]]
    assert krippendorff_alpha(far, "interval") == 1.0


def test_many_different_values_need_no_matrix():
    """20,000 different ratings: their matrix of coincidences would take three gigabytes."""
    chance = np.random.default_rng(3)
    truth = chance.normal(size=10_000)
    ratings = truth + chance.normal(scale=0.5, size=(2, 10_000))
    assert krippendorff_alpha(ratings, "interval") == pytest.approx(1 / 1.25, abs=0.02)
    assert krippendorff_alpha(ratings, "nominal") == pytest.approx(0, abs=0.001)


def test_without_variation_it_is_not_defined():
    with pytest.raises(ValueError, match="without variation"):
        krippendorff_alpha([[1.0, 1.0, 2.0], [1.0, 1.0, NONE]], "nominal")


@pytest.mark.parametrize("ratings", [[[]], [[1, 2]], [[1, NONE], [NONE, 2]], [[NONE], [NONE]]])
def test_ratings_that_cannot_be_paired_are_an_error(ratings):
    with pytest.raises(ValueError, match="fewer than two"):
        krippendorff_alpha(ratings, "interval")


def test_what_is_not_a_table_of_finite_ratings_is_an_error():
    with pytest.raises(ValueError, match="table"):
        krippendorff_alpha([1, 2, 3], "nominal")
    with pytest.raises(ValueError, match="infinite"):
        krippendorff_alpha([[1.0, math.inf], [1.0, 2.0]], "interval")
    with pytest.raises(ValueError, match="no such level"):
        krippendorff_alpha(CANONICAL, "ratio")  # type: ignore[arg-type]


def test_the_smallest_differences_there_are_still_count():
    near = math.nextafter(0.3, 1)
    assert krippendorff_alpha([[0.3, near, near], [0.3, near, near]], "interval") == 1.0
    assert krippendorff_alpha([[0.0, 5e-324], [0.0, 5e-324]], "interval") == 1.0
