import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptops.comparison.ledger import Ledger
from promptops.comparison.policy import Metric, Policy
from promptops.comparison.verdicts import Evidence, decide, describe_first, exit_code

EXACT = Metric("exact", "gate", 1.0)


def policy(*metrics, inconclusive="warn"):
    return Policy(metrics or (EXACT,), margin=0.05, alpha=0.05, inconclusive=inconclusive)


def evidence(pairs, *, lost=0, name="exact", **more):
    """One case a pair: `pairs` are (baseline, candidate) scores."""
    size = len(pairs) + lost
    ledger = more.pop("ledger", None) or Ledger(size, 1, [name])
    for case, (old, new) in enumerate(pairs):
        ledger.score("baseline", name, case, 0, old)
        ledger.score("candidate", name, case, 0, new)
    for case in range(len(pairs), size):
        ledger.score("baseline", name, case, 0, 1)
        ledger.lost("candidate", case, 0)
    return Evidence(ledger, range(size), **more)


def pairs(both, broken, fixed, neither=0):
    return [(1, 1)] * both + [(1, 0)] * broken + [(0, 1)] * fixed + [(0, 0)] * neither


@pytest.mark.parametrize(
    ("counts", "verdict"),
    [
        ((60, 30, 10), "regressed"),
        ((60, 10, 30), "improved"),
        ((300, 2, 2), "passed"),
        ((60, 10, 10), "inconclusive"),
        ((400, 0, 0), "passed"),
        ((0, 0, 0, 400), "passed"),
    ],
)
def test_each_verdict_on_its_evidence(counts, verdict):
    assert decide(evidence(pairs(*counts)), policy()).verdict == verdict


def test_few_pairs_that_differ_need_the_exact_test_as_well():
    """Four losses of four: the mean alone is sure (z −1.66), the exact test is not (p 1/16)."""
    few = decide(evidence(pairs(76, 4, 0)), policy())
    estimate = few.comparisons[0].interval
    assert estimate is not None
    assert estimate[1] < 0
    assert few.verdict == "inconclusive"
    assert decide(evidence(pairs(75, 5, 0)), policy()).verdict == "regressed"
    assert decide(evidence(pairs(76, 0, 4)), policy()).verdict == "passed"
    assert decide(evidence(pairs(75, 0, 5)), policy()).verdict == "improved"


def test_tied_data_do_not_pass_below_59_pairs():
    assert decide(evidence(pairs(58, 0, 0)), policy()).verdict == "inconclusive"
    assert "too few" in decide(evidence(pairs(58, 0, 0)), policy()).reasons[0]
    assert decide(evidence(pairs(59, 0, 0)), policy()).verdict == "passed"


def test_the_same_requests_pass_however_few_there_are():
    decision = decide(evidence(pairs(3, 0, 0), identical=True), policy())
    assert decision.verdict == "passed"
    assert "nothing can differ" in decision.reasons[0]


def test_more_than_two_percent_lost_is_invalid():
    assert decide(evidence(pairs(98, 0, 0), lost=2), policy()).verdict == "inconclusive"
    decision = decide(evidence(pairs(97, 0, 0), lost=3), policy())
    assert decision.verdict == "invalid"
    assert "3 of 100 pairs are missing (calls lost: 0 baseline, 3 candidate)" in decision.reasons[0]


def test_a_lost_pair_speaks_against_the_verdict_that_is_tried():
    whole = decide(evidence(pairs(64, 0, 0)), policy())
    assert whole.verdict == "passed"
    assert decide(evidence(pairs(64, 0, 0), lost=1), policy()).verdict == "inconclusive"


def test_nothing_scored_is_invalid():
    assert decide(evidence([], lost=5), policy()).verdict == "invalid"


def test_one_metric_that_fell_is_enough_and_all_must_pass():
    tone = Metric("tone", "gate", 1.0)
    ledger = Ledger(200, 1, ["exact", "tone"])
    evidence(pairs(200, 0, 0), ledger=ledger)
    good = evidence(pairs(200, 0, 0), ledger=ledger, name="tone")
    assert decide(good, policy(EXACT, tone)).verdict == "passed"
    bad = evidence(pairs(150, 40, 10), ledger=ledger, name="tone")
    decision = decide(bad, policy(EXACT, tone))
    assert decision.verdict == "regressed"
    assert decision.reasons[0].startswith("tone fell by 15.0 points")
    assert "exact" not in decision.reasons[0]


def test_a_metric_that_observes_never_decides():
    seen = Metric("tone", "observe", 1.0)
    ledger = Ledger(200, 1, ["exact", "tone"])
    evidence(pairs(200, 0, 0), ledger=ledger)
    decision = decide(evidence(pairs(0, 200, 0), ledger=ledger, name="tone"), policy(EXACT, seen))
    assert decision.verdict == "passed"
    assert [each.verdict for each in decision.comparisons] == ["passed", "regressed"]


def test_a_broken_critical_case_regresses_whatever_the_average():
    decision = decide(evidence(pairs(400, 0, 0), broken_critical=["c-7"]), policy())
    assert decision.verdict == "regressed"
    assert decision.reasons == ["critical case c-7 broke"]


def test_a_first_version_is_described_and_not_judged():
    ledger = Ledger(2, 1, ["exact"])
    assert describe_first(ledger, policy()).verdict == "invalid"
    ledger.score("candidate", "exact", 0, 0, 1)
    described = describe_first(ledger, policy())
    assert described.verdict == "inconclusive"
    assert described.comparisons[0].candidate == 1
    assert described.comparisons[0].delta is None


@pytest.mark.parametrize(
    ("verdict", "inconclusive", "code"),
    [
        ("improved", "fail", 0),
        ("passed", "fail", 0),
        ("regressed", "warn", 1),
        ("inconclusive", "warn", 0),
        ("inconclusive", "fail", 3),
        ("invalid", "warn", 3),
    ],
)
def test_what_the_gate_makes_of_a_verdict(verdict, inconclusive, code):
    assert exit_code(verdict, policy(inconclusive=inconclusive)) == code


scores = st.sampled_from([0, 0.25, 0.5, 1])


@given(st.lists(st.tuples(scores, scores), min_size=1, max_size=120))
def test_swapping_the_arms_mirrors_the_verdict(data):
    here = decide(evidence(data), policy())
    there = decide(evidence([(new, old) for old, new in data]), policy())
    assert here.comparisons[0].delta == pytest.approx(-(there.comparisons[0].delta or 0), abs=1e-12)
    if here.verdict == "improved":
        assert there.verdict == "regressed"


@given(st.lists(st.tuples(scores, scores), min_size=60, max_size=150), st.data())
def test_a_lost_sample_never_turns_a_non_pass_into_a_pass(data, draw):
    whole = decide(evidence(data), policy()).verdict
    size = len(data)
    ledger = Ledger(size, 1, ["exact"])
    gone = draw.draw(st.integers(0, size - 1))
    for case, (old, new) in enumerate(data):
        ledger.score("baseline", "exact", case, 0, old)
        if case == gone:
            ledger.lost("candidate", case, 0)
        else:
            ledger.score("candidate", "exact", case, 0, new)
    after = decide(Evidence(ledger, range(size)), policy()).verdict
    if whole not in {"passed", "improved"}:
        assert after not in {"passed", "improved"}


def test_false_alarms_stay_near_their_level_when_nothing_changed():
    chance = random.Random(11)
    alarms = 0
    for _ in range(400):
        data = []
        for _ in range(100):
            p = chance.betavariate(0.8, 0.2)
            data.append((int(chance.random() < p), int(chance.random() < p)))
        alarms += decide(evidence(data), policy()).verdict == "regressed"
    assert alarms <= 34  # 20 expected at most; 34 is 3.2 standard errors above
