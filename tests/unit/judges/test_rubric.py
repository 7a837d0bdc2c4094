"""What a judge's own file says of its verdicts, and what it is told to go by."""

from __future__ import annotations

import pytest

from promptops.errors import InputError
from promptops.values.score import Score, Unscorable, Vote
from tests.scoring import score, scorer, subject
from tests.unit.judges.judge_files import bench, content, in_turn, said, written

OWN_LABELS = "judge: {labels: {good: 1, bad: 0, cannot_tell: null}}\n"
POINTS = 'judge: {anchors: {"5": "Every claim holds.", "3": "Most do.", "1": "None does."}}\n'
SCALED = written(
    "answer: {type: string}, anchors: {type: string}",
    "{{ anchors }} {{ answer }}",
    "{type: integer, minimum: 1, maximum: 5}",
    POINTS,
)
QUESTIONS = """\
judge:
  criteria:
    clear: {question: Is it clear?}
    whole: {question: Is all of it there?, weight: 2}
    rude: {question: Is it rude?, expect: no}
"""
ASKING = written(
    "answer: {type: string}, criteria: {type: string}",
    "{{ criteria }} {{ answer }}",
    None,
    QUESTIONS,
)


def made(**options):
    return scorer(type="judge", prompt="judges/plain", **options)


def judged(tmp_path, text, *outcomes, **options):
    desk = bench(tmp_path, text, in_turn(*outcomes))
    return score(made(**options), subject("Nine."), desk), desk


def test_labels_may_stand_in_the_judges_own_file(tmp_path):
    scored, _ = judged(tmp_path, written(more=OWN_LABELS), said("good"))
    assert isinstance(scored, Score)
    assert (scored.value, scored.label, scored.votes) == (1, "good", ())


def test_the_suites_labels_win(tmp_path):
    labels = {"good": 0.25, "bad": 0, "cannot_tell": None}
    scored, _ = judged(tmp_path, written(more=OWN_LABELS), said("good"), labels=labels)
    assert isinstance(scored, Score)
    assert scored.value == 0.25


def test_a_judge_that_cannot_tell_is_no_failure_and_no_score(tmp_path):
    scored, desk = judged(tmp_path, written(more=OWN_LABELS), said("cannot_tell", "no source"))
    assert isinstance(scored, Unscorable)
    assert scored.reason == "the judge cannot tell: no source"
    assert not scored.infrastructure
    assert scored.judge
    assert len(desk.asked) == 1  # it is an answer, and is not asked for again


@pytest.mark.parametrize("kind", ["[integer, 'null'], minimum: 1, maximum: 5", "[number, 'null']"])
def test_null_is_a_judge_that_cannot_tell_where_its_schema_has_it(tmp_path, kind):
    scored, _ = judged(tmp_path, written(verdict=f"{{type: {kind}}}"), said(None))
    assert isinstance(scored, Unscorable)
    assert scored.reason.startswith("the judge cannot tell")
    scored, _ = judged(tmp_path, written(verdict=f"{{type: {kind}}}"), said(1))
    assert isinstance(scored, Score)


def test_the_schema_is_made_of_the_labels_where_there_is_none(tmp_path):
    scored, desk = judged(tmp_path, written(verdict=None, more=OWN_LABELS), said("bad"))
    assert isinstance(scored, Score)
    assert scored.value == 0
    schema = desk.asked[0][0].output_schema
    assert schema is not None
    assert schema["properties"]["verdict"]["enum"] == ["good", "bad", "cannot_tell"]
    assert list(schema["properties"]) == ["explanation", "verdict"]


def test_the_anchors_of_a_scale_are_shown_in_its_order(tmp_path):
    scored, desk = judged(tmp_path, SCALED, said(4))
    assert isinstance(scored, Score)
    assert (scored.value, scored.label) == (0.75, "4")
    expected = "- 1: None does.\n- 3: Most do.\n- 5: Every claim holds."
    assert expected in content(desk.asked[0][0])


def test_criteria_are_asked_at_once_and_added_up(tmp_path):
    words = {"clear": "yes", "whole": "no", "rude": "no"}
    answer = said(None, "half of it is missing", criteria=words)
    answer = type(answer)(answer.content.replace('"verdict": null, ', ""))
    scored, desk = judged(tmp_path, ASKING, answer)
    assert isinstance(scored, Score)
    assert scored.value == pytest.approx(2 / 4)
    assert scored.label == "2 of 3"
    assert scored.explanation == "half of it is missing"
    assert scored.votes == (
        Vote(1.0, "yes", by="clear"),
        Vote(0.0, "no", by="whole"),
        Vote(1.0, "no", by="rude"),
    )
    assert "- clear: Is it clear?\n- whole: Is all of it there?\n- rude: " in content(
        desk.asked[0][0]
    )
    schema = desk.asked[0][0].output_schema
    assert schema is not None
    assert schema["properties"]["criteria"]["required"] == ["clear", "whole", "rude"]


def heard(tmp_path, words):
    text = '{"explanation": "e", "criteria": ' + words + "}"
    answer = type(said("x"))(text)
    return judged(tmp_path, ASKING, answer, answer)[0]


def test_criteria_that_it_cannot_tell_are_left_out(tmp_path):
    scored = heard(tmp_path, '{"clear": "yes", "whole": "cannot_tell", "rude": "yes"}')
    assert isinstance(scored, Score)
    assert scored.value == 0.5
    assert scored.votes[1] == Vote(None, "cannot_tell", by="whole")
    scored = heard(
        tmp_path, '{"clear": "cannot_tell", "whole": "cannot_tell", "rude": "cannot_tell"}'
    )
    assert isinstance(scored, Unscorable)
    assert scored.reason == "the judge cannot tell: e"


@pytest.mark.parametrize(
    "words",
    [
        "{}",
        '{"clear": "yes", "whole": "no"}',
        '{"clear": "yes", "whole": "no", "rude": "no", "more": "yes"}',
        '{"clear": "Yes", "whole": "no", "rude": "no"}',
        '{"clear": true, "whole": "no", "rude": "no"}',
        '{"clear": null, "whole": "no", "rude": "no"}',
        '["yes", "no", "no"]',
        '"yes"',
    ],
)
def test_a_word_that_is_none_of_the_three_is_malformed(tmp_path, words):
    scored = heard(tmp_path, words)
    assert isinstance(scored, Unscorable)
    assert "no readable verdict" in scored.reason


ENDS = 'judge: {anchors: {"1": "None.", "4": "Nearly all."}}\n'
OFF = 'judge: {anchors: {"1": "None.", "5": "All.", "9": "More."}}\n'
CRITERIA_SCHEMA = """\
output:
  schema:
    properties:
      explanation: {type: string}
      criteria: {type: object, properties: {clear: {enum: [yes, no]}}}
"""
WORDS_SCHEMA = CRITERIA_SCHEMA.replace("clear: {enum: [yes, no]}", "clear: {enum: [yes, maybe]}")
ONE = "judge: {criteria: {clear: {question: Is it clear?}}}\n"
CLEAR = ASKING.replace(QUESTIONS, ONE)


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (SCALED.replace(POINTS, ENDS), {}, "nothing says what earns '5'"),
        (SCALED.replace(POINTS, OFF), {}, "'9' is no verdict"),
        (SCALED.replace("{{ anchors }}", ""), {}, "never shown its anchors"),
        (written(verdict="{type: number}", more=POINTS), {}, "anchors are for a scale"),
        (ASKING.replace("{{ criteria }}", ""), {}, "never shown its criteria"),
        (ASKING, {"labels": {"good": 1}}, "has no labels"),
        (ASKING, {"scale": [1, 5]}, "has no scale"),
        (ASKING, {"inputs": {"criteria": "mine"}}, "filled by promptops"),
        (ASKING + CRITERIA_SCHEMA, {}, "lacks the criterion 'rude'"),
        (CLEAR + WORDS_SCHEMA, {}, "must be an enum of yes, no"),
        (ASKING + "  labels: {good: 1}\n", {}, "not both"),
        (written(), {}, "nobody says what"),
        (written(more="judge: {labels: {good: 1, bad: 0, maybe: null}}\n"), {}, "no label 'maybe'"),
        (
            written(more="judge: {labels: {good: null, bad: null, cannot_tell: null}}\n"),
            {},
            "worth",
        ),
        (
            written(more=OWN_LABELS + "tools: [{type: function, function: {name: f}}]\n"),
            {},
            "tools",
        ),
        (written(more=OWN_LABELS + "params: {web_search_options: {}}\n"), {}, "has tools"),
        (written(more="judge: {lables: {}}\n"), {}, "did you mean 'labels'"),
        (written(more="judge: {labels: {good: 2}}\n"), {}, "<= 1"),
        (ASKING.replace("expect: no", "expect: maybe"), {}, "expected one of no, yes"),
    ],
)
def test_a_rubric_that_does_not_hold_together_is_an_input_error(tmp_path, text, options, message):
    with pytest.raises(InputError) as caught:
        made(**options).preflight(bench(tmp_path, text))
    assert message in str(caught.value)


def test_a_schema_of_ones_own_for_criteria_is_checked_and_sent(tmp_path):
    text = '{"explanation": "e", "criteria": {"clear": "yes"}}'
    scored, desk = judged(tmp_path, CLEAR + CRITERIA_SCHEMA, type(said("x"))(text))
    assert isinstance(scored, Score)
    assert scored.value == 1
    assert "additionalProperties" not in str(desk.asked[0][0].output_schema)


def test_what_a_verdict_is_worth_is_part_of_the_judges_digest(tmp_path):
    digests = set()
    for more in ("", OWN_LABELS, OWN_LABELS.replace("bad: 0", "bad: 0.5")):
        digests.add(bench(tmp_path, written(more=more)).load_prompt("judges/plain").digest)
    assert len(digests) == 3
