"""Numbers that would be wrong, and unseen, were a part of their making left out."""

import math
from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest

from promptops.comparison.by_labels import with_labels
from promptops.comparison.decision import ByLabels, Decision, MetricComparison
from promptops.comparison.ledger import Ledger
from promptops.comparison.policy import Metric, Policy
from promptops.statistics.bootstrap import bca_interval
from promptops.statistics.slope import slope_beside
from promptops.trust.gating import Evidence, decide
from promptops.trust.judged import Judged, said_by_people
from promptops.trust.people import people_report
from promptops.trust.reporting import Found, Named, trust_report
from promptops.trust.tuning import Candidate, Labelled, gained
from promptops.values.label import Label
from promptops.values.trust import CanaryReport, Measure
from tests.known import known

NAMED = Named("judges/right", 1, "d", "s", "openai/judge", "write", "right")


def labels(values, *, clusters=None):
    """Each value is what Ana and Bo say of one answer."""
    cases = clusters or [f"c{at}" for at in range(len(values))]
    return [
        Label("right", case, f"o{at}", float(value), name, "2026")
        for at, (case, both) in enumerate(zip(cases, values, strict=True))
        for name, value in zip(("Ana", "Bo"), both, strict=True)
    ]


def test_reviewers_agreement_on_answers_to_one_case_goes_together():
    values = [(at // 8 % 2, at // 8 % 2) if at // 8 % 5 else (0, 1) for at in range(80)]
    together = labels(values, clusters=[f"c{at // 8}" for at in range(80)])
    widths = []
    for each in (labels(values), together):
        found = known(people_report(each, said_by_people(each)).alpha)
        low, high = known(found.interval)
        widths.append(high - low)
    assert widths[1] > 1.5 * widths[0]


def judged(count):
    return [Judged(f"c{at}", f"c{at}", float(at % 2), float(at % 2), "x") for at in range(count)]


def report(said, **more):
    found = Found(said, said_by_people(said), judged=judged(120), **more)
    return trust_report(NAMED, found, created="2026")


def test_the_bar_hears_of_reviewers_who_disagree():
    assert report(labels([(at % 2, at % 2) for at in range(60)])).standing == "may gate"
    told = report(labels([(at % 2, at // 2 % 2) for at in range(60)]))
    assert told.standing == "not known yet"
    assert told.reasons[0].startswith("people do not agree with each other: alpha is at most ")


def test_the_bar_hears_of_silence():
    told = report([], unscored=30)
    assert (told.standing, told.reasons) == (
        "observes",
        ["it says nothing of 30 of 150 labelled answers"],
    )


def test_agreement_on_undisputed_answers_says_that_it_is_no_more():
    told = report(labels([(1, 1)] * 30 + [(0, 0)] * 30 + [(1, 0)] * 3))
    assert told.standing == "may gate"
    assert told.reasons[1] == "3 answers on which as many people say yes as no count for nothing"
    assert len(report(labels([(1, 1)] * 30 + [(0, 0)] * 30)).reasons) == 1


@pytest.mark.parametrize(("high", "told"), [(-0.195, "−0.195"), (-0.0001, "0.000")])
def test_a_coefficient_below_nothing_has_a_minus(high, told):
    alpha = Measure("alpha", -0.4, (-0.6, high))
    canaries = [CanaryReport("empty", "", 0.0)]
    (reason,) = decide(Evidence(60, 0, alpha, canaries=canaries)).reasons
    assert f"alpha is at most {told}, " in reason


def test_the_bootstrap_is_moved_by_bias_and_by_skew():
    """Against the ends of Efron's formula, with bias and acceleration worked out by themselves."""
    values = np.random.default_rng(4).exponential(size=40)

    def spread(rows):
        return float(values[rows].var())

    seed, drawn_again = 7, 4000
    chance = np.random.default_rng(seed)
    drawn = np.sort([spread(chance.integers(40, size=40)) for _ in range(drawn_again)])
    left = np.array([np.delete(values, at).var() for at in range(40)])
    apart = left.mean() - left
    acceleration = float((apart**3).sum() / (6 * (apart**2).sum() ** 1.5))
    normal = NormalDist()
    bias = normal.inv_cdf(float((drawn < values.var()).mean()))
    assert acceleration > 0.05
    assert bias > 0.05
    ends = []
    for tail in (0.025, 0.975):
        z = bias + normal.inv_cdf(tail)
        level = normal.cdf(bias + z / (1 - acceleration * z))
        ends.append(float(np.quantile(drawn, level)))
    found = bca_interval(spread, range(40), seed=seed, resamples=drawn_again)
    assert found == pytest.approx(ends, rel=1e-6)


def test_length_that_goes_with_quality_is_no_bias():
    """Good answers are longer, and the judge is always right."""
    chance = np.random.default_rng(5)
    truth = (chance.random(200) < 0.5).astype(float)
    extra = 2 * truth + chance.normal(size=200)
    found = known(slope_beside(truth.tolist(), truth.tolist(), extra.tolist(), range(200)))
    assert found.value == pytest.approx(0, abs=1e-9)
    assert math.isclose(found.low, 0, abs_tol=1e-9)


@pytest.mark.parametrize(("high", "small"), [(-0.01, True), (0.01, False)])
def test_a_pass_by_labels_says_whether_it_is_a_small_drop(high, small):
    metric = Metric("right", "gate", 1.0)
    policy = Policy((metric,), 0.05, 0.05, "warn")
    judge = MetricComparison(
        metric=metric,
        baseline=0.9,
        candidate=0.9,
        delta=0.0,
        interval=(-0.2, 0.2),
        population_interval=None,
        pairs=60,
        missing=0,
        verdict="inconclusive",
    )
    by = ByLabels(-0.02, (-0.04, high), 60, "passed", material=False)
    for before in (judge, replace(judge, small_drop=not small)):
        decision = with_labels(
            Decision("inconclusive", [], [before]),
            {"right": by},
            {},
            ledger=Ledger(60, 1, ["right"]),
            policy=policy,
        )
        assert decision.comparisons[0].small_drop is small


def test_a_gain_that_may_just_be_a_loss_is_not_known():
    """Its lower end is a little below 0."""
    answers = [Labelled(("c", str(at)), f"c{at}", float(at % 2)) for at in range(60)]

    def judge(name, wrong):
        said = {each.key: abs(each.people - (at in wrong)) for at, each in enumerate(answers)}
        return Candidate(name, "", name, said=dict(said))

    current, picked = judge("now", {1, 8, 15, 22}), judge("other", {8, 33})
    found = gained(current, picked, answers, "nominal")
    low, high = known(found.gain.interval)
    assert -0.1 < low < 0 < high
    assert found.outcome == "not known"
