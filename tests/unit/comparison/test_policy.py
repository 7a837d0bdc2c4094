import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops.comparison.policy import Metric, Policy


def policy(*metrics, **more):
    return Policy(metrics, margin=0.05, alpha=0.05, inconclusive="warn", **more)


def test_gating_metrics_share_the_error_by_weight():
    exact, tone, seen = (
        Metric("exact", "gate", 3.0),
        Metric("tone", "gate", 1.0),
        Metric("seen", "observe", 5.0),
    )
    held = policy(exact, tone, seen)
    assert held.gating == (exact, tone)
    assert held.share(exact) == pytest.approx(0.0375)
    assert held.share(tone) == pytest.approx(0.0125)
    assert held.share(seen) == 0.05


@given(st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=9))
def test_the_shares_are_all_of_alpha_together(weights):
    metrics = [Metric(str(n), "gate", weight) for n, weight in enumerate(weights)]
    held = policy(*metrics)
    assert sum(held.share(metric) for metric in metrics) == pytest.approx(0.05)


def test_planned_looks_spend_four_fifths_and_bets_the_rest():
    assert policy().planned(0.05) == pytest.approx(0.04)
    assert policy().unplanned(0.05) == pytest.approx(0.01)


def test_the_strict_guarantee_bets_all_of_it():
    strict = policy(guarantee="strict")
    assert strict.planned(0.05) == 0
    assert strict.unplanned(0.05) == 0.05
