"""Picking by one half of the labels and telling by the other, held by simulation."""

import numpy as np
import pytest

from promptops.trust.tuning import (
    Candidate,
    Labelled,
    alpha,
    asked_of_all,
    common_scale,
    gained,
    pick,
    quoted,
    split,
    told,
)
from tests.known import known


def labelled(count, chance, prefix="c"):
    right = chance.random(count) < 0.55
    return [
        Labelled((f"{prefix}{at}", "x"), f"{prefix}{at}", float(each))
        for at, each in enumerate(right)
    ]


def candidate(name, answers, chance, wrong, *, current=False):
    said = {
        each.key: 1 - each.people if chance.random() < wrong else each.people for each in answers
    }
    return Candidate(name, "", name, current=current, said=said)


def trial(chance, rates, count=120):
    """The judge as it is first; what is picked, and what the other half says."""
    answers = labelled(count, chance, prefix=f"{chance.integers(1 << 30)}-")
    found = [
        candidate(f"v{at}", answers, chance, rate, current=at == 0) for at, rate in enumerate(rates)
    ]
    halves = split(answers, 0)
    picked = pick([told(each, halves.picking, "nominal") for each in found])
    best = next(each for each in found if each.name == picked.name)
    return picked, gained(found[0], best, halves.held_out, "nominal")


def test_the_best_of_many_alike_is_luck_and_the_other_half_says_so():
    """Nine judges, all wrong 2 times in 10: alpha is .6 for all of them."""
    chance = np.random.default_rng(1)
    found = [trial(chance, [0.2] * 9) for _ in range(20)]
    on_the_first = np.mean([picked.alpha.value for picked, _ in found])
    told_by_the_other = np.mean([gain.after.value for _, gain in found])
    assert on_the_first > 0.7
    assert told_by_the_other == pytest.approx(0.6, abs=0.07)
    verdicts = [gain.outcome for picked, gain in found if not picked.current]
    assert verdicts.count("better") <= 3  # of about 18, each with an error of 1 in 40


def test_what_is_better_is_picked_and_told():
    chance = np.random.default_rng(2)
    found = [trial(chance, [0.25, 0.25, 0.05], count=200) for _ in range(20)]
    assert sum(picked.name == "v2" for picked, _ in found) >= 19
    assert sum(gain.outcome == "better" for _, gain in found) >= 17
    assert all(gain.settle == "" for _, gain in found if gain.outcome == "better")


def test_every_look_is_paid_for():
    chance = np.random.default_rng(3)
    answers = labelled(100, chance)
    before = candidate("now", answers, chance, 0.3, current=True)
    after = candidate("new", answers, chance, 0.2)
    one, ten = (gained(before, after, answers, "nominal", looks) for looks in (1, 10))
    assert (one.level, ten.level) == (0.95, 0.995)
    assert known(ten.gain.interval)[0] < known(one.gain.interval)[0]


def test_cases_are_never_torn_apart_and_stay_where_they_are():
    chance = np.random.default_rng(4)
    answers = labelled(200, chance)
    more = [Labelled((each.cluster, "y"), each.cluster, each.people) for each in answers]
    halves = split([*answers, *more], 0)
    first, second = ({each.cluster for each in half} for half in (halves.picking, halves.held_out))
    assert not first & second
    assert 70 < len(first) < 130
    alone = split(answers[:50], 0)
    assert {each.cluster for each in alone.held_out} <= second
    assert {each.cluster for each in split(answers, 1).held_out} != second


def test_halves_that_cannot_pick_or_tell_are_refused():
    chance = np.random.default_rng(5)
    assert "20 are the least" in known(split(labelled(30, chance), 0).problem())
    all_good = [Labelled((f"{at}", "x"), f"{at}", 1.0) for at in range(100)]
    assert "people say the same" in known(split(all_good, 0).problem())
    assert split(labelled(100, chance), 0).problem() is None


def test_silence_counts_as_wrong():
    chance = np.random.default_rng(6)
    answers = labelled(60, chance)
    loud = candidate("loud", answers, chance, 0.0)
    shy = Candidate("shy", "", "d", said={**loud.said, answers[0].key: None})
    assert alpha(loud, answers, "nominal").value == 1
    assert known(alpha(shy, answers, "nominal").value) < 1
    row = told(shy, answers, "nominal")
    assert row.silent == 1
    assert row.accuracy.value == pytest.approx(59 / 60)


def test_who_is_talked_round_or_cannot_be_asked_is_out():
    chance = np.random.default_rng(7)
    answers = labelled(60, chance)
    now = candidate("now", answers, chance, 0.2, current=True)
    credulous = candidate("credulous", answers, chance, 0.0)
    credulous.passed.append("an order")
    down = Candidate("down", "", "d", said=dict(list(credulous.said.items())[:10]))
    shaky = Candidate("shaky", "", "d", said=dict(list(credulous.said.items())[2:]))
    kept, out = asked_of_all(answers, [now, credulous, down, shaky])
    assert set(out) == {"credulous", "down"}
    assert kept == answers[2:]
    rows = [told(e, kept, "nominal", out=out.get(e.name, "")) for e in (now, credulous)]
    assert pick(rows).name == "now"


def test_a_tie_leaves_the_judge_as_it_is():
    chance = np.random.default_rng(8)
    answers = labelled(60, chance)
    new = candidate("new", answers, chance, 0.1)
    now = Candidate("now", "", "n", current=True, said=new.said)
    rows = [told(now, answers, "nominal"), told(new, answers, "nominal")]
    assert pick(rows).current


def test_one_scale_for_all():
    answers = labelled(60, np.random.default_rng(9))
    two = Candidate("two", "", "d", said={each.key: each.people for each in answers})
    five = Candidate("five", "", "d", said={answers[0].key: 0.25, answers[1].key: 0.75})
    assert common_scale(answers, [two]) == "nominal"
    assert common_scale(answers, [two, five]) == "ordinal"


def test_a_rubric_that_quotes_an_answer_is_found_out():
    answers = [
        Labelled(("a", "x"), "a", 1.0, "The shop  opens at nine\nand closes at five."),
        Labelled(("b", "x"), "b", 1.0, "Yes."),
    ]
    text = "Example: The shop opens at nine and\n  closes at five. Yes."
    assert quoted(answers, [text]) == {"a"}
    assert quoted(answers, ["The shop opens at ten."]) == set()
