import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from promptops.statistics.mcnemar import mcnemar_drop_p, mcnemar_exact, mcnemar_mid_p

count = st.integers(0, 400)


def test_the_published_values():
    assert mcnemar_exact(16, 6) == pytest.approx(0.052479, abs=5e-7)
    assert mcnemar_mid_p(16, 6) == pytest.approx(0.034690, abs=5e-7)


@given(count, count)
@example(50_000, 49_500)
@example(0, 1)
def test_they_agree_with_another_implementation(losses, wins):
    trials = losses + wins
    if trials == 0:
        assert (mcnemar_exact(0, 0), mcnemar_mid_p(0, 0), mcnemar_drop_p(0, 0)) == (1.0, 1.0, 1.0)
        return
    exact = binomtest(losses, trials, 0.5).pvalue
    assert mcnemar_exact(losses, wins) == pytest.approx(exact, rel=1e-8)
    drop = binomtest(losses, trials, 0.5, alternative="greater").pvalue
    assert mcnemar_drop_p(losses, wins) == pytest.approx(drop, rel=1e-8)
    fewer = min(losses, wins)
    mid = 2 * binom.cdf(fewer, trials, 0.5) - binom.pmf(fewer, trials, 0.5)
    assert mcnemar_mid_p(losses, wins) == pytest.approx(mid, rel=1e-8)


@given(count, count)
def test_two_sided_p_do_not_know_which_arm_is_which(losses, wins):
    assert mcnemar_exact(losses, wins) == mcnemar_exact(wins, losses)
    assert mcnemar_mid_p(losses, wins) == mcnemar_mid_p(wins, losses)
    assert 0 <= mcnemar_mid_p(losses, wins) <= mcnemar_exact(losses, wins) <= 1


@given(count, count)
def test_one_more_loss_in_place_of_a_win_makes_a_drop_likelier(losses, wins):
    before, after = mcnemar_drop_p(losses, wins + 1), mcnemar_drop_p(losses + 1, wins)
    assert after <= before <= 1
    assert after < before or before > 1 - 1e-12


def test_endless_losses_underflow_to_zero_and_not_to_an_error():
    assert mcnemar_drop_p(5_000, 0) == 0.0
    assert mcnemar_exact(5_000, 0) == 0.0


@pytest.mark.parametrize("test", [mcnemar_exact, mcnemar_mid_p, mcnemar_drop_p])
@pytest.mark.parametrize("counts", [(-1, 3), (3, -1)])
def test_a_negative_count_is_an_error(test, counts):
    with pytest.raises(ValueError, match="not negative"):
        test(*counts)
