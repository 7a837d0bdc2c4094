"""numeric, json_schema, json_equals, embedding, latency, cost, refusal."""

from __future__ import annotations

import time

import pytest

from promptops.errors import InputError
from promptops.scorers.comparing.json_paths import look_up, parse_path
from promptops.scorers.comparing.numbers import parse_number
from promptops.scorers.scorer import ServiceError
from promptops.values.case import Case
from promptops.values.response import Response
from promptops.values.score import Score, Unscorable
from tests.scoring import Desk, score, scorer, subject, value


@pytest.mark.parametrize(
    ("answer", "expected", "options", "wanted"),
    [
        ("42", 42, {}, 1),
        ("The total is 42.", 42, {}, 1),
        ("$1,234.50", 1234.5, {}, 1),
        ("−7 °C", -7, {}, 1),
        ("-7", 7, {}, 0),
        ("1e3", 1000, {}, 1),
        (".5", 0.5, {}, 1),
        ("0.3", 0.3, {}, 1),
        ("42", "42", {}, 1),
        ("10.4", 10, {"tolerance": 0.5}, 1),
        ("10.6", 10, {"tolerance": 0.5}, 0),
        ("0.4", 0.3, {"tolerance": 0.1}, 1),
        ("105", 100, {"tolerance": "5%"}, 1),
        ("105.01", 100, {"tolerance": "5%"}, 0),
        ("-95", -100, {"tolerance": "5 %"}, 1),
        ("1 of 3; Total: 3", 3, {"pattern": "Total: {number}"}, 1),
        ("1 of 3; Total: 3", 1, {"pattern": "Total: {number}"}, 0),
        ("answer: 3\nnote 4", 3, {"pattern": "(?i)^ANSWER: {number}"}, 1),
        ("GPT4 says 5", 5, {}, 1),
    ],
)
def test_numeric(answer, expected, options, wanted):
    made = scorer(type="numeric", expected="{{ total }}", **options)
    assert value(made, subject(answer, total=expected)) == wanted


@pytest.mark.parametrize(
    ("answer", "label"),
    [
        ("", "no_number"),
        ("none", "no_number"),
        ("NaN", "no_number"),
        ("Infinity", "no_number"),
        ("9/10", "several_numbers"),
        ("42 or 43", "several_numbers"),
        ("2031-04-05", "several_numbers"),
        ("1.234,5", "malformed_number"),
        ("12,34", "malformed_number"),
        ("1.2.3", "malformed_number"),
        ("1e99999", "malformed_number"),
        ("9" * 5_000, "malformed_number"),
    ],
)
def test_numeric_takes_exactly_one_number(answer, label):
    scored = score(scorer(type="numeric", expected=9), subject(answer))
    assert isinstance(scored, Score)
    assert (scored.value, scored.label) == (0.0, label)


@pytest.mark.parametrize("bad", ["nine", True, None, [1], "", "NaN", "1/2"])
def test_numeric_wants_a_number_of_the_case(bad):
    made = scorer(type="numeric", expected="{{ total }}")
    assert "number" in (made.check_case(Case("c1", {"total": bad})) or "")


@pytest.mark.parametrize(
    "options",
    [{"tolerance": "five"}, {"tolerance": -1}, {"pattern": "x"}, {"pattern": "({number}"}],
)
def test_numeric_refuses_options_that_cannot_work(options):
    with pytest.raises(InputError) as caught:
        scorer(type="numeric", expected=1, **options)
    assert str(caught.value).startswith("evals/towns.yaml:1:")


def test_numeric_with_a_pattern_over_many_numbers_takes_bounded_time():
    made = scorer(type="numeric", expected=1, pattern="(a|b|.)*{number}$")
    start = time.process_time()
    score(made, subject("1 2 " * 200_000))
    assert time.process_time() - start < 5


def test_numbers_are_read_exactly():
    assert str(parse_number("0.1000000000000000055")) == "0.1000000000000000055"


ORDER = {"customer": {"name": "Runa Vik"}, "items": [{"sku": "A1", "price": 10.0}], "paid": True}


@pytest.mark.parametrize(
    ("answer", "options", "wanted"),
    [
        ('{"paid":true,"items":[{"price":10,"sku":"A1"}],"customer":{"name":"Runa Vik"}}', {}, 1),
        ('{"paid":1,"items":[{"price":10,"sku":"A1"}],"customer":{"name":"Runa Vik"}}', {}, 0),
        ('{"items":[{"price":10.4}]}', {"paths": ["items[0].price"], "tolerance": 0.5}, 1),
        ('{"items":[{"price":10.4}]}', {"paths": ["/items/0/price"], "tolerance": "1%"}, 0),
        ('{"items":[{"price":10}],"paid":false}', {"paths": ["$.items[0].price", "paid"]}, 0.5),
        ('{"paid":true}', {"paths": ["customer.name", "items[0].sku", "paid"]}, 1 / 3),
        ('{"customer":{"name":"RUNA VIK"}}', {"paths": ["customer.name"]}, 0),
        (
            '{"customer":{"name":"RUNA VIK"}}',
            {"paths": ["customer.name"], "normalize": ["lower"]},
            1,
        ),
        ('```json\n{"paid":true}\n```', {"paths": ["paid"]}, 0),
        ('{"paid":false,"paid":true}', {"paths": ["paid"]}, 0),
        ('{"paid":true} {"paid":true}', {"paths": ["paid"]}, 0),
        ("", {"paths": ["paid"]}, 0),
        ("[" * 100_000, {"paths": ["paid"]}, 0),
        ('{"items":[{"price":NaN}]}', {"paths": ["items[0].price"]}, 0),
        ('{"items":[{"price":1e999}]}', {"paths": ["items[0].price"]}, 0),
    ],
)
def test_json_equals(answer, options, wanted):
    made = scorer(type="json_equals", expected="{{ order }}", **options)
    assert made.check_case(Case("c1", {"order": ORDER})) is None
    assert value(made, subject(answer, order=ORDER)) == pytest.approx(wanted)


def test_json_equals_by_fields():
    made = scorer(
        type="json_equals", fields={"town": "{{ town }}", "people": "{{ people }}", "/x/~1y": None}
    )
    answer = '{"town": "Oslo", "people": 7, "x": {"/y": null}}'
    assert value(made, subject(answer, town="Oslo", people=7)) == 1
    assert value(made, subject(answer, town="Oslo", people="7")) == pytest.approx(2 / 3)
    assert "people" in (made.check_case(Case("c1", {"town": "Oslo"})) or "")


def test_json_equals_reads_expected_json_text_and_finds_what_it_lacks():
    made = scorer(type="json_equals", expected="{{ order }}", paths=["paid"])
    assert value(made, subject('{"paid": true}', order='{"paid": true}')) == 1
    assert "not valid JSON" in (made.check_case(Case("c1", {"order": "{paid"})) or "")
    assert "'paid'" in (made.check_case(Case("c1", {"order": {"due": 1}})) or "")


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"expected": {"a": 1}, "fields": {"a": 1}},
        {"fields": {"a": 1}, "paths": ["a"]},
        {"expected": {"a": 1}, "paths": ["a..b"]},
        {"expected": {"a": 1}, "paths": ["/a~2"]},
        {"expected": {"a": 1}, "tolerance": "lots"},
    ],
)
def test_json_equals_refuses_options_that_cannot_work(options):
    with pytest.raises(InputError):
        scorer(type="json_equals", **options)


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ("", ()),
        ("$", ()),
        ("/a~1b/m~0n/0", ("a/b", "m~n", "0")),
        ("/", ("",)),
        ("a.b[2].c", ("a", "b", "2", "c")),
        ("$[0]['odd key'].x", ("0", "odd key", "x")),
    ],
)
def test_paths(path, steps):
    assert parse_path(path) == steps


def test_looking_up_takes_no_negative_index_and_no_leading_zero():
    assert look_up([1, 2], ("1",)) == 2
    for step in ("-1", "01", "2", "x"):
        with pytest.raises(LookupError):
            look_up([1, 2], (step,))


SCHEMA = {"type": "object", "required": ["town"], "properties": {"town": {"type": "string"}}}


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        ('{"town": "Oslo"}', 1),
        ('{"town": 5}', 0),
        ("{}", 0),
        ("Oslo", 0),
        ("", 0),
        ('{"town": "Oslo"} trailing', 0),
    ],
)
def test_json_schema(answer, wanted):
    assert value(scorer(type="json_schema", schema=SCHEMA), subject(answer)) == wanted


def test_json_schema_refuses_what_is_no_schema_and_remote_references():
    for schema in ({"type": "objekt"}, {"$ref": "https://schemas.invalid/town.json"}):
        with pytest.raises(InputError) as caught:
            scorer(type="json_schema", schema=schema)
        assert str(caught.value).startswith("evals/towns.yaml:1:")


def test_json_schema_takes_the_prompts_own(tmp_path):
    place = tmp_path / "prompts" / "town.yaml"
    place.parent.mkdir()
    text = "version: 1\nmodel: openai/m\nmessages: [{role: user, content: hi}]\n"
    place.write_text(text + 'output: {schema: {type: object, required: ["town"]}}\n')
    desk = Desk(tmp_path)
    made = scorer(type="json_schema")
    made.preflight(desk, desk.load_prompt("town"))
    assert value(made, subject('{"town": "Oslo"}'), desk) == 1
    assert value(made, subject("{}"), desk) == 0
    place.write_text(text)
    with pytest.raises(InputError, match="schema"):
        scorer(type="json_schema").preflight(desk, desk.load_prompt("town"))


VECTORS = {
    "Oslo": [1.0, 0.0],
    "Oslo, Norway": [0.8, 0.6],
    "a goat": [-1.0, 0.0],
    "void": [0.0, 0.0],
    "long": [1.0, 0.0, 0.0],
}


def test_embedding_is_the_cosine():
    desk = Desk(vectors=VECTORS.__getitem__)
    made = scorer(type="embedding", model="openai/embed-small", expected="{{ town }}")
    assert value(made, subject("Oslo, Norway", town="Oslo"), desk) == pytest.approx(0.8)
    assert value(made, subject("a goat", town="Oslo"), desk) == 0
    assert desk.embedded[0] == ("openai/embed-small", ["Oslo, Norway", "Oslo"])


def test_embedding_with_a_threshold_passes_or_not():
    desk = Desk(vectors=VECTORS.__getitem__)
    made = scorer(type="embedding", model="m", expected="Oslo", threshold=0.79)
    assert value(made, subject("Oslo, Norway"), desk) == 1
    assert value(made, subject("a goat"), desk) == 0


def test_embedding_asks_nobody_for_an_empty_answer():
    desk = Desk()
    assert value(scorer(type="embedding", model="m", expected="Oslo"), subject(" \n"), desk) == 0
    assert desk.embedded == []


@pytest.mark.parametrize("answer", ["void", "long"])
def test_embeddings_that_make_no_sense_are_the_infrastructures_failure(answer):
    desk = Desk(vectors=VECTORS.__getitem__)
    scored = score(scorer(type="embedding", model="m", expected="Oslo"), subject(answer), desk)
    assert isinstance(scored, Unscorable)
    assert scored.infrastructure


def test_a_provider_of_embeddings_that_is_down_is_the_infrastructures_failure():
    def down(text):
        raise ServiceError("the provider answers 503")

    desk = Desk(vectors=down)
    scored = score(scorer(type="embedding", model="m", expected="Oslo"), subject("Bergen"), desk)
    assert scored == Unscorable("the provider answers 503", infrastructure=True)


def test_latency_and_cost():
    assert value(scorer(type="latency", max_seconds=0.8), subject("x")) == 1
    assert value(scorer(type="latency", max_seconds=0.79), subject("x")) == 0
    assert value(scorer(type="cost", max_usd=0.002), subject("x")) == 1
    assert value(scorer(type="cost", max_usd=0.0019), subject("x")) == 0


def test_an_unknown_price_is_unscorable_and_negation_does_not_make_it_a_score():
    for negate in (False, True):
        made = scorer(type="cost", max_usd=1, negate=negate)
        scored = score(made, subject(Response("x", cost_usd=None)))
        assert isinstance(scored, Unscorable)
    assert value(scorer(type="cost", max_usd=0), subject(Response("x", cost_usd=0.0))) == 1


@pytest.mark.parametrize(
    "answer",
    [
        "I'm sorry, but I can't help with that.",
        "I’m sorry, but I can’t assist with that request.",
        "Sorry, I cannot provide medical advice.",
        "I cannot help with that.",
        "I can't do that.",
        "I won't create that.",
        "I am unable to answer this question.",
        "I'm not able to discuss that.",
        "As an AI language model, I cannot answer that.",
        "As an AI, I'm unable to share opinions.",
        "Unfortunately, I can't share that.",
        "I must decline.",
        "I must respectfully decline to write this.",
        "I apologize, but I won't be able to help.",
        "**I'm sorry, but I cannot comply.**",
    ],
)
def test_refusals_are_seen(answer):
    scored = score(scorer(type="refusal"), subject(answer))
    assert isinstance(scored, Score)
    assert (scored.value, scored.label) == (0.0, "refused")
    assert value(scorer(type="refusal", negate=True), subject(answer)) == 1


@pytest.mark.parametrize(
    "answer",
    [
        "Oslo",
        "I'm sorry to hear about your ferry. It leaves at nine.",
        "The clerk said: I cannot help with that.",
        "I can help with that: the ferry leaves at nine.",
        "I cannot stress enough how good the ferry is.",
        "Sorry, the ferry leaves at ten, not nine.",
        "I understand. The ferry leaves at nine.",
        "Unable to board? Ask at the harbour.",
    ],
)
def test_answers_are_no_refusals(answer):
    assert value(scorer(type="refusal"), subject(answer)) == 1


@pytest.mark.parametrize(
    "response",
    [
        Response("", refusal="I can't help with that."),
        Response("", finish_reason="content_filter"),
        Response("Oslo is", finish_reason="content_filter"),
        Response("", finish_reason="SAFETY"),
    ],
)
def test_what_the_provider_calls_a_refusal_is_one(response):
    assert value(scorer(type="refusal"), subject(response)) == 0


def test_a_long_answer_does_not_slow_the_search_for_a_refusal():
    start = time.process_time()
    value(scorer(type="refusal"), subject("sorry " * 1_000_000))
    for piled in ("I understand, ", "as an AI , ", "sorry - , ", "unfortunately, but "):
        value(scorer(type="refusal"), subject(piled * 100))
    assert time.process_time() - start < 3
