"""Panels and repeated votes."""

from __future__ import annotations

import pytest

from promptops.errors import InputError
from promptops.judges.asking import MOST_VOTES
from promptops.values.response import Failure, Response
from promptops.values.score import Score, Unscorable, Vote
from tests.scoring import score, scorer, subject
from tests.unit.judges.judge_files import bench, in_turn, said, written

TEXT = written(more="judge: {labels: {good: 1, bad: 0, cannot_tell: null}}\n")
SCALE = written(verdict="{type: integer, minimum: 1, maximum: 5}")
PANEL = ["openai/a", "openai/b", "openai/c"]
DOWN = Failure("overloaded", "503", retryable=False)
ODD = Response("Good!")


def made(**options):
    return scorer(type="judge", prompt="judges/plain", **options)


def voted(tmp_path, *outcomes, text=TEXT, **options):
    desk = bench(tmp_path, text, in_turn(*outcomes))
    return score(made(**options), subject("Nine."), desk), desk


def test_every_model_of_a_panel_has_a_vote_that_is_kept(tmp_path):
    scored, desk = voted(
        tmp_path, said("good", "x"), said("bad", "y"), said("good", "z"), models=PANEL
    )
    assert isinstance(scored, Score)
    assert scored.value == pytest.approx(2 / 3)
    assert (scored.label, scored.explanation) == ("good", "x")
    assert scored.votes == (
        Vote(1.0, "good", "x", "openai/a"),
        Vote(0.0, "bad", "y", "openai/b"),
        Vote(1.0, "good", "z", "openai/c"),
    )
    assert [request.model for request, _ in desk.asked] == PANEL
    assert {index for _, index in desk.asked} == {0}


def test_repeated_votes_are_other_draws_of_the_same_request(tmp_path):
    scored, desk = voted(tmp_path, said("good"), said("good"), said("bad"), votes=3)
    assert isinstance(scored, Score)
    assert scored.value == pytest.approx(2 / 3)
    assert [index for _, index in desk.asked] == [0, 1, 2]
    assert len({str(request) for request, _ in desk.asked}) == 1


def test_a_second_attempt_takes_no_other_votes_place(tmp_path):
    scored, desk = voted(tmp_path, said("good"), ODD, said("bad"), said("good"), votes=3)
    assert isinstance(scored, Score)
    assert [index for _, index in desk.asked] == [0, 1, 1 + MOST_VOTES, 2]


@pytest.mark.parametrize(
    ("combine", "points", "value", "label"),
    [
        ("mean", (5, 5, 1), 2 / 3, "5"),
        ("majority", (5, 5, 1), 1, "5"),
        ("median", (5, 4, 1), 0.75, "divided"),
        ("mean", (5, 4, 1), 7 / 12, "divided"),
        ("majority", (5, 4, 1), 7 / 12, "divided"),
    ],
)
def test_how_votes_become_one_score(tmp_path, combine, points, value, label):
    scored, _ = voted(tmp_path, *map(said, points), text=SCALE, votes=3, combine=combine)
    assert isinstance(scored, Score)
    assert scored.value == pytest.approx(value)
    assert scored.label == label


@pytest.mark.parametrize(
    ("second", "label"),
    [((DOWN,), "down"), ((ODD, ODD), "unreadable"), ((said("cannot_tell"),), "cannot tell")],
)
def test_half_of_the_votes_are_enough_and_the_missing_one_is_kept(tmp_path, second, label):
    scored, _ = voted(tmp_path, said("good"), *second, models=PANEL[:2])
    assert isinstance(scored, Score)
    assert scored.value == 1
    assert scored.votes[1].value is None
    assert scored.votes[1].label == label
    assert scored.votes[1].by == "openai/b"


@pytest.mark.parametrize(
    ("two", "reason", "infrastructure"),
    [
        (
            (DOWN, DOWN),
            "the judge could not be asked (overloaded) (2 of 3 votes are missing)",
            True,
        ),
        ((ODD, ODD, ODD, ODD), "the judge gave no readable verdict, 2 times (2 of 3", False),
        ((said("cannot_tell", "hm"), said("cannot_tell")), "the judge cannot tell (2 of 3", False),
        ((said("cannot_tell"), DOWN), "the judge cannot tell (2 of 3", True),  # two would do
    ],
)
def test_less_than_half_is_no_score(tmp_path, two, reason, infrastructure):
    scored, _ = voted(tmp_path, said("good"), *two, models=PANEL)
    assert isinstance(scored, Unscorable)
    assert scored.reason.startswith(reason)
    assert scored.infrastructure is infrastructure


def test_nothing_to_judge_asks_nobody(tmp_path):
    desk = bench(tmp_path, TEXT, in_turn())
    scored = score(made(models=PANEL, votes=3), subject("..."), desk)
    assert isinstance(scored, Score)
    assert (scored.value, desk.asked) == (0, [])


def test_negation_turns_the_votes_too(tmp_path):
    scored, _ = voted(tmp_path, said("good"), DOWN, models=PANEL[:2], negate=True)
    assert isinstance(scored, Score)
    assert (scored.value, [vote.value for vote in scored.votes]) == (0, [0.0, None])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"models": ["a/b"], "model": "a/c"}, "a panel of them"),
        ({"models": ["a/b", "a/b"]}, "twice on the panel"),
        ({"models": []}, "models"),
        ({"votes": 0}, "votes"),
        ({"votes": MOST_VOTES + 1}, "votes"),
        ({"combine": "sum"}, "expected one of"),
        ({"models": ["a/b", "embedded/smollm2-135m"]}, "too small to judge"),
    ],
)
def test_a_panel_that_cannot_work_is_an_input_error_at_its_option(tmp_path, options, message):
    with pytest.raises(InputError, match=message) as caught:
        made(**options).preflight(bench(tmp_path, TEXT))
    assert str(caught.value).startswith("evals/towns.yaml:1:")


def test_numbers_have_no_majority(tmp_path):
    with pytest.raises(InputError, match="a majority needs"):
        made(votes=3, combine="majority").preflight(
            bench(tmp_path, written(verdict="{type: number}"))
        )


def test_repeated_votes_at_temperature_0_are_warned_of(tmp_path):
    for params, votes, notes in (("0", 3, 1), ("0", 1, 0), ("0.7", 3, 0)):
        one = made(votes=votes)
        one.preflight(bench(tmp_path, TEXT + f"params: {{temperature: {params}}}\n"))
        assert len(one.notes) == notes
        assert one.questions == {"openai/judge": votes}


def test_the_panel_is_part_of_the_scorers_digest_and_its_absence_is_not():
    plain = made()
    assert made(votes=1, combine="mean").digest == plain.digest
    for options in ({"votes": 2}, {"combine": "median"}, {"models": ["a/b"]}):
        assert made(**options).digest != plain.digest
