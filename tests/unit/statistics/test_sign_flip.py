import itertools
import math
import random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from promptops.statistics.boundaries import power_spent
from promptops.statistics.sign_flip import SequentialSignFlip

rounds_of_counts = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=6)


def signed(losses, wins, ties=0, size=1.0):
    return [-size] * losses + [size] * wins + [0.0] * ties


def looked(rounds, alpha):
    """Equal shares of the budget, α·t² spent by share t."""
    test = SequentialSignFlip()
    return [
        test.look(differences, power_spent(alpha, (at + 1) / len(rounds)))
        for at, differences in enumerate(rounds)
    ]


def test_the_published_critical_losses():
    found = looked([signed(5, 5)] * 5, 0.05)
    assert [look.critical_losses for look in found] == [10, 16, 22, 27, 32]
    assert found[-1].spent == pytest.approx(0.0419680, abs=5e-8)
    assert not found[-1].rejected


def test_one_more_loss_than_the_critical_number_is_not_needed():
    """27 losses of 40 at the fourth look: reached with none of the looks before it."""
    just = [signed(7, 3), signed(7, 3), signed(7, 3), signed(6, 4)]
    assert [look.rejected for look in looked([*just, []], 0.05)] == [
        False,
        False,
        False,
        True,
        True,
    ]
    short = [signed(7, 3), signed(7, 3), signed(7, 3), signed(5, 5)]
    assert not looked([*short, []], 0.05)[3].rejected


def test_the_table_of_the_papers():
    """[[59, 6], [16, 80]]: exact McNemar, two-sided .052479, of which half lies below."""
    for allowed, rejected in [(0.02624, True), (0.02623, False)]:
        assert SequentialSignFlip().look(signed(16, 6, 139), allowed).rejected is rejected


@given(
    st.integers(0, 60),
    st.integers(0, 60),
    st.integers(0, 5),
    st.sampled_from([1.0, 0.25, 1 / 3]),
    st.floats(1e-4, 0.6),
)
def test_one_look_is_the_exact_one_sided_mcnemar_test(losses, wins, ties, size, allowed):
    trials = losses + wins
    p = stats.binomtest(losses, trials, 0.5, alternative="greater").pvalue if trials else 1.0
    assume(abs(p - allowed) > 1e-9)
    found = SequentialSignFlip().look(signed(losses, wins, ties, size), allowed)
    assert found.rejected is bool(p <= allowed)


@given(rounds_of_counts, st.floats(1e-6, 0.5))
def test_the_mass_spent_never_exceeds_what_is_allowed(counts, alpha):
    spent = 0.0
    for at, look in enumerate(looked([signed(*each) for each in counts], alpha)):
        assert spent <= look.spent <= power_spent(alpha, (at + 1) / len(counts)) + 1e-9
        spent = look.spent


@pytest.mark.parametrize("sizes", [(3, 3, 3), (1, 5, 2), (0, 6, 4)])
def test_all_paths_together_reject_with_the_mass_that_is_told(sizes):
    """Every number of losses at every look, weighted with its chance."""
    alpha, mass, spent = 0.3, 0.0, []
    for losses in itertools.product(*(range(size + 1) for size in sizes)):
        pairs = list(zip(losses, sizes, strict=True))
        last = looked([signed(lost, size - lost) for lost, size in pairs], alpha)[-1]
        chance = math.prod(math.comb(size, lost) for lost, size in pairs) / 2 ** sum(sizes)
        mass += chance * last.rejected
        spent.append(last.spent)
    assert spent == pytest.approx([mass] * len(spent), abs=1e-12)
    assert 0 < mass <= alpha


def test_monte_carlo_keeps_its_level_over_all_signs():
    """Nine differences of four sizes at two looks: all 512 signs, each as likely under chance."""
    sizes, alpha = [[1.0, 0.5, 0.5, 0.25], [1.0, 0.75, 0.5, 0.25, 0.25]], 0.2
    rejected = 0
    for signs in itertools.product((-1, 1), repeat=9):
        turns = iter(signs)
        rounds = [[next(turns) * size for size in each] for each in sizes]
        rejected += looked(rounds, alpha)[-1].rejected
    assert 0.7 * alpha <= rejected / 512 <= alpha + 0.01  # of 10,000 paths: one standard error .004


@pytest.mark.parametrize("looks", [1, 3])
def test_monte_carlo_comes_near_to_the_exact_walk(looks):
    """One difference of half a hundredth calls for paths; beside the others it weighs nothing."""

    def fewest(extra):
        for losses in range(31):
            rounds = [signed(losses, 30 - losses) for _ in range(looks)]
            rounds[0] = rounds[0] + extra
            last = looked(rounds, 0.05)[-1]
            if last.rejected:
                return losses, last.spent
        return None

    exact, near = fewest([]), fewest([0.005])
    assert exact is not None
    assert near is not None
    assert abs(exact[0] - near[0]) <= 1
    assert near[1] <= 0.05


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.lists(st.sampled_from([-1, -0.75, -0.5, -0.25, 0, 0.25, 0.5, 1]), max_size=12),
        min_size=1,
        max_size=4,
    ),
    st.randoms(use_true_random=False),
)
def test_the_order_within_a_look_changes_nothing(rounds, chance):
    shuffled = [chance.sample(each, len(each)) for each in rounds]
    assert looked(shuffled, 0.2) == looked(rounds, 0.2)
    assert looked(rounds, 0.2) == looked(rounds, 0.2)


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.sampled_from([-1, -0.5, -0.25, 0, 0.25, 0.5, 1]), min_size=1, max_size=12),
    st.integers(0, 11),
)
def test_a_lower_difference_is_rejected_where_a_higher_one_was(differences, at):
    """With one look and the sizes as they are: a win turned into a loss."""
    lower = list(differences)
    lower[at % len(lower)] = -abs(lower[at % len(lower)])
    if looked([differences], 0.2)[0].rejected:
        assert looked([lower], 0.2)[0].rejected


@settings(max_examples=15, deadline=None)
@given(st.lists(st.sampled_from([-1, -0.5, 0, 0.25, 1]), min_size=1, max_size=10))
def test_one_look_of_other_sizes_comes_near_to_all_flips_counted(differences):
    p = sum(
        sum(sign * abs(d) for sign, d in zip(signs, differences, strict=True)) <= sum(differences)
        for signs in itertools.product((-1, 1), repeat=len(differences))
    ) / 2 ** len(differences)
    if p < 0.98:
        assert SequentialSignFlip().look(differences, p + 0.02).rejected
    if p > 0.02:
        assert not SequentialSignFlip().look(differences, p - 0.02).rejected


def test_what_is_rejected_stays_so_when_sizes_differ_later():
    test = SequentialSignFlip()
    assert test.look(signed(12, 0), 0.01).rejected
    assert test.look([1.0] * 40 + [0.5], 0.05).rejected
    assert test.rejected
    assert test.looks == 2


def test_a_later_look_changes_no_earlier_one():
    chance = random.Random(4)
    rounds = [[chance.uniform(-1, 0.6) for _ in range(8)] for _ in range(4)]
    test = SequentialSignFlip()
    alone = [test.look(each, power_spent(0.2, (at + 1) / 4)) for at, each in enumerate(rounds[:2])]
    assert looked(rounds, 0.2)[:2] == alone


@pytest.mark.parametrize("nothing", [[], [0.0] * 50, [1e-9, -1e-9] * 20])
def test_no_difference_is_no_evidence(nothing):
    found = looked([nothing] * 3, 0.5)
    assert not any(look.rejected for look in found)
    assert [look.spent for look in found] == [0, 0, 0]


def test_a_hundred_thousand_different_sizes_are_done():
    found = SequentialSignFlip().look([(n % 997 - 498) / 499 for n in range(100_000)], 0.05)
    assert not found.rejected
    assert found.spent == pytest.approx(0.05, abs=1e-3)


def test_a_hundred_looks_at_many_pairs_stay_within_the_error():
    found = looked([signed(600, 400)] + [signed(500, 500, 9000)] * 99, 0.05)
    assert found[-1].spent == pytest.approx(0.05, rel=0.02)
    assert found[-1].spent <= 0.05
