"""Judges that are shown two answers, in both orders."""

from __future__ import annotations

from dataclasses import replace

import pytest

from promptops.errors import InputError
from promptops.judges.pairs import mirrored
from promptops.values.case import Case
from promptops.values.response import Failure, Response
from promptops.values.score import Score, Unscorable
from tests.scoring import score, scorer, subject
from tests.unit.judges.judge_files import bench, content, in_turn, said, written

TEXT = written(
    "first: {type: string}, second: {type: string}, topic: {type: string}",
    "{{ topic }} [{{ first }}] [{{ second }}]",
    "{enum: [first, second, tie, cannot_tell]}",
)
DOWN = Failure("overloaded", "503", retryable=False)


def made(**options):
    return scorer(type="pairwise", prompt="judges/plain", **options)


def paired(candidate="Nine.", baseline="Ten."):
    given = subject(candidate, topic="ferries")
    return replace(given, rival=Response(baseline))


def judged(tmp_path, *outcomes, pair=None, text=TEXT, **options):
    desk = bench(tmp_path, text, in_turn(*outcomes))
    return score(made(**options), pair or paired(), desk), desk


@pytest.mark.parametrize(
    ("baseline_first", "candidate_first", "value", "label"),
    [
        ("second", "first", 1, "better"),
        ("first", "second", 0, "worse"),
        ("tie", "tie", 0.5, "tie"),
        ("first", "first", 0.5, "tie"),
        ("second", "second", 0.5, "tie"),
        ("tie", "first", 0.75, "better"),
        ("first", "tie", 0.25, "worse"),
    ],
)
def test_a_pair_is_worth_the_mean_of_both_orders(
    tmp_path, baseline_first, candidate_first, value, label
):
    scored, _ = judged(tmp_path, said(baseline_first), said(candidate_first))
    assert isinstance(scored, Score)
    assert (scored.value, scored.label) == (value, label)
    assert [(vote.label, vote.order) for vote in scored.votes] == [
        (baseline_first, "baseline first"),
        (candidate_first, "candidate first"),
    ]
    assert {vote.by for vote in scored.votes} == {"openai/judge"}


def test_each_order_shows_the_same_two_answers_and_the_case_alone(tmp_path):
    _, desk = judged(tmp_path, said("tie"), said("tie"))
    one, other = (content(request) for request, _ in desk.asked)
    assert "ferries [Ten.] [Nine.]" in one
    assert "ferries [Nine.] [Ten.]" in other
    assert one.split()[0] != other.split()[0]  # a fence of its own
    assert {index for _, index in desk.asked} == {0}


def test_a_flip_says_both_reasons(tmp_path):
    scored, _ = judged(tmp_path, said("first", "shorter"), said("first", "longer"))
    assert isinstance(scored, Score)
    assert scored.explanation == "the two orders disagree: shorter / longer"


def test_swapping_the_arms_mirrors_the_score(tmp_path):
    one, _ = judged(tmp_path, said("second"), said("tie"))
    other, _ = judged(tmp_path, said("tie"), said("second"), pair=paired("Ten.", "Nine."))
    assert isinstance(one, Score)
    assert isinstance(other, Score)
    assert (one.value, other.value) == (0.75, 0.25)
    back = mirrored(one)
    assert isinstance(back, Score)
    assert (back.value, back.label) == (0.25, "worse")
    assert [vote.value for vote in back.votes] == [0.0, 0.5]
    assert mirrored(back) == one
    silent = Unscorable("the judge cannot tell")
    assert mirrored(silent) is silent


@pytest.mark.parametrize(
    ("candidate", "baseline", "value"),
    [("Nine.", "Nine.", 0.5), ("", ":", 0.5), ("Nine.", "", 1), ("Thought process:", "Ten.", 0)],
)
def test_what_needs_no_judge_is_not_asked(tmp_path, candidate, baseline, value):
    scored, desk = judged(tmp_path, pair=paired(candidate, baseline))
    assert isinstance(scored, Score)
    assert (scored.value, scored.votes, desk.asked) == (value, (), [])


@pytest.mark.parametrize(
    ("outcomes", "reason", "infrastructure"),
    [
        ((said("first"), DOWN), "the judge could not be asked", True),
        ((DOWN, said("first")), "the judge could not be asked", True),
        ((said("first"), said("cannot_tell", "alike")), "the judge cannot tell: alike", False),
        (
            (said("third"), said("third"), said("first")),
            "the judge gave no readable verdict",
            False,
        ),
    ],
)
def test_one_order_alone_is_no_score(tmp_path, outcomes, reason, infrastructure):
    scored, _ = judged(tmp_path, *outcomes)
    assert isinstance(scored, Unscorable)
    assert scored.reason.startswith(reason)
    assert scored.infrastructure is infrastructure


def test_a_panel_asks_each_model_in_both_orders(tmp_path):
    scored, desk = judged(
        tmp_path,
        *(said("second"), said("first")),
        *(said("first"), said("first")),
        *(DOWN, said("first")),
        models=["openai/a", "openai/b", "openai/c"],
    )
    assert isinstance(scored, Score)
    assert scored.value == 0.75  # one for the candidate, one that flipped, one that is not there
    assert len(scored.votes) == len(desk.asked) == 6
    assert scored.votes[4].value is None


def test_an_answer_that_holds_a_verdict_word_for_word_is_not_believed(tmp_path):
    forged = said("second")
    scored, _ = judged(tmp_path, forged, forged, said("first"), pair=paired(forged.content))
    assert isinstance(scored, Unscorable)
    assert "repeats words of the answer" in scored.reason


def test_without_another_answer_there_is_no_score(tmp_path):
    desk = bench(tmp_path, TEXT, in_turn())
    scored = score(made(), subject("Nine.", topic="ferries"), desk)
    assert isinstance(scored, Unscorable)


def test_what_was_sent_is_not_shown(tmp_path):
    asking = TEXT.replace("topic: {", "question: {").replace("{{ topic }}", "{{ question }}")
    one = made()
    one.preflight(bench(tmp_path, asking))
    problem = one.check_case(Case("c1", {"topic": "ferries"}))
    assert problem is not None
    assert "'question'" in problem
    assert one.check_case(Case("c1", {"question": "When?"})) is None


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (TEXT.replace("[{{ second }}]", ""), {}, "never shown the second answer"),
        (TEXT.replace("[first, second, tie, cannot_tell]", "[good, bad]"), {}, "first or second"),
        (TEXT.replace("[first, second, tie, cannot_tell]", "[first, tie]"), {}, "first or second"),
        (TEXT + "judge: {labels: {first: 1, second: 0}}\n", {}, "is fixed"),
        (TEXT + "tools: [{type: function, function: {name: f}}]\n", {}, "has tools"),
        (TEXT, {"labels": {"first": 1}}, "unknown key 'labels'"),
        (TEXT, {"inputs": {"fence": "x"}}, "filled by promptops"),
        (TEXT, {"model": "embedded/smollm2-135m"}, "too small"),
    ],
)
def test_a_judge_of_pairs_that_cannot_work_is_an_input_error(tmp_path, text, options, message):
    with pytest.raises(InputError) as caught:
        made(**options).preflight(bench(tmp_path, text))
    assert message in str(caught.value)


def test_it_says_how_often_it_asks(tmp_path):
    one = made(models=["a/b", "a/c"], votes=3)
    one.preflight(bench(tmp_path, TEXT))
    assert one.questions == {"a/b": 6, "a/c": 6}
    assert one.pairs
