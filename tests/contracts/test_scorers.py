"""What every scorer holds to, whoever wrote it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from promptops.documents.yaml_reader import read_yaml
from promptops.errors import InputError
from promptops.scorers.discovery import build, options_type, scorer_module, scorer_types
from promptops.scorers.scorer import ScorerOptions
from promptops.values.case import Case
from promptops.values.response import Response, Usage
from promptops.values.score import Score, Unscorable
from tests.scoring import Desk, scorer, subject

JUDGE = """\
version: 1
model: openai/judge-plain
inputs: {answer: {type: string}, fence: {type: string}}
messages:
  - role: user
    content: "{{ fence }} {{ answer }} {{ fence }}"
output:
  schema:
    type: object
    properties: {explanation: {type: string}, verdict: {enum: [good, bad]}}
    required: [explanation, verdict]
    additionalProperties: false
"""

PAIR = (
    JUDGE.replace("answer: {", "first: {type: string}, second: {")
    .replace("{{ answer }}", "{{ first }} {{ fence }} {{ second }}")
    .replace("[good, bad]", "[first, second, tie, cannot_tell]")
)
RIVAL = Response("Of Oslo I know nothing.", finish_reason="stop")
"""What the baseline said, for scorers of pairs."""

# The least that makes each scorer work, where it cannot be made up from the types of its options.
OPTIONS: dict[str, dict[str, Any]] = {
    "contains": {"expected": "{{ town }}"},
    "cost": {"max_usd": 0.001},
    "embedding": {"model": "openai/embed-small", "expected": "{{ town }}"},
    "equals": {"expected": "{{ town }}"},
    "json_equals": {"fields": {"town": "{{ town }}", "people": 7}},
    "json_schema": {"schema": {"type": "object", "required": ["town"]}},
    "judge": {"prompt": "judges/plain", "labels": {"good": 1, "bad": 0}},
    "latency": {"max_seconds": 0.5},
    "length": {"max": 5},
    "numeric": {"expected": "{{ people }}"},
    "pairwise": {"prompt": "judges/pair"},
    "python": {"file": "evals/half.py"},
    "regex": {"pattern": "Oslo"},
    "similarity": {"expected": "{{ town }}"},
}

ANSWERS = [
    "",
    " \n\t",
    "Oslo",
    "It is Bergen, 7 of 9.",
    "About 7.",
    '{"town": "Oslo", "people": 3}',
    "I'm sorry, but I can't help with that.",
    "\x00\ud800\u202e\x1b[31m",
    "[" * 50_000,
    "7" * 10_000,
    "é́" * 2_000,
]

TYPES = scorer_types()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    (tmp_path / "prompts" / "judges").mkdir(parents=True)
    (tmp_path / "prompts" / "judges" / "plain.yaml").write_text(JUDGE)
    (tmp_path / "prompts" / "judges" / "pair.yaml").write_text(PAIR)
    (tmp_path / "evals").mkdir()
    (tmp_path / "evals" / "half.py").write_text(
        "def score(text, case):\n    return min(1.0, len(text) / 100), 'by length'\n"
    )

    def verdict(request, index):
        text = str(request.messages[0].content)
        if "second" in str(request.output_schema):
            _, first, second, _ = text.split(text.split(maxsplit=1)[0])
            word = "first" if "7" in first else "second" if "7" in second else "tie"
            return Response(f'{{"explanation": "so", "verdict": "{word}"}}')
        good = "Oslo" in text
        return Response('{"explanation": "so", "verdict": "%s"}' % ("good" if good else "bad"))

    def vector(text: str) -> list[float]:
        return [1.0, float(text.count("o")), float(len(text) % 7)]

    return Desk(tmp_path, answer=verdict, vectors=vector, allow_code=True)


MADE_UP = {"string": "Oslo", "number": 1, "integer": 1, "boolean": True, "array": ["Oslo"]}


def options(type_: str, **more: Any) -> dict[str, Any]:
    return {"type": type_, **(OPTIONS.get(type_) or made_up(type_)), **more}


def made_up(type_: str) -> dict[str, Any]:
    """A value for each option that must be written: a new scorer is tested by being there."""
    schema = msgspec.json.schema(options_type(type_))["$defs"]["Options"]
    made: dict[str, Any] = {}
    for name in set(schema["required"]) - {"type"}:
        if name in options_type(type_).TEMPLATES:
            made[name] = "{{ town }}"
        else:
            kind = schema["properties"][name].get("type")
            assert kind in MADE_UP, f"write what {type_} needs into OPTIONS, for {name!r}"
            made[name] = MADE_UP[kind]
    return made


def scored(type_: str, answer: str | Response, desk: Desk, **more: Any) -> Score | Unscorable:
    made = scorer(**options(type_, **more))
    made.preflight(desk)
    given = replace(subject(answer, town="Oslo", people=7), rival=RIVAL if made.pairs else None)
    assert made.check_case(given.case) is None
    return asyncio.run(made.score(given, desk))


def responses() -> list[Response]:
    plain = [
        Response(text, finish_reason="stop", usage=Usage(5, 9), cost_usd=0.01, latency_seconds=1.0)
        for text in ANSWERS
    ]
    return [
        *plain,
        Response(""),
        Response("Oslo", finish_reason="content_filter"),
        Response("", refusal="no", tool_calls=[{"function": None}], flags=("empty",)),
    ]


@pytest.mark.parametrize("type_", TYPES)
def test_it_says_what_it_does_and_holds_what_a_scorer_holds(type_):
    module = scorer_module(type_)
    assert module.__doc__ is not None
    assert len(module.__doc__.strip()) > 40
    assert issubclass(options_type(type_), ScorerOptions)
    assert options_type(type_) is not ScorerOptions
    assert callable(module.score)
    for template in options_type(type_).TEMPLATES:
        assert template in options_type(type_).__struct_fields__


@pytest.mark.parametrize("type_", TYPES)
def test_its_options_have_a_json_schema_with_descriptions(type_):
    schema = msgspec.json.schema(options_type(type_))["$defs"]["Options"]
    assert schema["additionalProperties"] is False
    own = set(schema["properties"]) - set(ScorerOptions.__struct_fields__)
    for name in own:
        assert "description" in schema["properties"][name], name


@pytest.mark.parametrize("type_", TYPES)
def test_an_unknown_option_is_refused_with_its_place_and_the_nearest_word(type_):
    written = msgspec.yaml.encode({"scorers": {"metric": options(type_)}}).decode()
    lines = [*written.splitlines(), "    negat: true"]
    with pytest.raises(InputError) as caught:
        build("metric", read_yaml("\n".join(lines), "evals/x.yaml"), ("scorers", "metric"))
    message = str(caught.value)
    assert message.startswith(f"evals/x.yaml:{len(lines)}:5: unknown key 'negat'")
    assert "did you mean 'negate'?" in message


@pytest.mark.parametrize("type_", TYPES)
def test_a_score_lies_between_0_and_1_and_says_why_it_cannot_be_given(type_, desk):
    for response in responses():
        given = scored(type_, response, desk)
        if isinstance(given, Unscorable):
            assert given.reason
        else:
            assert 0 <= given.value <= 1
        msgspec.json.encode(given)  # nothing in it that a report could not write


@pytest.mark.parametrize("type_", TYPES)
def test_not_every_answer_scores_the_same(type_, desk):
    fast = Response("Oslo", finish_reason="stop", cost_usd=0.0, latency_seconds=0.1)
    values = {
        given.value
        for given in (scored(type_, each, desk) for each in [*responses(), fast])
        if isinstance(given, Score)
    }
    assert len(values) > 1


@pytest.mark.parametrize("type_", TYPES)
def test_negation_mirrors(type_, desk):
    for response in responses():
        plain = scored(type_, response, desk)
        mirrored = scored(type_, response, desk, negate=True)
        if isinstance(plain, Unscorable):
            assert mirrored == plain
        elif "nothing to judge" in plain.explanation:
            assert mirrored == plain  # to no judge, whatever it is asked, is nothing a good answer
        else:
            assert isinstance(mirrored, Score)
            assert mirrored.value == pytest.approx(1 - plain.value)


@pytest.mark.parametrize("type_", TYPES)
def test_the_same_answer_scores_the_same_again(type_, desk):
    for response in responses():
        assert scored(type_, response, desk) == scored(type_, response, desk)


@pytest.mark.parametrize("type_", TYPES)
def test_an_empty_answer_does_not_crash_even_where_nothing_is_known_of_it(type_, desk):
    given = scored(type_, Response(""), desk)
    assert isinstance(given, (Score, Unscorable))


@pytest.mark.parametrize("type_", TYPES)
def test_its_digest_is_its_meaning(type_, desk):
    one, two = (
        scorer("a", **options(type_)),
        scorer("b", **options(type_, role="observe", weight=2)),
    )
    other = scorer("a", **options(type_, negate=True))
    for made in (one, two, other):
        made.preflight(desk)
    assert one.digest == two.digest
    assert one.digest != other.digest


@pytest.mark.parametrize("type_", [each for each in TYPES if options_type(each).TEMPLATES])
def test_a_case_that_lacks_an_expected_value_is_found_before_anything_is_spent(type_, desk):
    field = options_type(type_).TEMPLATES[0]
    if type_ == "json_equals":
        made = scorer(type=type_, expected="{{ absent_column }}")
    else:
        made = scorer(**options(type_, **{field: "{{ absent_column }}"}))
    made.preflight(desk)
    problem = made.check_case(Case("c1", {"town": "Oslo"}))
    assert problem is not None
    assert "absent_column" in problem
    assert desk.asked == []
    assert desk.embedded == []
