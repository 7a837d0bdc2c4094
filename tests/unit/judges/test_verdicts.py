"""Reading a verdict strictly."""

from __future__ import annotations

import pytest

from promptops.judges.verdicts import JudgeOptionError, MalformedVerdictError, VerdictReader


def said(verdict):
    return '{"explanation": "so", "verdict": ' + verdict + "}"


def schema(verdict, **more):
    return {
        "type": "object",
        "properties": {"explanation": {"type": "string"}, "verdict": verdict, **more},
    }


LABELS = VerdictReader(
    schema({"enum": ["good", "middling", "bad"]}), labels={"good": 1, "middling": 0.5, "bad": 0}
)
SCALE = VerdictReader(schema({"type": "integer", "minimum": 1, "maximum": 5}))
SHARE = VerdictReader(schema({"type": "number"}))


@pytest.mark.parametrize(
    ("reader", "verdict", "value", "label"),
    [
        (LABELS, '"good"', 1, "good"),
        (LABELS, '"middling"', 0.5, "middling"),
        (LABELS, '"bad"', 0, "bad"),
        (SCALE, "1", 0, "1"),
        (SCALE, "4", 0.75, "4"),
        (SCALE, "5", 1, "5"),
        (SHARE, "0.25", 0.25, "0.25"),
        (SHARE, "1", 1, "1"),
    ],
)
def test_verdicts_have_values(reader, verdict, value, label):
    read = reader.read(said(verdict))
    assert (read.value, read.label, read.explanation) == (value, label, "so")


@pytest.mark.parametrize(
    "verdict",
    ["NaN", "Infinity", "-Infinity", '"9/10"', "11",
     "0", "-1", "true", "false", "null", '"4"', "4.5", "4.0", "[4]", '{"value": 4}', "1e400"],
)  # fmt: skip
def test_what_is_not_on_the_scale_is_malformed(verdict):
    with pytest.raises(MalformedVerdictError):
        SCALE.read(said(verdict))


@pytest.mark.parametrize(
    "verdict", ["NaN", "Infinity", "1.01", "-0.01", "true", '"0.5"', "1e999", "null"]
)
def test_what_is_no_share_is_malformed(verdict):
    with pytest.raises(MalformedVerdictError):
        SHARE.read(said(verdict))


@pytest.mark.parametrize(
    "verdict", ['"Good"', '"good "', '"great"', "1", "true", "null", '["good"]', '""']
)
def test_what_is_no_label_is_malformed(verdict):
    with pytest.raises(MalformedVerdictError):
        LABELS.read(said(verdict))


GOOD = '{"explanation": "so", "verdict": "good"}'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "good",
        '"good"',
        "[]",
        f"[{GOOD}]",
        f"Here it is: {GOOD}",
        f"{GOOD} That is all.",
        f"```json\n{GOOD}\n```",
        f"{GOOD}\n{GOOD}",
        '{"explanation": "so", "verdict": "bad", "verdict": "good"}',
        '{"explanation": "so", "verdict": "good", "score": 10}',
        '{"verdict": "good"}',
        '{"explanation": "so"}',
        '{"explanation": null, "verdict": "good"}',
        '{"explanation": "so", "verdict": "good"',
        "{" * 100_000,
        '{"a":' * 100_000,
    ],
)
def test_anything_but_one_object_with_one_verdict_is_malformed(text):
    with pytest.raises(MalformedVerdictError):
        LABELS.read(text)


def test_blanks_around_and_keys_that_the_schema_knows_are_fine():
    reader = VerdictReader(
        schema({"enum": ["good", "bad"]}, claims={"type": "array"}), labels={"good": 1, "bad": 0}
    )
    assert reader.read(' \n{"claims": [], "explanation": "", "verdict": "good"}\n').value == 1


GOOD_BAD = {"enum": ["good", "bad"]}
ONE_TO_FIVE = {"type": "integer", "minimum": 1, "maximum": 5}


@pytest.mark.parametrize(
    ("written", "options", "option", "message"),
    [
        (None, {}, "prompt", "explanation and verdict"),
        ({"type": "object"}, {}, "prompt", "explanation and verdict"),
        ({"properties": {"verdict": GOOD_BAD}}, {}, "prompt", "explanation and verdict"),
        (schema(GOOD_BAD), {}, "prompt", "what each of the judge's labels is worth"),
        (schema(GOOD_BAD), {"labels": {"good": 1}}, "labels", "'bad' has no value"),
        (schema(GOOD_BAD), {"labels": {"goood": 1}}, "labels", "no label 'goood'"),
        (schema(GOOD_BAD), {"labels": {"good": 1}, "scale": (1, 5)}, "scale", "whole numbers"),
        (schema(GOOD_BAD), {"labels": {"good": 1, "bad": 1}}, "labels", "tell no answers apart"),
        (schema(GOOD_BAD), {"labels": {"good": 1, "bad": None}}, "labels", "tell no answers apart"),
        (schema({"enum": [1, 2]}), {"labels": {"1": 1}}, "prompt", "must be texts"),
        (schema({"type": "integer"}), {}, "prompt", "ends of its scale"),
        (schema({"type": "integer"}), {"scale": (5, 1)}, "scale", "ends of its scale"),
        (schema(ONE_TO_FIVE), {"scale": (1, 10)}, "scale", "not the judge's own"),
        (schema({"type": "number"}), {"scale": (1, 5)}, "scale", "whole numbers"),
        (schema({"type": "number"}), {"labels": {"good": 1}}, "labels", "an enum"),
        (schema({"type": "string"}), {}, "prompt", "an enum of labels, an integer or a number"),
    ],
)
def test_options_that_do_not_fit_the_judge_are_refused(written, options, option, message):
    with pytest.raises(JudgeOptionError, match=message) as caught:
        VerdictReader(written, **options)
    assert caught.value.option == option


def test_a_scale_may_come_from_the_suite():
    reader = VerdictReader(schema({"type": "integer"}), scale=(1, 10))
    assert reader.read('{"explanation": "", "verdict": 10}').value == 1
