"""Differences of agreement on the same answers."""

import numpy as np
import pytest

from promptops.statistics.agreement import alpha_of_two
from promptops.statistics.agreement_difference import alpha_difference
from tests.known import known


def study(
    chance: np.random.Generator, before: float, after: float, n: int = 100
) -> tuple[list[float], list[float], list[float]]:
    people = (chance.random(n) < 0.5).astype(float)
    wrong = [(chance.random(n) < rate) for rate in (before, after)]
    first, second = (np.where(each, 1 - people, people).tolist() for each in wrong)
    return people.tolist(), first, second


def test_it_is_the_difference_of_both():
    rows = study(np.random.default_rng(1), 0.4, 0.05)
    found = known(alpha_difference(*rows, range(100), "nominal"))
    first = known(alpha_of_two(rows[0], rows[1], range(100), "nominal"))
    second = known(alpha_of_two(rows[0], rows[2], range(100), "nominal"))
    assert found.value == pytest.approx(second.value - first.value)
    assert 0 < found.low < found.value < found.high


def test_swapping_the_judges_mirrors_it():
    people, before, after = study(np.random.default_rng(2), 0.3, 0.1)
    there = alpha_difference(people, before, after, range(100), "nominal")
    back = alpha_difference(people, after, before, range(100), "nominal")
    assert there is not None
    assert back is not None
    assert back.value == pytest.approx(-there.value)
    assert back.low == pytest.approx(-there.high, abs=0.02)


def test_one_and_the_same_judge_gains_nothing():
    people, before, _ = study(np.random.default_rng(3), 0.3, 0.1)
    found = alpha_difference(people, before, before, range(100), "nominal")
    assert found is not None
    assert (found.low, found.value, found.high) == (0, 0, 0)


def test_a_stricter_level_is_wider_and_one_case_says_nothing():
    rows = study(np.random.default_rng(4), 0.3, 0.2)
    plain = alpha_difference(*rows, range(100), "nominal")
    strict = alpha_difference(*rows, range(100), "nominal", level=0.99)
    assert plain is not None
    assert strict is not None
    assert strict.high - strict.low > plain.high - plain.low
    assert alpha_difference(*rows, [0] * 100, "nominal") is None
    same = [1.0] * 9
    assert alpha_difference(same, same, same, range(9), "nominal") is None
