import random
from dataclasses import replace

import pytest

from promptops.comparison.comparison import Comparison, Look
from promptops.comparison.critical import Critical
from promptops.comparison.ledger import ARMS, Ledger
from promptops.comparison.policy import Metric, Policy
from promptops.comparison.verdicts import describe_first, exit_code, with_critical
from promptops.statistics.population import population_interval

EXACT, TONE = Metric("exact", "gate", 1.0), Metric("tone", "gate", 1.0)
ONE_LOOK = Look(last=True, fixed=True)


def policy(*metrics, **more):
    held = Policy(metrics or (EXACT,), margin=0.05, alpha=0.05, inconclusive="warn")
    return replace(held, **more)


def counted(both=0, broken=0, fixed=0, neither=0):
    return [(1, 1)] * both + [(1, 0)] * broken + [(0, 1)] * fixed + [(0, 0)] * neither


def entered(columns):
    """One case a pair; `columns` has the (baseline, candidate) scores by metric, None for lost."""
    size = len(next(iter(columns.values())))
    ledger = Ledger(size, 1, list(columns))
    for name, scores in columns.items():
        for case, sides in enumerate(scores):
            for arm, score in zip(ARMS, sides, strict=True):
                if score is None:
                    ledger.unscorable(arm, name, case, 0)
                else:
                    ledger.score(arm, name, case, 0, score)
    return ledger


def compared(held=None, *, groups=None, shares=(1.0,), identical=False, **columns):
    """A comparison that has looked once at everything, and its decision."""
    ledger = entered(columns)
    comparison = Comparison(
        held or policy(), groups or range(ledger.cases), shares, identical=identical
    )
    return comparison, comparison.look(ledger, everything(ledger), ONE_LOOK)


def everything(ledger):
    return [(case, 0) for case in range(ledger.cases)]


def decided(held=None, **more):
    return compared(held, **more)[1]


@pytest.mark.parametrize(
    ("scores", "verdict"),
    [
        (counted(60, 30, 10), "regressed"),
        (counted(60, 10, 30), "improved"),
        (counted(300, 2, 2), "passed"),
        (counted(60, 10, 10), "inconclusive"),
        (counted(400), "passed"),
        (counted(neither=400), "passed"),
    ],
)
def test_each_verdict_on_its_evidence(scores, verdict):
    decision = decided(exact=scores)
    assert decision.verdict == verdict
    assert decision.settled is (verdict != "inconclusive")
    assert decision.reasons


def test_few_pairs_that_differ_need_the_exact_test_as_well():
    """Four losses of four: the mean alone is sure, the exact test is not (p 1/16)."""
    few = decided(exact=counted(76, 4))
    assert few.verdict == "inconclusive"
    assert few.comparisons[0].interval[1] < 0
    assert decided(exact=counted(75, 5)).verdict == "regressed"
    assert decided(exact=counted(76, 0, 4)).verdict == "passed"
    assert decided(exact=counted(75, 0, 5)).verdict == "improved"


def test_tied_data_do_not_pass_below_59_pairs():
    few = decided(exact=counted(58))
    assert few.verdict == "inconclusive"
    assert "too few" in few.reasons[0]
    assert "59" in few.reasons[0]
    assert decided(exact=counted(59)).verdict == "passed"


def test_a_drop_beyond_the_margin_is_material_and_one_within_it_may_pass():
    fallen = decided(exact=counted(100, 60, 5)).comparisons[0]
    assert fallen.material
    slight = decided(exact=counted(90, 18, 6))
    assert slight.verdict == "regressed"
    assert not slight.comparisons[0].material
    small = decided(exact=counted(4000, 60, 10))
    assert small.verdict == "passed"
    assert small.comparisons[0].small_drop
    assert "surely fell" in small.reasons[0]


def test_the_same_requests_pass_however_few_there_are():
    decision = decided(exact=counted(3), identical=True)
    assert decision.verdict == "passed"
    assert decision.settled
    assert "nothing can differ" in decision.reasons[0]


def test_more_than_two_percent_missing_never_settles_and_is_invalid_at_the_last_look():
    gone = [(1, None)]
    assert decided(exact=counted(200) + gone * 4).verdict == "passed"
    for scores in (counted(200), counted(60, 100), counted(60, 0, 100)):
        ledger = entered({"exact": scores + gone * 6})
        for last, verdict in ((False, "inconclusive"), (True, "invalid")):
            comparison = Comparison(policy(), range(ledger.cases), (0.5, 1.0))
            decision = comparison.look(ledger, everything(ledger), Look(last=last))
            assert (decision.verdict, decision.settled) == (verdict, False)


def test_too_much_missing_is_told_by_arm():
    ledger = Ledger(100, 1, ["exact"])
    for case in range(100):
        ledger.score("baseline", "exact", case, 0, 1)
        if case < 97:
            ledger.score("candidate", "exact", case, 0, 1)
        else:
            ledger.lost("candidate", case, 0)
    comparison = Comparison(policy(), range(100), (1.0,))
    decision = comparison.look(ledger, everything(ledger), ONE_LOOK)
    told = "3 of 100 pairs are missing (calls lost: 0 baseline, 3 candidate)"
    assert told in decision.reasons[0]


def test_what_no_scorer_could_say_is_no_lost_call():
    ledger = Ledger(100, 1, ["exact"])
    for case in range(100):
        ledger.score("candidate", "exact", case, 0, 1)
        if case < 97:
            ledger.score("baseline", "exact", case, 0, 1)
        else:
            ledger.unscorable("baseline", "exact", case, 0)
    comparison = Comparison(policy(), range(100), (1.0,))
    decision = comparison.look(ledger, everything(ledger), ONE_LOOK)
    told = "3 of 100 pairs are missing (answers not scored: 3 baseline, 0 candidate)"
    assert decision.reasons == [f"exact: {told}"]


def test_nothing_scored_is_invalid():
    decision = decided(exact=[(1, None)] * 5)
    assert decision.verdict == "invalid"
    assert decision.comparisons[0].delta is None


def test_what_was_lost_before_any_score_does_not_break_what_comes():
    ledger = entered({"exact": [(1, None)] * 3 + counted(20, 200), "tone": counted(203, 20)})
    comparison = Comparison(policy(EXACT, TONE), range(223), (0.1, 1.0))
    visits = everything(ledger)
    assert comparison.look(ledger, visits[:3], Look()).verdict == "inconclusive"
    decision = comparison.look(ledger, visits[3:], ONE_LOOK)
    assert decision.verdict == "regressed"
    p_value = comparison.detailed(decision).comparisons[0].p_value
    assert p_value is not None
    assert p_value <= 0.05


def test_one_metric_that_fell_is_enough_and_all_must_pass():
    held = policy(EXACT, TONE)
    assert decided(held, exact=counted(200), tone=counted(200)).verdict == "passed"
    decision = decided(held, exact=counted(200), tone=counted(150, 40, 10))
    assert decision.verdict == "regressed"
    assert decision.reasons[0].startswith("tone fell by 15.0 points")
    assert "exact" not in decision.reasons[0]
    assert decided(held, exact=counted(80), tone=counted(60, 10, 10)).verdict == "inconclusive"


def test_metrics_share_the_error_of_a_drop_and_not_that_of_a_pass():
    """Five losses of five have p 1/32 = .031: within .04, and not within .02."""
    assert decided(exact=counted(75, 5)).verdict == "regressed"
    both = decided(policy(EXACT, TONE), exact=counted(75, 5), tone=counted(80))
    assert [each.verdict for each in both.comparisons] == ["inconclusive", "passed"]
    heavy = policy(replace(EXACT, weight=9.0), TONE)
    assert decided(heavy, exact=counted(75, 5), tone=counted(80)).verdict == "regressed"


def test_a_metric_that_observes_never_decides():
    seen = replace(TONE, role="observe")
    decision = decided(policy(EXACT, seen), exact=counted(200), tone=counted(0, 200))
    assert decision.verdict == "passed"
    assert [each.verdict for each in decision.comparisons] == ["passed", "regressed"]


def test_a_second_drop_is_told_by_holms_step_down():
    """Once tone fell at its half of the error, exact has the whole of it: p 1/32 is enough."""
    held = policy(EXACT, TONE)
    comparison, decision = compared(held, exact=counted(75, 5), tone=counted(40, 40))
    assert [each.verdict for each in decision.comparisons] == ["inconclusive", "regressed"]
    exact, tone = comparison.detailed(decision).comparisons
    assert (exact.verdict, tone.verdict) == ("regressed", "regressed")
    assert exact.p_value == pytest.approx(1 / 32 / 0.8, rel=2e-3)
    assert tone.p_value < 1e-4


def test_no_step_down_beyond_alpha_nor_without_a_drop():
    held = policy(EXACT, TONE)
    comparison, decision = compared(held, exact=counted(76, 4), tone=counted(40, 40))
    exact, tone = comparison.detailed(decision).comparisons
    assert (exact.verdict, tone.verdict) == ("inconclusive", "regressed")
    assert 0.05 < exact.p_value <= 1
    comparison, decision = compared(held, exact=counted(75, 5), tone=counted(75, 5))
    assert [each.p_value for each in comparison.detailed(decision).comparisons] == [None, None]
    comparison, decision = compared(policy(), exact=counted(0, 80))
    assert comparison.detailed(decision).comparisons[0].p_value is None


def test_details_change_no_verdict_of_the_suite_and_tell_the_spread():
    comparison, decision = compared(exact=counted(60, 10, 10))
    detailed = comparison.detailed(decision)
    assert (detailed.verdict, detailed.settled) == (decision.verdict, decision.settled)
    (each,) = detailed.comparisons
    assert each.variance.total == pytest.approx(0.25 * 80 / 79)
    low, high = each.population_interval
    assert low <= each.interval[0] <= each.interval[1] <= high


def test_every_look_leaves_its_mark_on_the_path():
    ledger = entered({"exact": counted(60, 20, 20)})
    comparison = Comparison(policy(), range(100), (0.3, 0.6, 1.0))
    visits = everything(ledger)
    random.Random(1).shuffle(visits)
    for start, end in [(0, 30), (30, 60), (60, 100)]:
        decision = comparison.look(ledger, visits[start:end], Look(last=end == 100))
    path = decision.comparisons[0].path
    assert [look.pairs for look in path] == [30, 60, 100]
    assert path[-1].interval == decision.comparisons[0].interval
    assert comparison.looks == 3


def test_bets_alone_decide_at_a_look_that_nobody_planned():
    """Eight losses of eight: enough for the planned look, and a factor of 35 for the bets."""
    ledger = entered({"exact": counted(72, 8)})
    for planned, verdict in ((True, "regressed"), (False, "inconclusive")):
        comparison = Comparison(policy(), range(80), (1.0,))
        decision = comparison.look(ledger, everything(ledger), Look(planned=planned))
        assert decision.verdict == verdict


def test_the_strict_guarantee_rests_on_bets_with_all_of_the_error():
    strict = policy(guarantee="strict")
    assert decided(strict, exact=counted(72, 8)).verdict == "regressed"
    assert decided(strict, exact=counted(73, 7)).verdict == "inconclusive"
    assert decided(exact=counted(73, 7)).verdict == "regressed"
    assert decided(strict, exact=counted(72)).verdict == "inconclusive"
    assert decided(exact=counted(72)).verdict == "passed"
    assert decided(strict, exact=counted(103)).verdict == "inconclusive"
    assert decided(strict, exact=counted(104)).verdict == "passed"


def over_cases(scores, groups=None, **more):
    return compared(policy(estimand="population", **more), groups=groups, exact=scores)[1]


def test_a_verdict_about_the_population_has_one_look():
    held = policy(estimand="population")
    ledger = entered({"exact": counted(100, 80)})
    comparison = Comparison(held, range(180), (0.5, 1.0))
    visits = everything(ledger)
    first = comparison.look(ledger, visits[:170], Look())
    assert (first.verdict, first.settled) == ("inconclusive", False)
    assert comparison.look(ledger, visits[170:], ONE_LOOK).verdict == "regressed"


def test_over_the_population_the_interval_decides():
    for scores, verdict in [
        (counted(60, 30, 10), "regressed"),
        (counted(60, 10, 30), "improved"),
        (counted(400, 2, 2), "passed"),
        (counted(60, 10, 10), "inconclusive"),
    ]:
        decision = over_cases(scores)
        assert decision.verdict == verdict
        (each,) = decision.comparisons
        d = [new - old for old, new in scores]
        assert each.population_interval == population_interval(d, range(len(d)), 0.05)
        assert each.units == len(scores)


def test_cases_of_one_group_are_one_unit():
    """Ten groups that fell or held as a whole are ten cases and not a hundred."""
    scores = [pair for pair in [(1, 0), (1, 1), (1, 1)] + [(1, 1)] * 7 for _ in range(10)]
    groups = [case // 10 for case in range(100)]
    assert over_cases(scores).verdict == "regressed"
    grouped = over_cases(scores, groups)
    assert grouped.verdict == "inconclusive"
    assert grouped.comparisons[0].units == 10
    tied = over_cases(counted(590), [case // 10 for case in range(590)])
    assert (tied.verdict, tied.comparisons[0].units) == ("passed", 59)
    assert over_cases(counted(580), [case // 10 for case in range(580)]).verdict == "inconclusive"


def test_one_group_says_nothing_about_others():
    decision = over_cases(counted(0, 100), [0] * 100)
    assert decision.verdict == "inconclusive"


def test_holm_over_the_population_rests_on_the_population():
    """Exact fell in each of 30 samples of two cases: sure of these, and of no others.

    Tone fell everywhere.  What is p-valued must be what is decided.
    """
    held = policy(EXACT, TONE, estimand="population")
    groups = [case // 30 for case in range(600)]
    exact = counted(0, 60) + counted(540)
    comparison, decision = compared(held, groups=groups, exact=exact, tone=counted(0, 600))
    assert [each.verdict for each in decision.comparisons] == ["inconclusive", "regressed"]
    first, second = comparison.detailed(decision).comparisons
    assert (first.verdict, second.verdict) == ("inconclusive", "regressed")
    assert first.p_value is None or first.p_value > 0.05


def test_a_fall_over_the_population_is_told_with_its_interval():
    decision = over_cases(counted(60, 30, 10))
    low, high = decision.comparisons[0].population_interval
    assert f"({-100 * high:.1f} to {-100 * low:.1f})" in decision.reasons[0]


def test_a_broken_critical_case_regresses_whatever_the_average():
    passed = decided(exact=counted(400))
    assert with_critical(passed, Critical()) == passed
    decision = with_critical(passed, Critical(["c-7"]))
    assert (decision.verdict, decision.settled) == ("regressed", True)
    assert decision.reasons == ["critical case c-7 broke"]
    fallen = with_critical(decided(exact=counted(60, 30, 10)), Critical(["c-7"]))
    assert len(fallen.reasons) == 2
    lost = decided(exact=[(1, None)] * 5)
    assert with_critical(lost, Critical(["c-7"])) == lost


def test_a_critical_case_that_may_have_broken_lets_nothing_pass():
    unsure = Critical(unsure=["c-7"])
    held = with_critical(decided(exact=counted(400)), unsure)
    assert (held.verdict, len(held.reasons)) == ("invalid", 1)
    assert "c-7" in held.reasons[0]
    fallen = decided(exact=counted(60, 30, 10))
    assert with_critical(fallen, unsure) == fallen


def test_a_first_version_is_described_and_not_judged():
    ledger = Ledger(2, 1, ["exact"])
    assert describe_first(ledger, policy()).verdict == "invalid"
    ledger.score("candidate", "exact", 0, 0, 1)
    described = describe_first(ledger, policy())
    assert described.verdict == "inconclusive"
    assert described.comparisons[0].candidate == 1
    assert described.comparisons[0].delta is None
    assert describe_first(ledger, policy(), alone=True).reasons != described.reasons


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


def test_false_alarms_stay_near_their_level_when_nothing_changed():
    """Five looks at 100 cases of which most are easy or hopeless."""
    chance = random.Random(11)
    alarms = 0
    for _ in range(150):
        odds = [chance.betavariate(0.8, 0.2) for _ in range(100)]
        scores = [tuple(int(chance.random() < p) for _ in range(2)) for p in odds]
        ledger = entered({"exact": scores})
        comparison = Comparison(policy(), range(100), (0.2, 0.4, 0.6, 0.8, 1.0))
        visits = everything(ledger)
        fell = [
            comparison.look(ledger, visits[at : at + 20], Look()).verdict == "regressed"
            for at in range(0, 100, 20)
        ]
        alarms += any(fell)
    assert alarms <= 16  # 7.5 expected at most; 16 is 3.2 standard errors above


def test_a_sure_drop_goes_before_what_is_missing():
    """One metric fell beyond doubt; another misses too many samples to be judged at all."""
    held = policy(EXACT, TONE)
    lost = [(1, 1)] * 180 + [(1, None)] * 20
    decision = decided(held, exact=counted(140, 60), tone=lost)
    assert [each.verdict for each in decision.comparisons] == ["regressed", "invalid"]
    assert decision.verdict == "regressed"
    assert decided(held, exact=counted(200), tone=lost).verdict == "invalid"
