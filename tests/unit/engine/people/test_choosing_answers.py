"""Which answers people are asked about: at random, where it matters, where opinions differ."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from promptops.engine.people.choosing_answers import (
    Chosen,
    Drawn,
    choose_answers,
    choose_pairs,
    drawn,
    shuffled,
    swapped,
)
from promptops.values.details import CaseDetails, SampleDetails
from promptops.values.label import output_digest
from promptops.values.report import Change
from promptops.values.response import Response
from promptops.values.score import Score, Unscorable, Vote


class Kept:
    """What is behind a run, by hand."""

    baseline = None
    candidate = None

    def __init__(self, *cases):
        self._cases = cases

    def cases(self):
        return iter(self._cases)


def run_of(cases=10, samples=3, arms=("baseline", "candidate"), unsure=0.0, apart=0.0):
    return [
        Drawn(f"c{case}", arm, index, f"{arm} {case} {index}", unsure, apart)
        for case in range(cases)
        for arm in arms
        for index in range(samples)
    ]


def names(chosen):
    return [(each.case, *each.outputs) for each in chosen]


def test_what_is_not_there_is_not_asked_about():
    gone = [
        SampleDetails("baseline", 0, failure="timeout"),
        SampleDetails("baseline", 1, missing=True),
        SampleDetails("candidate", 0, content="so", tool_calls=[{"id": 1}]),
    ]
    (found,) = drawn(Kept(CaseDetails("x", samples=gone)), "fair", [])
    assert found.output == output_digest(Response("so", tool_calls=[{"id": 1}]))
    assert (found.case, found.arm, found.index) == ("x", "candidate", 0)


@pytest.mark.parametrize(
    ("scored", "unsure"),
    [
        (Score(1.0), 0.0),
        (Score(0.5), 1.0),
        (Score(0.75), 0.75),
        (Score(1.0, votes=(Vote(1.0), Vote(1.0), Vote(None))), 0.0),
        (Score(0.5, votes=(Vote(1.0), Vote(0.0))), 1.0),
        (Unscorable("the judge cannot tell: no context"), 1.0),
        (Unscorable("the judge gave no readable verdict"), 0.0),
        (None, 0.0),
    ],
)
def test_how_sure_a_score_is(scored, unsure):
    scores = {} if scored is None else {"fair": scored}
    sample = SampleDetails("candidate", 0, content="so", scores=scores)
    (found,) = drawn(Kept(CaseDetails("x", samples=[sample])), "fair", [])
    assert found.unsure == pytest.approx(unsure)


@pytest.mark.parametrize(
    ("fair", "said", "apart"),
    [
        (Score(1.0), Score(1.0), 0.0),
        (Score(1.0), Score(0.0), 1.0),
        (Score(0.75), Score(0.25), 0.5),
        (Score(0.75), Score(0.5), 0.0),
        (Score(0.5, votes=(Vote(0.0), Vote(1.0))), Score(0.5), 1.0),
        (Score(1.0), Unscorable("it is down", infrastructure=True), 0.0),
        (Unscorable("it is down"), Score(0.0), 0.0),
    ],
)
def test_how_far_those_who_scored_are_apart(fair, said, apart):
    sample = SampleDetails("candidate", 0, content="so", scores={"fair": fair, "said": said})
    (found,) = drawn(Kept(CaseDetails("x", samples=[sample])), "fair", ["said"])
    assert found.apart == pytest.approx(apart)


def test_uniform_takes_both_sides_of_a_sample_and_every_case_before_a_second_of_any():
    chosen = choose_answers(run_of(), "uniform", 20, seed=1)
    assert len(chosen) == 20
    slots = Counter((each.case, each.outputs[0].split()[-1]) for each in chosen)
    assert set(slots.values()) == {2}, "both sides of each"
    assert len({case for case, _ in slots}) == 10
    assert len({index for _, index in slots}) > 1, "not always the first sample"


def test_uniform_goes_on_where_it_stopped():
    first = names(choose_answers(run_of(), "uniform", 10, seed=1))
    more = names(choose_answers(run_of(), "uniform", 10, seed=1, labelled=first))
    assert sorted(first + more) == sorted(names(choose_answers(run_of(), "uniform", 20, seed=1)))


def test_half_a_pair_is_not_shown_unless_the_other_half_is_labelled():
    assert len(choose_answers(run_of(), "uniform", 3, seed=1)) == 2
    assert len(choose_answers(run_of(), "uniform", 1, seed=1)) == 2
    one, other = names(choose_answers(run_of(), "uniform", 2, seed=1))
    assert names(choose_answers(run_of(), "uniform", 1, seed=1, labelled=[one])) == [other]


def test_every_sample_is_as_likely_as_any_other():
    counts = Counter(
        name[1]
        for seed in range(600)
        for name in names(choose_answers(run_of(4, 3), "uniform", 2, seed=seed))
    )
    assert len(counts) == 24
    # 600 draws out of 12 slots: 50 each, give or take 7; five times that never comes.
    assert min(counts.values()) > 15
    assert max(counts.values()) < 85


def test_the_same_content_is_shown_once():
    same = [Drawn("c", arm, i, "same", 0, 0) for arm in ("baseline", "candidate") for i in range(5)]
    assert names(choose_answers(same, "uniform", 20, seed=1)) == [("c", "same")]
    assert choose_pairs(same, "uniform", 20, seed=1) == []


def test_a_run_with_one_side_gives_single_answers():
    chosen = choose_answers(run_of(arms=("candidate",)), "uniform", 7, seed=1)
    assert len({each.case for each in chosen}) == 7


def test_a_sample_whose_other_side_is_lost_is_no_pair():
    lost = [*run_of(1, 1), Drawn("c9", "baseline", 0, "alone", 0, 0)]
    assert {each.case for each in choose_answers(lost, "uniform", 20, seed=1)} == {"c0"}


def test_informative_begins_with_cases_that_moved_and_there_with_the_least_sure():
    samples = [
        Drawn("same", "candidate", 0, "s", 1.0, 0),
        Drawn("broken", "candidate", 0, "b0", 0.1, 0),
        Drawn("broken", "candidate", 1, "b1", 0.9, 0),
        Drawn("fixed", "candidate", 0, "f", 0.5, 0),
        Drawn("worse", "candidate", 0, "w", 1.0, 0),
    ]
    changes: dict[str, Change] = {"broken": "broken", "fixed": "fixed", "worse": "worse"}
    chosen = choose_answers(samples, "informative", 9, seed=1, changes=changes)
    assert [each.outputs[0] for each in chosen] == ["b1", "f", "b0", "w", "s"]


def test_disagreements_are_ordered_and_nothing_else_is_shown():
    samples = [Drawn(f"c{n}", "candidate", 0, f"{n}", 1.0, n / 4) for n in range(5)]
    chosen = choose_answers(samples, "disagreements", 9, seed=1)
    assert [each.outputs[0] for each in chosen] == ["4", "3", "2", "1"]


def test_pairs_are_of_one_case_and_index_and_their_order_tells_nothing():
    chosen = choose_pairs(run_of(6, 2), "uniform", 100, seed=1)
    assert len(chosen) == 12
    for each in chosen:
        assert list(each.outputs) == sorted(each.outputs)
        one, other = (output.split() for output in each.outputs)
        assert one[1:] == other[1:]
    some = names(chosen[:5])
    rest = choose_pairs(run_of(6, 2), "uniform", 100, seed=1, labelled=some)
    assert names(rest) == names(chosen[5:])
    sides = Counter(swapped(Chosen(f"c{n}", ("a", "b")), 0, "Ana") for n in range(400))
    assert 120 < sides[True] < 280


def test_pairs_that_matter_come_first():
    samples = [
        Drawn(f"c{n}", arm, 0, f"{arm}{n}", 0, n / 4 if arm == "candidate" else 0)
        for n in range(4)
        for arm in ("baseline", "candidate")
    ]
    chosen = choose_pairs(samples, "disagreements", 9, seed=1)
    assert [each.case for each in chosen] == ["c3", "c2", "c1"]


def test_the_order_is_another_for_each_reviewer_and_answers_of_a_case_are_apart():
    chosen = choose_answers(run_of(5, 2), "uniform", 100, seed=1)
    assert len(chosen) == 20
    by_ana = shuffled(chosen, 1, "Ana")
    assert by_ana == shuffled(reversed(chosen), 1, "Ana")
    assert by_ana != shuffled(chosen, 1, "Bo")
    assert by_ana != shuffled(chosen, 2, "Ana")
    assert sorted(names(by_ana)) == sorted(names(chosen))
    close = sum(one.case == other.case for one, other in pairwise(by_ana))
    assert close <= 2, "as far as that can be"
