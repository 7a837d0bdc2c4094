"""Deltas put right by labels, held by simulation of judges that err in known ways."""

import numpy as np
import pytest

from promptops.trust.correction import (
    Corrected,
    corrected,
    labels_for_a_pass,
    outdated_cases,
    people_differences,
)
from promptops.trust.judged import PeoplesWord
from promptops.trust.margin import judged_margin
from tests.known import known

ALPHA = 0.05
DROP = -0.05


def put_right(judge, people, same=()) -> Corrected:
    return known(corrected(judge, people, ALPHA, same=same))


def study(chance, *, labels=80, cases=60, samples=4, lenient=0.25, love=0.0, flips=0.0):
    """A candidate five points worse; how the judge of its failures passes too many.

    `love` is how many points more an answer of the candidate, which is longer, passes whatever it
    is worth; `flips` how often the judge says the opposite of what it thinks.
    """
    right = chance.beta(0.8, 0.2, cases)[:, None] * 0.9 + 0.05
    size = (cases, samples)
    before = chance.random(size) < right
    after = chance.random(size) < right + DROP
    says_before = np.where(before, chance.random(size) < 0.95, chance.random(size) < 0.05)
    passing = np.where(after, 0.95 + love, lenient + love)
    says_after = chance.random(size) < np.clip(passing, 0, 1)
    says_before ^= chance.random(size) < flips
    says_after ^= chance.random(size) < flips
    pairs = [(f"c{case}", index) for case in range(cases) for index in range(samples)]
    judge = dict(zip(pairs, (says_after * 1.0 - says_before).ravel().tolist(), strict=True))
    truth = dict(zip(pairs, (after * 1.0 - before).ravel().tolist(), strict=True))
    chosen = chance.choice(len(pairs), labels, replace=False)
    return judge, {pairs[at]: truth[pairs[at]] for at in chosen}


KINDS = {
    "lenient to one arm": {},
    "errs alike on both": {"lenient": 0.05},
    "loves long answers": {"love": 0.2},
    "flaky": {"lenient": 0.05, "flips": 0.15},
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_corrected_delta_covers_the_truth_and_the_judge_alone_does_not(kind):
    """Nominal .90; 500 studies put the share within three standard errors, .04."""
    chance = np.random.default_rng(21)
    found = [put_right(*study(chance, **KINDS[kind])) for _ in range(500)]
    covered = np.mean([each.interval[0] <= DROP <= each.interval[1] for each in found])
    assert 0.86 <= covered <= 0.96
    assert np.mean([each.delta for each in found]) == pytest.approx(DROP, abs=0.008)
    judged = np.mean([each.judged for each in found])
    if kind in {"lenient to one arm", "loves long answers"}:
        assert judged > 0  # it reports a gain
    else:
        assert DROP <= judged < 0  # it only shrinks the drop


def test_labels_say_regressed_where_the_judge_says_improved():
    chance = np.random.default_rng(22)
    found = [put_right(*study(chance, labels=240, cases=300)) for _ in range(60)]
    verdicts = [each.verdict(0.05, ALPHA) for each in found]
    assert verdicts.count("regressed") > 20
    assert verdicts.count("improved") == 0


def test_fewer_than_fifty_pairs_say_nothing():
    judge, people = study(np.random.default_rng(1), labels=50)
    assert put_right(judge, people).labels == 50
    people.popitem()
    assert corrected(judge, people, ALPHA) is None


def test_pairs_of_one_and_the_same_answer_are_known_to_be_alike():
    judge, people = study(np.random.default_rng(2), labels=120)
    same = dict.fromkeys([(f"s{n // 4}", n % 4) for n in range(240)], 0.0)
    alone = put_right(judge, people)
    diluted = put_right(judge | same, people, same=same.keys())
    assert diluted.delta == pytest.approx(alone.delta / 2)
    width = diluted.interval[1] - diluted.interval[0]
    assert width == pytest.approx((alone.interval[1] - alone.interval[0]) / 2, rel=0.1)


def test_a_case_whose_answers_repeat_counts_once():
    """One label of such a case labels all its pairs; the truth is the mean over cases."""
    judge, people = {}, {}
    for case in range(80):
        repeats = case % 2 == 0
        for index in range(5):
            judge[f"c{case}", index] = 0.0 if repeats else -1.0
            if repeats or index == 0:
                people[f"c{case}", index] = 0.0 if repeats else -1.0
    found = put_right(judge, people)
    assert found.delta == pytest.approx(-0.5)  # by pairs it would be -40/240


def test_all_pairs_labelled_are_peoples_own_mean():
    judge, people = study(np.random.default_rng(3), labels=240)
    found = put_right(judge, people)
    assert found.delta == pytest.approx(np.mean(list(people.values())))
    assert found.weight == 0


def test_the_interval_of_peoples_own_mean_is_students():
    """By hand: 20 losses and 40 ties, so s² = 20·40/60/59, and t(.95; 59) = 1.671093."""
    said = {(f"c{n}", 0): -1.0 if n < 20 else 0.0 for n in range(60)}
    found = put_right(said, said)
    half = 1.671093 * (20 * 40 / 60 / 59 / 60) ** 0.5
    assert found.delta == pytest.approx(-1 / 3)
    assert found.interval == pytest.approx((-1 / 3 - half, -1 / 3 + half), abs=1e-6)


def test_the_interval_with_a_judge_by_hand():
    """60 labelled cases and 120 others; the judge is right on all of them."""
    people = {(f"c{n}", 0): -1.0 if n < 20 else 0.0 for n in range(60)}
    judge = people | {(f"c{n}", 0): -1.0 if n % 3 == 0 else 0.0 for n in range(60, 180)}
    found = put_right(judge, people)
    # All 180: a third are losses, so Var f = 2/9·180/179; of the labelled, Cov = 2/9.
    weight = (179 / 180) / (1 + 60 / 120)
    square = weight**2 * (2 / 9) / 120 + (1 - weight) ** 2 * (2 / 9) * (60 / 59) / 60
    half = 1.671093 * square**0.5
    assert found.weight == pytest.approx(weight)
    assert found.delta == pytest.approx(-1 / 3)
    assert found.interval == pytest.approx((-1 / 3 - half, -1 / 3 + half), abs=1e-6)


def test_half_of_the_cases_alike_by_hand():
    """How many cases differ is chance as well: mean²·share·(1 − share)/cases is added."""
    said = {(f"c{n}", 0): -1.0 if n < 20 else 0.0 for n in range(60)}
    same = dict.fromkeys([(f"s{n}", 0) for n in range(60)], 0.0)
    found = put_right(said | same, said, same=same.keys())
    square = 0.25 * (20 * 40 / 60 / 59 / 60) + (1 / 9) * 0.25 / 120
    half = 1.671093 * square**0.5
    assert found.delta == pytest.approx(-1 / 6)
    assert found.interval == pytest.approx((-1 / 6 - half, -1 / 6 + half), abs=1e-6)
    assert found.labels == 120  # all are known: half by labels, half because they are alike


def test_a_case_counts_by_the_share_of_its_pairs_that_differ():
    """Each case has one pair that differs, always a loss, and one that is alike: half a point."""
    said = {(f"c{n}", 0): -1.0 for n in range(120)}
    same = {(f"c{n}", 1): 0.0 for n in range(120)}
    half = dict(list(said.items())[:60])
    assert put_right(said | same, half, same=same.keys()).delta == pytest.approx(-0.5)
    # Where the judge knows only of the others, they say as much.
    judge = said | same | {(f"c{n}", 0): -float(n % 2) for n in range(120)}
    people = {pair: judge[pair] for pair in half}
    found = put_right(judge, people, same=same.keys())
    assert found.weight > 0.4
    assert found.delta == pytest.approx(-0.25)


def test_few_pairs_say_nothing_though_all_are_labelled():
    said = {(f"c{n}", 0): -float(n % 2) for n in range(49)}
    assert corrected(said, said, ALPHA) is None


def test_cases_that_were_labelled_in_other_words_are_found():
    words = {(case, output): PeoplesWord(1.0) for case in "abcd" for output in ("v1", "v2")}
    there = {"a": {"v1", "v2"}, "b": {"v1", "v3"}, "c": {"v1", "v3"}, "e": {"v1"}}
    assert outdated_cases(words, there, [("a", 0)]) == {"b", "c"}  # d is not there at all
    assert outdated_cases(words, there, [("a", 0), ("b", 1)]) == {"c"}
    assert outdated_cases({("a", "v1"): PeoplesWord(1.0)}, there, []) == set()  # half a pair


def test_labels_that_all_agree_are_not_certainty():
    pairs = [(f"c{n}", 0) for n in range(60)]
    found = put_right(dict.fromkeys(pairs, 0.0), dict.fromkeys(pairs[:55], 0.0))
    assert found.delta == 0
    assert found.interval[1] - found.interval[0] > 0.05


def test_swapping_the_arms_mirrors_it():
    judge, people = study(np.random.default_rng(4))
    there = put_right(judge, people)
    back = put_right(
        {pair: -value for pair, value in judge.items()},
        {pair: -value for pair, value in people.items()},
    )
    assert back.delta == pytest.approx(-there.delta)
    assert back.interval == pytest.approx((-there.interval[1], -there.interval[0]))


@pytest.mark.parametrize(
    ("interval", "labels", "verdict"),
    [
        ((-0.2, -0.06), 60, "regressed"),
        ((-0.08, -0.01), 60, "regressed"),
        ((-0.04, -0.01), 60, "passed"),
        ((-0.04, 0.1), 60, "passed"),
        ((-0.04, 0.1), 58, "inconclusive"),
        ((0.01, 0.1), 60, "improved"),
        ((-0.05, 0.1), 60, "inconclusive"),
    ],
)
def test_the_verdict_by_labels(interval, labels, verdict):
    found = Corrected(sum(interval) / 2, interval, labels, 0.5, 0.0)
    assert found.verdict(0.05, ALPHA) == verdict
    assert labels_for_a_pass(0.05, 0.05) == 59


def test_peoples_differences_need_both_answers():
    words = {
        ("a", "x"): PeoplesWord(1.0),
        ("a", "y"): PeoplesWord(0.0),
        ("b", "x"): PeoplesWord(None),
        ("b", "y"): PeoplesWord(1.0),
    }
    outputs = {("a", 0): ("x", "y"), ("b", 0): ("x", "y"), ("a", 1): ("x", "z")}
    assert people_differences(words, outputs) == {("a", 0): -1.0}


def test_the_margin_of_a_judge_that_errs():
    assert judged_margin(0.05, 0.9, 0.8) == pytest.approx(0.035)
    assert judged_margin(0.05, 0.5, 0.5) is None
    assert judged_margin(0.05, None, 0.9) is None
    assert judged_margin(0.05, 0.9, None) is None
