"""Judges in other words: each changes one thing, and each is still a judge."""

import pytest

from promptops.judges.rubric import Ruled
from promptops.judges.showing import Showing
from promptops.judges.variants import automatic_variants
from promptops.prompts.loading import parse_prompt

HEAD = """\
# A judge of nobody's.
version: 1
model: openai/judge
inputs: {answer: {type: string}, fence: {type: string}, GUIDE: {type: string}}
messages:
  - role: system
    content: |
      Judge by these:
      {{ GUIDE }}
  - {role: user, content: "{{ fence }} {{ answer }} {{ fence }}"}
"""
LABELS = """\
judge:
  labels: {good: 1, bad: 0, cannot_tell: null}
  anchors: {good: "All is right.", bad: "Something\\nis wrong."}
"""
SCALE = """\
judge:
  anchors: {"1": "Nothing\\n- is right.", "3": "Half.", "5": "All."}
output:
  schema:
    type: object
    properties:
      explanation: {type: string}
      verdict: {type: integer, minimum: 1, maximum: 5}
    required: [explanation, verdict]
    additionalProperties: false
"""
CRITERIA = """\
judge:
  criteria:
    short: {question: Is it short?}
    kind: {question: Is it kind?, weight: 2}
"""


class NoFiles:
    def read(self, path):
        del path

    def list(self, folder):
        del folder
        return []


def ruled(text):
    return Ruled(parse_prompt(text, "judges/it", NoFiles()))


def variants_of(rest, guide="anchors"):
    return {
        each.name: each for each in automatic_variants(ruled(HEAD.replace("GUIDE", guide) + rest))
    }


def asked(source):
    """What is sent for one answer."""
    made = ruled(source)
    showing = Showing(made, ("answer",))
    request = showing.request({"answer": "It is so."})
    return request.messages[0].content, request.output_schema


KINDS = {
    "labels": (LABELS, "anchors"),
    "scale": (SCALE, "anchors"),
    "criteria": (CRITERIA, "criteria"),
}
EXPECTED = {
    "labels": ["explanation-last", "verdicts-reversed", "without-anchors"],
    "scale": ["explanation-last", "anchors-reversed", "without-anchors"],
    "criteria": ["explanation-last", "criteria-reversed", "without-short", "without-kind"],
}


@pytest.mark.parametrize("kind", KINDS)
def test_all_are_judges_and_each_is_another(kind):
    found = variants_of(*KINDS[kind])
    assert set(found) >= set(EXPECTED[kind])
    digests = {parse_prompt(each.source, "judges/it", NoFiles()).digest for each in found.values()}
    assert len(digests) == len(found)
    for each in found.values():
        asked(each.source)
        assert each.source.startswith("# A judge of nobody's.\nversion: 1\n")
        assert each.about


def test_the_best_first():
    words, _ = asked(variants_of(*KINDS["scale"])["anchors-reversed"].source)
    assert words == "Judge by these:\n- 5: All.\n- 3: Half.\n- 1: Nothing\n  - is right.\n"
    words, schema = asked(variants_of(*KINDS["labels"])["verdicts-reversed"].source)
    assert words == "Judge by these:\n- bad: Something\n  is wrong.\n- good: All is right.\n"
    assert schema["properties"]["verdict"]["enum"] == ["cannot_tell", "bad", "good"]


def test_bare_verdicts_stand_where_anchors_stood():
    words, _ = asked(variants_of(*KINDS["scale"])["without-anchors"].source)
    assert words == "Judge by these:\n- 1\n- 3\n- 5\n"


@pytest.mark.parametrize("kind", KINDS)
def test_the_verdict_before_the_explanation_and_back(kind):
    said = "criteria" if kind == "criteria" else "verdict"
    once = variants_of(*KINDS[kind])["explanation-last"].source
    words, schema = asked(once)
    assert list(schema["properties"]) == schema["required"] == [said, "explanation"]
    assert words.endswith(f'"{said}" comes first, and "explanation" after it.\n')
    (back,) = [e for e in automatic_variants(ruled(once)) if e.name == "explanation-first"]
    assert asked(back.source)[1]["required"] == ["explanation", said]


def test_a_question_is_left_out():
    words, schema = asked(variants_of(*KINDS["criteria"])["without-short"].source)
    assert words == "Judge by these:\n- kind: Is it kind?\n"
    assert list(schema["properties"]["criteria"]["properties"]) == ["kind"]


def test_what_an_include_places_is_left_alone():
    text = HEAD.replace("GUIDE", "anchors").replace("{{ anchors }}", "{{ anchors | upper }}")
    names = [each.name for each in automatic_variants(ruled(text + SCALE))]
    assert names == ["explanation-last"]
