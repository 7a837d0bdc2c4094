"""What votes say of the judges that gave them."""

from __future__ import annotations

import random
from statistics import fmean, pvariance

import pytest

from promptops.engine.judging.vote_tally import (
    Position,
    VoteTally,
    noise_of_mean,
    position_told,
    silences,
)
from promptops.values.sample import Arm
from promptops.values.score import Score, Unscorable, Vote


def votes(*values, by="a", order=""):
    return tuple(Vote(value, by=by, order=order) for value in values)


def test_the_noise_of_a_mean_is_that_of_its_repeated_votes():
    assert noise_of_mean(votes(1.0, 0.0)) == pytest.approx(0.5 / 2)
    assert noise_of_mean(votes(1.0, 1.0, 0.0)) == pytest.approx((1 / 3) / 3)
    panel = (*votes(1.0, 0.0), *votes(0.0, 0.0, by="b"))
    assert noise_of_mean(panel) == pytest.approx(2 * 0.5 / 16)
    assert noise_of_mean(votes(1.0, 1.0)) == 0


def test_members_that_differ_are_no_noise_and_one_vote_tells_none():
    assert noise_of_mean((*votes(1.0, 1.0), *votes(0.0, 0.0, by="b"))) == 0
    assert noise_of_mean(votes(1.0)) is None
    assert noise_of_mean((*votes(1.0, 0.0), *votes(1.0, by="b"))) is None
    assert noise_of_mean(votes(1.0, None, 0.0)) == pytest.approx(0.25)
    assert noise_of_mean(()) is None


def test_it_finds_the_variance_that_a_judge_brings():
    chance = random.Random(3)
    tally = VoteTally(pairs=False, averaged=True)
    means = []
    for _ in range(4000):
        both = {}
        shares: dict[Arm, float] = {"candidate": 0.7, "baseline": 0.5}
        for arm, share in shares.items():
            found = [float(chance.random() < share) for _ in range(3)]
            both[arm] = fmean(found)
            tally.count(arm, Score(both[arm], votes=votes(*found)))
        means.append(both["candidate"] - both["baseline"])
    assert tally.variance == pytest.approx((0.21 + 0.25) / 3, rel=0.03)
    assert tally.variance == pytest.approx(pvariance(means), rel=0.06)


def test_shared_answers_and_other_ways_to_combine():
    tally = VoteTally(pairs=False, averaged=True)
    for arm in ("baseline", "candidate"):
        tally.count(arm, Score(0.5, votes=votes(1.0, 0.0)))
        tally.count(arm, Score(0.5, votes=votes(1.0, 0.0)), shared=True)
    assert tally.variance == pytest.approx(0.25)  # half of the pairs have none
    plain = VoteTally(pairs=False, averaged=False)
    plain.count("baseline", Score(0.5, votes=votes(1.0, 0.0)))
    plain.count("candidate", Score(0.5, votes=votes(1.0, 0.0)))
    assert plain.variance is None
    once = VoteTally(pairs=False, averaged=True)
    once.count("candidate", Score(1.0), shared=True)
    once.count("candidate", Unscorable("no"))
    assert once.variance is None


def both(first, second, values):
    return Score(
        fmean(values),
        votes=(
            Vote(values[0], first, by="m", order="baseline first"),
            Vote(values[1], second, by="m", order="candidate first"),
        ),
    )


def test_the_place_that_a_judge_of_pairs_favours():
    tally = VoteTally(pairs=True, averaged=True)
    tally.count("candidate", both("first", "first", (0.0, 1.0)))
    tally.count("candidate", both("second", "first", (1.0, 1.0)))
    tally.count("candidate", both("tie", "first", (0.5, 1.0)))
    silent = Score(0.5, votes=(Vote(None, "down", order="baseline first"), Vote(1.0, "first")))
    tally.count("candidate", silent)
    assert tally.position == Position(decided=6, first=5, asked=3, flipped=1)
    assert VoteTally(pairs=True, averaged=True).position is None
    assert position_told(tally.position) == (
        "the answer shown first won 83% of 6 votes; 1 of 3 pairs flipped with the order"
    )
    assert tally.variance is None  # each order was asked once


def test_the_noise_of_a_pair_is_that_of_its_difference():
    tally = VoteTally(pairs=True, averaged=True)
    orders = (
        *votes(1.0, 0.0, by="m", order="baseline first"),
        *votes(1.0, 1.0, by="m", order="candidate first"),
    )
    tally.count("candidate", Score(0.75, votes=orders))
    assert tally.variance == pytest.approx(4 * (2 * 0.5) / 16)


def test_who_was_silent_is_told():
    tally = VoteTally(pairs=False, averaged=True)
    for _ in range(3):
        votes_ = (Vote(1.0, by="a"), Vote(None, "down", by="b"))
        tally.count("candidate", Score(1.0, votes=votes_))
    tally.count("candidate", Score(1.0, votes=(Vote(1.0, by="a"), Vote(1.0, by="b"))))
    assert silences({"fair": tally}) == ["fair: b: 3 of 4 votes are missing (down)"]
