"""People's labels over a judge's word, and judges whose scores mean nothing."""

from dataclasses import replace

import pytest

from promptops.comparison.by_labels import open_by_labels, with_labels, without_verdict
from promptops.comparison.decision import ByLabels, Decision, MetricComparison
from promptops.comparison.ledger import Ledger
from promptops.comparison.policy import NO_PASS, Metric, Policy
from promptops.comparison.reasons import undecided
from promptops.comparison.verdicts import describe_first, of_suite

FAIR, EXACT = Metric("fair", "gate", 1.0), Metric("exact", "gate", 1.0)
WHY = "observes, and does not gate: nobody measured it"
BACK = Metric("fair", "observe", 1.0, held_back=WHY)
LEDGER = Ledger(4, 1, ["fair", "exact"])


def policy(*metrics):
    return Policy(metrics, margin=0.05, alpha=0.05, inconclusive="warn")


def compared(metric=FAIR, verdict="improved", **more):
    found = MetricComparison(
        metric=metric,
        baseline=0.5,
        candidate=0.6,
        delta=0.1,
        interval=(0.05, 0.15),
        population_interval=None,
        pairs=200,
        missing=0,
        verdict=verdict,
        units=200,
    )
    return replace(found, **more)


def by(verdict, interval, **more):
    return ByLabels(sum(interval) / 2, interval, 80, verdict, **more)


def put(found, labels=None, faults=None, **more):
    held_to = policy(*(each.metric for each in found))
    before = of_suite(found, LEDGER, held_to, identical=False)
    before = replace(before, comparisons=list(found))
    return with_labels(before, labels or {}, faults or {}, ledger=LEDGER, policy=held_to, **more)


def test_labels_have_the_last_word():
    worse = by("regressed", (-0.2, -0.06), material=True)
    decision = put([compared()], {"fair": worse})
    assert (decision.verdict, decision.settled) == ("regressed", True)
    (told,) = decision.reasons
    fell = "fair, by people's labels of 80 pairs, fell by 13.0 points (6.0 to 20.0)"
    assert told == f"{fell}: more than the margin of 5 points"
    (metric,) = decision.comparisons
    assert (metric.verdict, metric.material, metric.delta) == ("regressed", True, 0.1)


def test_what_labels_leave_open_is_open_and_more_samples_do_not_close_it():
    decision = put([compared()], {"fair": by("inconclusive", (-0.1, 0.1))})
    assert (decision.verdict, decision.settled) == ("inconclusive", False)
    (told,) = decision.reasons
    lies = "fair, by people's labels of 80 pairs, lies between −10.0 and +10.0 points"
    assert told == f"{lies}: more labels of this kind would settle it"
    assert open_by_labels(decision.comparisons)
    assert not open_by_labels([compared()])
    seen = compared(BACK, "inconclusive", by_labels=by("inconclusive", (-0.1, 0.1)))
    assert not open_by_labels([seen])


def test_one_metric_by_labels_leaves_another_as_it_is():
    fell = compared(EXACT, "regressed", delta=-0.1, interval=(-0.2, -0.02))
    decision = put([compared(), fell], {"fair": by("passed", (-0.04, -0.01))})
    assert decision.verdict == "regressed"
    fair, exact = decision.comparisons
    assert (fair.verdict, fair.small_drop, exact.verdict) == ("passed", True, "regressed")


@pytest.mark.parametrize("labels", [None, {"fair": by("passed", (-0.04, 0.1))}])
def test_a_fault_goes_before_labels(labels):
    decision = put([compared()], labels, {"fair": "its judge lets a canary pass"})
    assert decision.verdict == "invalid"
    assert decision.reasons == ["fair: its judge lets a canary pass"]


def test_too_much_missing_stays_invalid_and_nothing_given_changes_nothing():
    lost = compared(verdict="invalid", missing=20)
    assert put([lost], {"fair": by("passed", (-0.04, 0.1))}).verdict == "invalid"
    before = Decision("improved", ["so"], [compared()], settled=True)
    same = with_labels(before, {}, {}, ledger=LEDGER, policy=policy(FAIR))
    assert same is before


def test_where_nothing_gates_nothing_passes_and_why_is_said():
    decision = put([compared(BACK)])
    assert (decision.verdict, decision.settled) == ("inconclusive", False)
    assert decision.reasons == [f"fair {WHY}"]
    shown = put([compared(BACK)], {"fair": by("regressed", (-0.2, -0.06))})
    assert (shown.verdict, shown.reasons) == ("inconclusive", [f"fair {WHY}"])
    blind = put([compared(BACK, "invalid", missing=100)])
    assert blind.verdict == "invalid"
    seen = Metric("seen", "observe", 1.0)
    alike = of_suite([compared(BACK)], LEDGER, policy(BACK, seen), identical=True)
    assert alike.verdict == "passed"


def test_a_described_version_has_no_verdict_where_its_judge_means_nothing():
    ledger = Ledger(1, 1, ["fair", "exact"])
    for metric in ("fair", "exact"):
        ledger.score("candidate", metric, 0, 0, 1.0)
    described = describe_first(ledger, policy(BACK, EXACT))
    assert described.verdict == "inconclusive"
    assert without_verdict(described, {}) is described
    assert without_verdict(described, {"fair": "no"}).reasons == ["fair: no"]
    assert without_verdict(described, {"else": "no"}).verdict == "inconclusive"


def test_the_margin_of_a_judge_is_told_where_it_is_not_the_suites():
    open_ = compared(replace(FAIR, margin=0.0391), "inconclusive", interval=(-0.06, 0.02))
    held_to = policy(open_.metric)
    assert undecided(open_, held_to).endswith(
        "neither a sure drop nor surely above −3.91, where its judge sees a drop of 5 points"
    )
    none = compared(replace(FAIR, margin=NO_PASS), "inconclusive")
    assert "too little is known of its judge to pass anything" in undecided(none, held_to)
    assert policy(open_.metric, EXACT).tightest == 0.0391
    assert policy(BACK).telling == (BACK,)
    assert policy(BACK, EXACT).telling == (EXACT,)
