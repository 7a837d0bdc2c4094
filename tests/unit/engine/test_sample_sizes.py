"""Which plan a run has, given what earlier runs of the same comparison planned."""

from __future__ import annotations

import pytest

from promptops.errors import InputError
from promptops.store.store import Store
from tests.functional.decided import planned, two_versions


@pytest.fixture
def lay(tmp_path):
    """Plans a run of a suite with five samples a case, and says how it was laid out."""
    with Store(tmp_path) as store:

        def laid(begun=None, reached=0, gate=None, **choices):
            if not (tmp_path / ".git").exists():
                two_versions(tmp_path, samples=5, gate=gate)
            if begun:
                key = laid(gate=gate).key
                store.comparisons.begin(key, *begun)
                store.comparisons.extend(key, reached)
            plan, _ = planned(tmp_path, store, **choices)
            plan.opened.close()
            return plan

        yield laid


def sizes(plan):
    return plan.samples, plan.limit


@pytest.mark.parametrize(
    ("samples", "expected"), [(None, (5, 5)), (2, (5, 2)), (5, (5, 5)), (20, (20, 20))]
)
def test_the_first_run_lays_out_the_suites_samples_or_more(lay, samples, expected):
    plan = lay(samples=samples)
    assert sizes(plan) == expected
    assert plan.changes == []


@pytest.mark.parametrize(
    ("begun", "samples", "expected", "beyond"),
    [
        ((5, 1), None, (5, 5), False),
        ((5, 1), 3, (5, 3), False),
        ((5, 1), 20, (5, 20), True),
        ((3, 1), None, (3, 5), True),  # the suite asks for more than it did
        ((8, 1), None, (8, 8), False),  # and for less: the plan stays
        ((8, 1), 5, (8, 5), False),
    ],
)
def test_a_later_run_goes_on_with_the_plan_of_the_first(lay, begun, samples, expected, beyond):
    plan = lay(begun, samples=samples)
    assert sizes(plan) == expected
    assert any("stricter test" in told for told in plan.changes) is beyond


def test_a_run_goes_as_far_as_the_comparison_was_extended_to(lay):
    assert sizes(lay((5, 1), reached=9)) == (5, 9)
    assert sizes(lay((5, 1), reached=9, samples=4)) == (5, 4)


@pytest.mark.parametrize(("seed", "told"), [(None, False), (1, False), (2, True)])
def test_the_order_of_the_first_run_stays(lay, seed, told):
    plan = lay((5, 1), seed=seed)
    assert plan.seed == 1
    assert any("the order of draws stays" in change for change in plan.changes) is told


def test_a_fresh_comparison_has_the_seed_that_was_asked_for(lay):
    assert lay(seed=4).seed == 4
    assert lay().seed == lay().seed


def test_alone_there_is_nothing_to_lay_out_or_extend(lay):
    assert sizes(lay(alone=True)) == (5, 5)
    assert sizes(lay(alone=True, samples=2)) == (2, 2)
    with pytest.raises(InputError, match="no earlier version"):
        lay(alone=True, extend=True)


def test_a_verdict_about_the_population_is_not_extended(lay):
    assert sizes(lay((5, 1), gate={"estimand": "population"}, samples=20)) == (5, 5)
    with pytest.raises(InputError, match="say nothing more about other cases") as caught:
        lay(extend=True)
    assert caught.value.location is not None


def test_what_has_as_many_samples_as_there_may_be_is_not_extended(lay):
    assert lay((5, 1), reached=999, extend=True).extend
    with pytest.raises(InputError, match="1000 samples already"):
        lay((5, 1), reached=1000, extend=True)
