"""Increases held to limits: the verdict of each, and what they make of the verdict on scores."""

from __future__ import annotations

import random
from array import array
from typing import Any

import pytest

from promptops.comparison.decision import Decision
from promptops.comparison.economy import (
    FEWEST_PAIRS,
    Question,
    Used,
    compare,
    percent,
    reason,
    signed_percent,
    with_economy,
)
from promptops.comparison.policy import Metric, Policy
from promptops.values.report import EconomyReport, Verdict

POLICY = Policy((Metric("exact", "gate", 1.0),), margin=0.05, alpha=0.05, inconclusive="warn")


def question(cases: int = 20, **changes: Any) -> Question:
    return Question(POLICY, cases, **changes)


def used(times: float, cases: int = 20, samples: int = 5, noise: float = 0.2) -> Used:
    chance = random.Random(f"{times}/{cases}/{noise}")
    found = Used()
    for at in range(cases * samples):
        size = 100 * (1 + at % cases)
        found.baselines.append(size * chance.lognormvariate(0, noise))
        found.candidates.append(times * size * chance.lognormvariate(0, noise))
        found.cases.append(at % cases)
    return found


def ends(found: EconomyReport) -> tuple[float, float]:
    assert found.interval is not None
    return found.interval


@pytest.mark.parametrize(
    ("times", "limit", "verdict"),
    [
        (1.0, 0.25, "passed"),
        (0.5, 0.25, "passed"),
        (1.41, 0.25, "regressed"),
        (1.25, 0.25, "inconclusive"),
        (1.41, 0.60, "passed"),
        (9.0, 2.0, "regressed"),
        (1.41, None, None),
    ],
)
def test_an_increase_is_held_to_its_limit(times, limit, verdict):
    found = compare("cost", used(times), question(), limit)
    assert (found.name, found.unit, found.limit) == ("cost", "usd", limit)
    assert (found.pairs, found.missing) == (100, 0)
    assert found.verdict == verdict
    increase, candidate, baseline = found.increase, found.candidate, found.baseline
    assert increase is not None and candidate is not None and baseline is not None  # noqa: PT018
    low, high = ends(found)
    assert low < increase < high
    assert increase == pytest.approx(candidate / baseline - 1)
    assert 1 + increase == pytest.approx(times, rel=0.06)


def test_a_limit_that_is_just_reached_is_kept():
    """Exactly a quarter more, pair by pair; the interval is a point but for rounding."""
    pairs = used(1.0, noise=0.1)
    pairs.candidates = array("d", (1.25 * each for each in pairs.baselines))
    assert compare("tokens", pairs, question(), 0.25).verdict == "passed"
    assert compare("tokens", pairs, question(), 0.2499).verdict == "regressed"


@pytest.mark.parametrize(
    ("missing", "verdict"), [(0, "passed"), (2, "passed"), (3, "invalid"), (100, "invalid")]
)
def test_more_than_the_allowed_share_of_unknown_sides_is_no_verdict(missing, verdict):
    pairs = used(1.0)
    pairs.missing = missing
    assert compare("cost", pairs, question(), 0.25).verdict == verdict


def test_where_nothing_is_known_nothing_is_told():
    found = compare("cost", Used(missing=7), question(), 0.25)
    assert found == EconomyReport(
        "cost", "usd", None, None, None, missing=7, limit=0.25, verdict="invalid"
    )
    assert compare("cost", Used(), question(), None).verdict is None


def test_few_pairs_are_never_sure_however_alike_they_are():
    few = Used(array("d", [100.0] * 9), array("d", [200.0] * 9), array("q", range(9)))
    assert len(few.cases) == FEWEST_PAIRS - 1
    found = compare("tokens", few, question(9), 0.25)
    assert (found.increase, found.verdict) == (1.0, "inconclusive")
    assert reason(found) == (
        "tokens: 9 pairs are too few to hold it to the 25% that the gate allows"
    )


def test_the_same_requests_cannot_cost_more():
    pairs = Used(array("d", [0.5]), array("d", [0.5]), array("q", [0]))
    found = compare("cost", pairs, question(1, identical=True), 0.25)
    assert (found.increase, found.interval, found.verdict) == (0.0, (0.0, 0.0), "passed")
    assert compare("cost", pairs, question(1), 0.25).verdict == "inconclusive"


def test_what_is_free_before_and_after_has_not_risen_and_what_was_free_has():
    free = Used(array("d", [0.0] * 12), array("d", [0.0] * 12), array("q", range(12)))
    found = compare("cost", free, question(12), 0.25)
    assert (found.increase, found.interval, found.verdict) == (0.0, (0.0, 0.0), "passed")
    free.candidates[3] = 0.01
    found = compare("cost", free, question(12), 0.25)
    assert (found.increase, found.interval, found.verdict) == (None, None, "regressed")
    assert reason(found) == "cost rose from nothing, and the gate has a limit for it"
    assert compare("cost", free, question(12), None).increase is None


def test_about_other_cases_what_differs_between_cases_counts_too():
    """Half of the cases double, half stay: sure on these cases, not over others."""
    pairs = used(1.0, noise=0.01)
    for at, case in enumerate(pairs.cases):
        pairs.candidates[at] *= 1 + case % 2
    here = compare("tokens", pairs, question(), 0.3)
    assert here.verdict == "regressed"
    others = Policy(POLICY.metrics, 0.05, 0.05, "warn", "population")
    over = compare("tokens", pairs, Question(others, 20), 0.3)
    assert over.increase == here.increase
    assert ends(over)[0] < ends(here)[0] - 0.05
    grouped = compare("tokens", pairs, Question(others, 20, [case // 10 for case in range(20)]), 5)
    assert grouped.interval != over.interval


def test_a_case_that_was_lost_whole_leaves_a_large_dataset_whole():
    pairs = used(1.2, cases=100)
    for at in reversed(range(len(pairs.cases))):
        if pairs.cases[at] == 7:
            for column in (pairs.baselines, pairs.candidates, pairs.cases):
                del column[at]
            pairs.missing += 1
    whole = compare("cost", used(1.2, cases=100), question(100), None)
    found = compare("cost", pairs, question(100), None)
    width = [ends(each)[1] - ends(each)[0] for each in (whole, found)]
    assert width[1] == pytest.approx(width[0], rel=0.1)


# -- what it makes of the verdict on scores


def held(verdict: Verdict | None, name: Any = "cost", increase: float = 0.41) -> EconomyReport:
    return EconomyReport(
        name=name,
        unit="usd",
        baseline=0.001,
        candidate=0.001 * (1 + increase),
        increase=increase,
        interval=(increase - 0.05, increase + 0.06),
        pairs=120,
        limit=None if verdict is None else 0.25,
        verdict=verdict,
    )


ROSE = "cost rose by 41% (+36% to +47%), more than the 25% that the gate allows"
WITHIN = "tokens surely rose by no more than the 25% that the gate allows"
OPEN = "cost is undecided: +22% (+17% to +28%), where the gate allows 25%"
LOST = "cost is not known of 9 of 120 pairs: too many for a verdict"


def invalid() -> EconomyReport:
    return EconomyReport("cost", "usd", 1.0, 1.0, 0.0, (0, 0), 111, 9, 0.25, "invalid")


@pytest.mark.parametrize(
    ("before", "found", "after", "reasons"),
    [
        ("passed", [held("regressed")], "regressed", [ROSE, "scores"]),
        ("improved", [held("regressed")], "regressed", [ROSE, "scores"]),
        ("inconclusive", [held("regressed")], "regressed", [ROSE, "scores"]),
        ("invalid", [held("regressed")], "regressed", [ROSE, "scores"]),
        ("regressed", [held("regressed")], "regressed", ["scores", ROSE]),
        ("passed", [held("inconclusive", increase=0.22)], "inconclusive", [OPEN, "scores"]),
        ("improved", [held("inconclusive", increase=0.22)], "inconclusive", [OPEN, "scores"]),
        ("inconclusive", [held("inconclusive", increase=0.22)], "inconclusive", ["scores", OPEN]),
        ("regressed", [held("inconclusive", increase=0.22)], "regressed", ["scores"]),
        ("passed", [invalid()], "invalid", [LOST, "scores"]),
        ("inconclusive", [invalid()], "invalid", [LOST, "scores"]),
        ("regressed", [invalid()], "regressed", ["scores"]),
        ("passed", [held("passed", "tokens")], "passed", ["scores", WITHIN]),
        ("improved", [held("passed", "tokens")], "improved", ["scores", WITHIN]),
        ("invalid", [held("passed", "tokens")], "invalid", ["scores"]),
        ("passed", [held(None)], "passed", ["scores"]),
        ("passed", [held("passed", "tokens"), held("regressed")], "regressed", [ROSE, "scores"]),
    ],
)
def test_what_the_gate_says_of_the_economy_is_joined_to_the_verdict(before, found, after, reasons):
    decision = Decision(before, ["scores"], settled=True)
    joined = with_economy(decision, found)
    assert (joined.verdict, joined.reasons, joined.settled) == (after, reasons, True)


@pytest.mark.parametrize(
    ("share", "apart", "told"),
    [
        (0.41, None, "+41%"),
        (-0.034, None, "−3%"),
        (0.0004, None, "0%"),
        (0.2531, 0.25, "+25.3%"),
        (0.25004, 0.25, "+25.004%"),
        (0.25, 0.25, "+25%"),
        (-0.2531, 0.25, "−25%"),
        (12.5, None, "+1250%"),
    ],
)
def test_an_end_is_never_told_as_the_limit_that_it_is_not(share, apart, told):
    assert signed_percent(share, apart) == told
    assert percent(abs(share), apart if share > 0 else None) == told.lstrip("+−")


def test_what_is_open_is_not_said_to_rise_by_nothing():
    open_ = EconomyReport(
        "latency", "seconds", 1.0, 1.0, 0.0, (-0.08, 0.08), 40, 0, 0.05, "inconclusive"
    )
    assert reason(open_) == "latency is undecided: 0% (−8% to +8%), where the gate allows 5%"


def test_what_does_not_vary_has_no_interval():
    sure = EconomyReport("cost", "usd", 1.0, 1.64, 0.64, (0.64, 0.64), 40, 0, 0.25, "regressed")
    assert reason(sure) == "cost rose by 64%, more than the 25% that the gate allows"
