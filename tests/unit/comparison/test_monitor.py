import math

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from promptops.comparison.ledger import ARMS, Ledger, Pairs
from promptops.comparison.levels import Levels
from promptops.comparison.monitor import Monitor
from promptops.statistics.e_process import (
    betting_high,
    betting_low,
    log_e_passed,
    log_e_regressed,
)
from promptops.statistics.mcnemar import mcnemar_drop_p
from promptops.statistics.paired import paired_statistic

LEVELS = Levels(margin=0.05, alpha=0.05, share=0.05, planned_part=0.8)
STRICT = Levels(margin=0.05, alpha=0.05, share=0.05, planned_part=0.0)
ONCE = (1.0,)
FIFTHS = (0.2, 0.4, 0.6, 0.8, 1.0)


def counted(losses=0, wins=0, ties=0):
    return [(1, 0)] * losses + [(0, 1)] * wins + [(1, 1)] * ties


def pairs(scores) -> Pairs:
    """`scores` are (baseline, candidate); None is a side that was lost."""
    ledger = Ledger(len(scores), 1, ["exact"])
    for case, sides in enumerate(scores):
        for arm, score in zip(ARMS, sides, strict=True):
            if score is None:
                ledger.lost(arm, case, 0)
            else:
                ledger.score(arm, "exact", case, 0, score)
    return ledger.pairs("exact")


def monitored(rounds, levels=LEVELS, shares=FIFTHS, *, planned=True):
    """The monitor after some looks, and what each of them found."""
    monitor = Monitor(levels, shares)
    return monitor, [monitor.look(pairs(scores), planned=planned) for scores in rounds]


def once(scores, levels=LEVELS):
    return monitored([scores], levels, ONCE)[1][0]


def contradictions(reading, levels):
    """What a finding and the interval beside it say against each other; a rounding is none."""
    low, high = reading.interval
    margin, slack = levels.margin, 2e-6
    return [
        told
        for told, wrong in {
            "no number": any(map(math.isnan, (low, high, reading.delta))),
            "the delta lies outside": not -1 <= low <= reading.delta <= high <= 1,
            "passed, and may be at the margin": reading.passed and low <= -margin - slack,
            "dropped, and may be zero": reading.dropped and high >= slack,
            "rose, and may be zero": reading.rose and low <= -slack,
            "material, and may be at the margin": reading.material and high >= -margin + slack,
            "passed and materially dropped": reading.passed and reading.material,
            "dropped and rose": reading.dropped and reading.rose,
        }.items()
        if wrong
    ]


binary = st.sampled_from([(0, 0), (1, 1), (1, 1), (1, 0), (0, 1)])
graded = st.tuples(*[st.sampled_from([0, 0.25, 0.5, 0.75, 1])] * 2)
thirds = st.tuples(*[st.sampled_from([0, 1 / 3, 2 / 3, 1])] * 2)
hairs = st.sampled_from([(0.5, 0.5), (0.5, 0.5 + 1e-9), (0.5 + 1e-9, 0.5), (1, 1), (1, 0)])
any_score = st.tuples(st.floats(0, 1), st.floats(0, 1))
kinds = [binary, graded, thirds, hairs, any_score]


@st.composite
def runs(draw, most=40, *, lossy=False):
    """Rounds of pairs of one kind, repeated so that some of them find something."""
    kind = draw(st.sampled_from(kinds))
    if lossy:
        side = st.sampled_from([0, 0.5, 1])
        kind = kind | st.tuples(st.none(), side) | st.tuples(side, st.none())
    some = st.lists(kind, min_size=1, max_size=6)
    rounds = st.lists(st.tuples(some, st.integers(1, most // 4)), min_size=1, max_size=6)
    return [scores * times for scores, times in draw(rounds)]


every_level = st.builds(
    lambda margin, alpha, part, planned: Levels(margin, alpha, alpha * part, planned),
    st.sampled_from([0.05, 0.05, 0.01, 0.2, 0.9]),
    st.sampled_from([0.05, 0.05, 0.001, 0.2, 0.5]),
    st.sampled_from([1.0, 0.5, 0.1]),
    st.sampled_from([0.8, 0.8, 0.0]),
)
plans = st.sampled_from([ONCE, (0.5, 1.0), FIFTHS, tuple((at + 1) / 100 for at in range(100))])


@pytest.mark.parametrize(
    ("scores", "found"),
    [
        (counted(30, 10, 60), (False, True, False)),
        (counted(10, 30, 60), (True, False, True)),
        (counted(2, 2, 300), (True, False, False)),
        (counted(10, 10, 60), (False, False, False)),
        (counted(20, 2, 2000), (True, True, False)),
        ([(0.75, 0.5)] * 60 + [(0.5, 0.5)] * 40, (False, True, False)),
        ([(0.5, 0.75)] * 60 + [(0.5, 0.5)] * 40, (True, False, True)),
    ],
)
def test_each_finding_on_its_evidence(scores, found):
    reading = once(scores)
    assert (reading.passed, reading.dropped, reading.rose) == found
    assert contradictions(reading, LEVELS) == []


def test_few_pairs_that_differ_need_the_exact_test_as_well():
    """Four losses of four: the statistic alone is sure (z −2), the exact test is not (p 1/16)."""
    few = once(counted(4, 0, 76))
    assert few.interval[1] < 0
    assert not few.dropped
    assert once(counted(5, 0, 75)).dropped
    assert not once(counted(0, 4, 76)).rose
    assert once(counted(0, 5, 75)).rose


@given(st.integers(0, 14), st.integers(0, 6), st.integers(0, 40))
def test_one_look_drops_where_both_tests_do_or_the_bets(losses, wins, ties):
    scores = counted(losses, wins, ties)
    if not scores:
        return
    d = [new - old for old, new in scores]
    by_test = mcnemar_drop_p(losses, wins) <= 0.04 and paired_statistic(d).z() <= -1.7506861
    by_bets = log_e_regressed(d) >= math.log(100)
    assert once(scores).dropped is (by_test or by_bets)


@pytest.mark.parametrize("levels", [LEVELS, STRICT])
@pytest.mark.parametrize("tie", [(1, 1), (0.5, 0.5), (0, 0)])
def test_tied_data_never_pass_below_59_pairs(levels, tie):
    for size in (1, 20, 57, 58):
        assert not once([tie] * size, levels).passed
    assert once([tie] * 59).passed


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 58), st.sampled_from([(0, 1), (1, 1), (0.25, 0.75)]), plans)
def test_nothing_passes_below_59_pairs(size, scores, shares):
    assert not monitored([[scores] * size], LEVELS, shares)[1][0].passed


def test_an_unplanned_look_rests_on_the_bets_alone():
    """Seven losses of seven: the planned look is sure, and the bets (a factor of 35) are not."""
    for levels, planned, dropped in [
        (LEVELS, True, True),
        (LEVELS, False, False),
        (STRICT, True, True),
        (STRICT, False, True),
    ]:
        _, (reading,) = monitored([counted(losses=8)], levels, ONCE, planned=planned)
        assert reading.dropped is (dropped if levels is LEVELS else _bets(reading, 0.05))
    assert once(counted(losses=12)).dropped
    assert monitored([counted(losses=12)], shares=ONCE, planned=False)[1][0].dropped


def _bets(reading, alpha):
    return log_e_regressed([-1.0] * reading.pairs) >= -math.log(alpha)


@settings(max_examples=15, deadline=None)
@given(runs())
def test_unplanned_looks_and_the_strict_guarantee_are_the_bets(rounds):
    for levels, planned in [(LEVELS, False), (STRICT, True), (STRICT, False)]:
        monitor, readings = monitored(rounds, levels, planned=planned)
        d = monitor.pairs.differences
        threshold = -math.log((1 - levels.planned_part) * levels.alpha)
        last = readings[-1]
        assert last.dropped is (log_e_regressed(d) >= threshold)
        assert last.passed is (len(d) >= 59 and log_e_passed(d, 0.05) >= threshold)
        assert last.interval == pytest.approx(
            (betting_low(d, threshold), betting_high(d, threshold)), abs=1e-6
        )


def test_after_the_last_planned_look_only_the_bets_go_on():
    """The first look would be sure of the eight losses; a second has no error left to spend."""
    more, (_, after) = monitored([counted(ties=60), counted(losses=8)], shares=ONCE)
    assert not after.dropped
    assert more.look(pairs(counted(losses=8)), planned=True).dropped
    assert once(counted(losses=8, ties=60)).dropped


@settings(max_examples=15, deadline=None)
@given(runs(), plans, st.data())
def test_a_look_knows_only_the_rounds_up_to_it(rounds, shares, draw):
    seen = draw.draw(st.integers(1, len(rounds)))
    _, whole = monitored(rounds, shares=shares)
    _, part = monitored(rounds[:seen], shares=shares)
    assert whole[:seen] == part
    cut = shares[:seen]
    if len(cut) == seen:
        assert monitored(rounds[:seen], shares=cut)[1] == part


@settings(max_examples=25, deadline=None)
@given(runs(), every_level, plans, st.booleans())
@example([[(1, 1)] * 20 + [(0, 1)] * 12], LEVELS, tuple((n + 1) / 100 for n in range(100)), True)
def test_swapping_the_arms_mirrors_every_number(rounds, levels, shares, planned):
    _, here = monitored(rounds, levels, shares, planned=planned)
    swapped = [[(new, old) for old, new in scores] for scores in rounds]
    _, there = monitored(swapped, levels, shares, planned=planned)
    for one, other in zip(here, there, strict=True):
        assert (other.rose, other.dropped) == (one.dropped, one.rose)
        assert other.delta == pytest.approx(-one.delta, abs=1e-12)
        assert other.interval == pytest.approx((-one.interval[1], -one.interval[0]), abs=1e-8)


@settings(max_examples=25, deadline=None)
@given(runs(), every_level, plans, st.booleans())
@example([[(0, 1)] * 11 + [(0, 0)], [(0, 1)]], Levels(0.9, 0.05, 0.05, 0.8), FIFTHS, True)
@example(
    [counted(9, 0, 1), counted(7, 0, 3)],
    Levels(0.1, 0.01, 0.01, 0.8),
    tuple((n + 1) / 25 for n in range(25)),
    True,
)
def test_findings_and_intervals_do_not_contradict_each_other(rounds, levels, shares, planned):
    _, readings = monitored(rounds, levels, shares, planned=planned)
    assert [contradictions(reading, levels) for reading in readings] == [[]] * len(readings)


@settings(max_examples=25, deadline=None)
@given(runs(lossy=True), every_level, plans)
@example(
    [[(0, 0), (1, 1), (None, 1), (0, 0), (1, None), (0, None)]], Levels(0.9, 0.05, 0.05, 0), ONCE
)
@example([[(0.5, 0.5)] * 200 + [(None, 0.5)]], LEVELS, (0.3, 1.0))
def test_nor_do_they_where_sides_are_lost(rounds, levels, shares):
    _, readings = monitored(rounds, levels, shares)
    for reading in readings:
        if reading.pairs:
            assert contradictions(reading, levels) == []


@settings(max_examples=40, deadline=None)
@given(runs(most=120), every_level, plans, st.data())
@example([[(0.5, 0.5)] * 100], LEVELS, (0.3, 1.0), None)
def test_a_lost_sample_never_makes_a_pass(rounds, levels, shares, draw):
    """At every look by itself; the side that is left keeps its score."""
    gone, side = (0, 0), 1
    if draw is not None:
        at = draw.draw(st.integers(0, len(rounds) - 1))
        gone = at, draw.draw(st.integers(0, len(rounds[at]) - 1))
        side = draw.draw(st.integers(0, 1))
    lost = [list(scores) for scores in rounds]
    left = list(lost[gone[0]][gone[1]])
    left[side] = None
    lost[gone[0]][gone[1]] = tuple(left)
    _, whole = monitored(rounds, levels, shares)
    _, after = monitored(lost, levels, shares)
    for before, now in zip(whole, after, strict=True):
        assert before.passed or not now.passed
        assert before.dropped or not now.dropped
        assert before.rose or not now.rose


@settings(max_examples=25, deadline=None)
@given(
    st.lists(binary, min_size=1, max_size=8),
    st.integers(5, 40),
    st.sets(st.integers(0, 300), min_size=2, max_size=6),
    st.integers(0, 63),
    st.sampled_from([0.02, 0.05, 0.2]),
)
def test_nor_do_several_among_scores_of_0_and_1(scores, times, gone, sides, margin):
    levels = Levels(margin, 0.05, 0.05, 0.8)
    whole = scores * times
    lost = list(whole)
    for turn, place in enumerate(sorted(gone)):
        old, new = whole[place % len(whole)]
        lost[place % len(whole)] = (None, new) if sides >> turn & 1 else (old, None)
    before, now = once(whole, levels), once(lost, levels)
    assert before.passed or not now.passed
    assert before.dropped or not now.dropped
    assert before.rose or not now.rose


def test_a_lost_pair_speaks_against_the_finding_that_is_tried():
    assert once(counted(ties=66)).passed
    assert not once([*counted(ties=66), (1, None)]).passed
    assert once(counted(losses=6, wins=0, ties=70)).dropped
    assert not once([*counted(losses=6, ties=70), *[(0, None)] * 2]).dropped


def test_a_look_at_nothing_says_nothing():
    monitor, (first,) = monitored([[]])
    assert (first.pairs, first.interval) == (0, (-1, 1))
    second = monitor.look(pairs([(None, 1), (1, None)]), planned=True)
    assert (second.pairs, second.missing, second.passed, second.dropped) == (0, 2, False, False)
    assert monitor.repeated_p() == 1


def test_a_first_round_that_was_lost_whole_leaves_a_p_value():
    monitor, readings = monitored([[(None, 0)], counted(30, 2, 10), counted(2, 2, 2)])
    assert readings[1].dropped
    assert monitor.repeated_p() <= 0.05


@settings(max_examples=15, deadline=None)
@given(runs(), st.sampled_from([0.05, 0.02, 0.2]), st.sampled_from([ONCE, (0.5, 1.0), FIFTHS]))
@example([counted(7, 2), counted(4, 1), counted(5, 2, 40)], 0.05, FIFTHS)
@example([counted(3, 2), counted(4, 0, 40), counted(8, 1, 5)], 0.0075, (1 / 3, 2 / 3, 1.0))
def test_what_dropped_has_a_p_value_within_its_share(rounds, share, shares):
    levels = Levels(0.05, share, share, 0.8)
    monitor, readings = monitored(rounds, levels, shares)
    if any(reading.dropped for reading in readings):
        assert monitor.repeated_p() <= share * (1 + 1e-9)


@pytest.mark.parametrize(
    "rounds",
    [
        [counted(9, 2, 20), counted(8, 3, 20)],
        [counted(2, 3, 9), counted(12, 3, 9), counted(9, 1, 9)],
        [[(0.75, 0.5)] * 12 + [(0.5, 0.75)] * 4 + [(1, 0)], [(0.75, 0.5)] * 6],
        [[(1, 0)] * 16],
    ],
)
def test_the_p_value_is_where_running_again_begins_to_fire(rounds):
    """Two runs with a share of the error just below the p-value, and just above it."""
    p = monitored(rounds)[0].repeated_p()
    assert 1e-6 < p < 0.5
    for share, fires in [(p * 0.997, False), (p * 1.003, True)]:
        _, readings = monitored(rounds, Levels(0.05, 0.05, share, 0.8))
        assert any(reading.dropped for reading in readings) is fires


@pytest.mark.parametrize("alpha", [1e-9, 0.05, 0.2, 0.5])
@pytest.mark.parametrize("margin", [1e-9, 0.05, 0.9, 0.999999])
@pytest.mark.parametrize("scores", [[(1, 1)], [(1, 0)], counted(3, 1, 40), [(0.5, 0.25)] * 9])
def test_whatever_a_suite_may_ask_for_has_an_answer(alpha, margin, scores):
    """Extreme levels, and a single pair."""
    levels = Levels(margin, alpha, alpha, 0.8)
    reading = once(scores, levels)
    assert contradictions(reading, levels) == []
