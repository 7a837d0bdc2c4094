"""What holds of every comparison, whatever its data: from scores in a ledger to the decision."""

import itertools
import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptops.comparison.comparison import Comparison, Look
from promptops.comparison.ledger import ARMS, Ledger
from promptops.comparison.policy import Metric, Policy
from promptops.engine.schedule import look_shares, rounds
from promptops.statistics.e_process import log_e_passed, log_e_regressed

EXACT, TONE = Metric("exact", "gate", 1.0), Metric("tone", "gate", 2.0)
POLICY = Policy((EXACT,), margin=0.05, alpha=0.05, inconclusive="warn")
PASSES = {"passed", "improved"}

binary = st.sampled_from([(0, 0), (1, 1), (1, 1), (1, 0), (0, 1)])
quarters = st.tuples(*[st.sampled_from([0, 0.25, 0.5, 0.75, 1])] * 2)
grades = st.tuples(*[st.integers(1, 5)] * 2)


class Design:
    """Some cases and samples, drawn and looked at as a run would."""

    def __init__(self, cases, samples, seed=0):
        self.cases, self.samples = cases, samples
        self.shares = look_shares(cases, samples)
        self.rounds = [
            [(case, index) for case, index, _ in visits] for visits in rounds(cases, samples, seed)
        ]

    def decisions(self, scores, held=POLICY, groups=None, order=None):
        """The decision at every look; `scores` are by metric, then one pair for each visit."""
        ledger = Ledger(self.cases, self.samples, [metric.name for metric in held.metrics])
        for name, table in scores.items():
            for (case, index), sides in table.items():
                for arm, score in zip(ARMS, sides, strict=True):
                    if score is None:
                        ledger.unscorable(arm, name, case, index)
                    else:
                        ledger.score(arm, name, case, index, score)
        comparison = Comparison(held, groups or range(self.cases), self.shares)
        self.comparison = comparison
        return [
            comparison.look(ledger, visits, Look(last=at == len(self.rounds)))
            for at, visits in enumerate(order or self.rounds, 1)
        ]

    def table(self, pattern):
        """A pair for each visit, from a pattern that is repeated."""
        visits = itertools.product(range(self.cases), range(self.samples))
        return dict(zip(visits, itertools.cycle(pattern), strict=False))


# Few sizes: the boundaries of each are found once.
sizes = st.sampled_from([(2, 1), (3, 8), (12, 2), (60, 2), (30, 3)])
designs = st.builds(lambda size, seed: Design(size[0], size[1], seed), sizes, st.integers(0, 99))
patterns = st.lists(binary, min_size=1, max_size=9) | st.lists(quarters, min_size=1, max_size=9)


def numbers(decision):
    """Everything of a decision that is a number, and what is said of it."""
    return [
        (each.delta, each.interval, each.population_interval, each.pairs, each.verdict)
        for each in decision.comparisons
    ]


def alike(one, other, *, mirrored=False):
    sign = -1 if mirrored else 1
    for here, there in zip(one, other, strict=True):
        for left, right in zip(here.comparisons, there.comparisons, strict=True):
            assert right.delta == pytest.approx(sign * left.delta, abs=1e-12)
            for a, b in [
                (left.interval, right.interval),
                (left.population_interval, right.population_interval),
            ]:
                if a is None or b is None:
                    assert a is b
                    continue
                assert sorted(sign * end for end in b) == pytest.approx(a, abs=1e-8)


@settings(max_examples=14, deadline=None)
@given(designs, patterns, st.sampled_from(["dataset", "population"]))
def test_swapping_the_arms_mirrors_every_number_and_verdict(design, pattern, estimand):
    held = replace(POLICY, estimand=estimand)
    table = design.table(pattern)
    here = design.decisions({"exact": table}, held)
    there = design.decisions({"exact": {at: (b, a) for at, (a, b) in table.items()}}, held)
    alike(here, there, mirrored=True)
    for one, other in zip(here, there, strict=True):
        (each,), (back,) = one.comparisons, other.comparisons
        assert (back.baseline, back.candidate) == pytest.approx((each.candidate, each.baseline))
        for rose, fell in [(one, other), (other, one)]:
            if rose.verdict == "improved":
                # A rise mirrors a drop: a regression, if it is not surely a small one.
                small = fell.verdict == "passed" and fell.comparisons[0].interval[1] < 1e-6
                assert fell.verdict == "regressed" or small
            if rose.comparisons[0].material:
                assert fell.verdict == "improved" or fell.comparisons[0].pairs < 59


@settings(max_examples=14, deadline=None)
@given(designs, patterns, st.randoms(use_true_random=False))
def test_the_order_within_a_round_changes_nothing(design, pattern, chance):
    scores = {"exact": design.table(pattern)}
    shuffled = [chance.sample(visits, len(visits)) for visits in design.rounds]
    here, there = design.decisions(scores), design.decisions(scores, order=shuffled)
    assert [numbers(each) for each in here] == [numbers(each) for each in there]
    assert [each.reasons for each in here] == [each.reasons for each in there]


@settings(max_examples=14, deadline=None)
@given(designs, patterns, st.randoms(use_true_random=False), st.booleans())
def test_renaming_cases_changes_nothing(design, pattern, chance, over_cases):
    """Another number for every case, in the visits, the scores and the groups alike."""
    held = replace(POLICY, estimand="population" if over_cases else "dataset")
    table, groups = design.table(pattern), [case // 3 for case in range(design.cases)]
    names = chance.sample(range(design.cases), design.cases)
    renamed = {(names[case], index): pair for (case, index), pair in table.items()}
    regrouped = [0] * design.cases
    for case, name in enumerate(names):
        regrouped[name] = groups[case]
    order = [[(names[case], index) for case, index in visits] for visits in design.rounds]
    here = design.decisions({"exact": table}, held, groups)
    there = design.decisions({"exact": renamed}, held, regrouped, order)
    alike(here, there)
    assert [each.reasons for each in here] == [each.reasons for each in there]


@settings(max_examples=14, deadline=None)
@given(designs, st.lists(grades, min_size=1, max_size=9), st.sampled_from([0.2, 0.4, 1.0]))
def test_the_scale_of_grades_does_not_matter(design, pattern, margin):
    """1 to 5 with a margin in grades, 0 to 100 with one in points: each is mapped to [0, 1], and
    its margin with it, before the engine sees it; so both are one comparison.
    """

    def decided(lowest, highest, written):
        def mapped(score):
            return (written(score) - lowest) / (highest - lowest)

        held = replace(POLICY, margin=margin * (written(2) - written(1)) / (highest - lowest))
        return design.decisions(
            {"exact": design.table([(mapped(a), mapped(b)) for a, b in pattern])}, held
        )

    stars = decided(1, 5, lambda grade: grade)
    percent = decided(0, 100, lambda grade: 25 * (grade - 1))
    alike(stars, percent)
    assert [each.verdict for each in stars] == [each.verdict for each in percent]


@settings(max_examples=14, deadline=None)
@given(designs, st.lists(st.tuples(*[st.integers(0, 5)] * 2), min_size=1, max_size=9))
def test_only_differences_matter_and_not_where_on_the_scale_they_lie(design, pattern):
    low = design.decisions({"exact": design.table([(a / 10, b / 10) for a, b in pattern])})
    high = design.decisions(
        {"exact": design.table([((a + 5) / 10, (b + 5) / 10) for a, b in pattern])}
    )
    alike(low, high)
    assert [each.verdict for each in low] == [each.verdict for each in high]


@settings(max_examples=14, deadline=None)
@given(designs, patterns, st.data())
def test_lowering_a_score_never_speaks_for_the_candidate(design, pattern, draw):
    table = design.table(pattern)
    place = draw.draw(st.sampled_from(sorted(table)))
    old, new = table[place]
    lower = {**table, place: (old, draw.draw(st.floats(0, new)))}
    evidence = []
    for scores in (table, lower):
        design.decisions({"exact": scores})
        d = design.comparison.monitors["exact"].pairs.differences
        evidence.append((log_e_regressed(d), log_e_passed(d, 0.05)))
    assert evidence[1][0] >= evidence[0][0] - 1e-9
    assert evidence[1][1] <= evidence[0][1] + 1e-9


@settings(max_examples=14, deadline=None)
@given(designs, patterns, patterns, st.data())
def test_a_verdict_depends_on_the_rounds_up_to_it_alone(design, pattern, later, draw):
    seen = draw.draw(st.integers(1, len(design.rounds)))
    early = {visit for visits in design.rounds[:seen] for visit in visits}
    table, other = design.table(pattern), design.table(later)
    mixed = {at: table[at] if at in early else other[at] for at in table}
    here, there = design.decisions({"exact": table}), design.decisions({"exact": mixed})
    assert here[:seen] == there[:seen]


@settings(max_examples=14, deadline=None)
@given(designs, patterns, st.data())
def test_a_run_that_is_taken_up_again_equals_one_that_was_not_broken_off(design, pattern, draw):
    """The ledger is replayed round by round, whatever was drawn when."""
    scores = {"exact": design.table(pattern)}
    design.decisions(scores, order=design.rounds[: draw.draw(st.integers(1, len(design.rounds)))])
    assert design.decisions(scores) == design.decisions(scores)


@settings(max_examples=14, deadline=None)
@given(designs, patterns, patterns, st.sampled_from(["standard", "strict"]))
def test_passed_and_regressed_never_both_and_no_number_is_missing(design, one, two, guarantee):
    held = replace(POLICY, metrics=(EXACT, TONE), guarantee=guarantee)
    scores = {"exact": design.table(one), "tone": design.table(two)}
    for decision in design.decisions(scores, held):
        found = [each.verdict for each in decision.comparisons]
        if decision.verdict == "regressed":
            assert "regressed" in found
        if decision.verdict in PASSES:
            assert set(found) <= PASSES
        assert decision.settled is (decision.verdict in {*PASSES, "regressed"})
        for each in decision.comparisons:
            told = [each.delta, each.baseline, each.candidate, *(each.interval or ())]
            assert all(math.isfinite(number) for number in told)
            assert each.interval[0] <= each.delta <= each.interval[1]
            assert each.delta == pytest.approx(each.candidate - each.baseline, abs=1e-12)
            if each.verdict in PASSES:
                assert each.interval[0] > -0.05 - 1e-6
            if each.verdict == "regressed":
                assert each.interval[1] < 1e-6
            if each.verdict == "improved":
                assert each.interval[0] > -1e-6
            if each.material:
                assert each.interval[1] < -0.05 + 1e-6


@settings(max_examples=14, deadline=None)
@given(designs, st.sampled_from([(0, 0), (1, 1), (0.5, 0.5), (1 / 3, 1 / 3)]))
def test_all_tied_data_never_pass_below_59_pairs(design, pair):
    for decision in design.decisions({"exact": design.table([pair])}):
        assert decision.verdict in {"passed", "inconclusive"}
        if decision.comparisons[0].pairs < 59:
            assert decision.verdict == "inconclusive"


@settings(max_examples=14, deadline=None)
@given(designs, patterns, st.data(), st.sampled_from(["dataset", "population"]))
def test_a_lost_sample_never_turns_a_non_pass_into_a_pass(design, pattern, draw, estimand):
    """At every look by itself; a run that would have stopped may go on without it."""
    held = replace(POLICY, estimand=estimand)
    table = design.table(pattern)
    place = draw.draw(st.sampled_from(sorted(table)))
    sides = list(table[place])
    sides[draw.draw(st.integers(0, 1))] = None
    whole = design.decisions({"exact": table}, held)
    after = design.decisions({"exact": {**table, place: tuple(sides)}}, held)
    for before, now in zip(whole, after, strict=True):
        assert before.verdict in PASSES or now.verdict not in PASSES


@settings(max_examples=14, deadline=None)
@given(
    st.sampled_from([(50, 3), (100, 2)]).map(lambda size: Design(size[0], size[1])),
    st.lists(binary, min_size=1, max_size=9),
    st.data(),
)
def test_nor_do_several_among_scores_of_0_and_1(design, pattern, draw):
    table = design.table(pattern)
    most = len(table) // 50
    gone = draw.draw(st.lists(st.sampled_from(sorted(table)), max_size=most, unique=True))
    lost = dict(table)
    for place in gone:
        sides = list(lost[place])
        sides[draw.draw(st.integers(0, 1))] = None
        lost[place] = tuple(sides)
    whole, after = design.decisions({"exact": table}), design.decisions({"exact": lost})
    for before, now in zip(whole, after, strict=True):
        assert before.verdict in PASSES or now.verdict not in PASSES
