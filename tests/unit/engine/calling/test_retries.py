import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops.engine.calling.retries import Retries
from promptops.values.response import Failure

SLOW_DOWN = Failure("rate_limited", "HTTP 429", 429)
STUMBLED = Failure("unavailable", "HTTP 500", 500)


def retries(**settings):
    return Retries(**settings, chance=random.Random(1))


def pauses(tries, *failures):
    return [tries.pause_after(failure) for failure in failures]


def test_the_longest_pause_doubles_from_the_first_one_and_is_capped():
    ours = retries(first_pause=0.5, longest_pause=4.0)
    seen = {attempt: [ours.pause(attempt) for _ in range(4000)] for attempt in range(1, 8)}
    for attempt, most in zip(range(1, 8), (0.5, 1.0, 2.0, 4.0, 4.0, 4.0, 4.0), strict=True):
        drawn = seen[attempt]
        assert 0.0 <= min(drawn) < 0.02 * most
        assert 0.98 * most < max(drawn) <= most
        assert sum(drawn) / len(drawn) == pytest.approx(most / 2, rel=0.05)


def test_the_seed_decides_the_pauses():
    first, second = ([retries().pause(attempt) for attempt in range(1, 9)] for _ in range(2))
    assert first == second
    assert len(set(first)) == 8


@given(st.integers(1, 5000), st.floats(0, 59), st.integers(0, 99))
def test_no_pause_is_shorter_than_the_provider_asks(attempt, asked, seed):
    ours = Retries(chance=random.Random(seed))
    assert asked <= ours.pause(attempt, asked) <= 60.0


def test_what_the_provider_asks_is_capped():
    assert retries().pause(1, 86400.0) == 60.0


def test_calls_that_were_told_the_same_come_back_apart():
    ours = retries()
    assert len({ours.pause(3, 5.0) for _ in range(50)}) == 50


def test_a_call_has_so_many_attempts():
    tries = retries().begin()
    given_ = pauses(tries, *[STUMBLED] * 5)
    assert [pause is None for pause in given_] == [False] * 4 + [True]
    assert tries.failed == 5


def test_a_rate_limit_has_an_allowance_of_its_own():
    tries = retries().begin()
    given_ = pauses(tries, *[SLOW_DOWN] * 10, *[STUMBLED] * 4, *[SLOW_DOWN] * 9, SLOW_DOWN)
    assert None not in given_[:-1]
    assert given_[-1] is None
    assert (tries.ordinary, tries.rate_limited, tries.failed) == (4, 20, 24)


def test_failures_of_both_kinds_lengthen_the_pause():
    longest = 0.0
    for seed in range(50):
        tries = Retries(chance=random.Random(seed)).begin()
        longest = max(longest, pauses(tries, *[SLOW_DOWN] * 5, STUMBLED)[-1])
    assert 14.0 < longest <= 16.0


def test_what_cannot_help_is_not_tried_again():
    assert retries().begin().pause_after(Failure("rejected", "bad", 400, retryable=False)) is None
    assert (
        retries().begin().pause_after(Failure("rate_limited", "no", 429, retryable=False)) is None
    )


def test_a_pause_after_a_failure_heeds_what_the_provider_asked():
    asked = Failure("rate_limited", "HTTP 429", 429, retry_after_seconds=7.0)
    assert 7.0 <= retries().begin().pause_after(asked) <= 7.5


def test_one_attempt_means_none_again():
    assert retries(attempts=1).begin().pause_after(STUMBLED) is None
