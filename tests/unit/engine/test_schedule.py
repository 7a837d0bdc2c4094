from itertools import accumulate, pairwise

from hypothesis import given
from hypothesis import strategies as st

from promptops.comparison.ledger import ARMS as BOTH
from promptops.engine.schedule import (
    FEWEST_PAIRS_AT_A_LOOK,
    MOST_LOOKS,
    draws,
    look_shares,
    rounds,
)


@given(st.integers(1, 60), st.integers(1, 6), st.integers(0, 99))
def test_every_case_is_visited_once_a_pass_before_any_is_visited_again(cases, samples, seed):
    visits = [visit for batch in rounds(cases, samples, seed) for visit in batch]
    for index in range(samples):
        one_pass = visits[index * cases : (index + 1) * cases]
        assert sorted(case for case, _, _ in one_pass) == list(range(cases))
        assert {at for _, at, _ in one_pass} == {index}


def test_passes_have_orders_of_their_own_and_the_seed_decides_them():
    def order(seed):
        return [visit for batch in rounds(40, 2, seed) for visit in batch]

    first, second = order(3)[:40], order(3)[40:]
    assert [case for case, _, _ in first] != [case for case, _, _ in second]
    assert order(3) == order(3)
    assert order(3) != order(4)


def test_rounds_are_a_fifth_of_a_pass_and_the_first_has_ten_pairs():
    assert [len(batch) for batch in rounds(100, 2, 0)] == [20] * 10
    assert [len(batch) for batch in rounds(20, 1, 0)] == [10, 4, 4, 2]
    assert [len(batch) for batch in rounds(3, 1, 0)] == [3]


def test_arms_are_interleaved_in_random_order():
    todo = [d for batch in rounds(200, 1, 5) for d in draws(batch, BOTH)]
    firsts = [todo[at].arms[0] for at in range(0, 400, 2)]
    assert all({todo[at].arms[0], todo[at + 1].arms[0]} == set(BOTH) for at in range(0, 400, 2))
    assert 60 < firsts.count("baseline") < 140


def test_a_shared_case_is_drawn_once_for_both_arms():
    visits = [(0, 0, True), (1, 0, False)]
    todo = list(draws(visits, BOTH, {1}))
    assert [(d.case, d.arms) for d in todo] == [
        (0, ("baseline",)),
        (0, ("candidate",)),
        (1, BOTH),
    ]


def test_one_arm_alone_is_drawn_alone():
    assert [d.arms for d in draws([(0, 0, True)], ("candidate",))] == [("candidate",)]


@given(st.integers(1, 400), st.integers(1, 60))
def test_looks_are_laid_out_where_the_rounds_end(cases, samples):
    shares = look_shares(cases, samples)
    sizes = [len(batch) for batch in rounds(cases, samples, 0)]
    assert len(shares) == len(sizes) <= MOST_LOOKS
    assert shares[-1] == 1
    assert [round(share * cases * samples) for share in shares] == list(accumulate(sizes))
    assert all(earlier < later for earlier, later in pairwise(shares))
    assert sizes[0] >= min(FEWEST_PAIRS_AT_A_LOOK, cases * samples)


@given(st.integers(1, 40), st.integers(1, 4), st.integers(1, 4), st.integers(0, 99))
def test_what_lies_beyond_a_plan_is_what_a_longer_plan_would_have_drawn(
    cases, samples, beyond, seed
):
    further = [visit for batch in rounds(cases, samples, seed, beyond=beyond) for visit in batch]
    whole = [visit for batch in rounds(cases, samples + beyond, seed) for visit in batch]
    assert further == whole[cases * samples :]


def test_rounds_beyond_a_plan_are_of_its_size():
    assert [len(batch) for batch in rounds(100, 2, 0, beyond=1)] == [20] * 5
