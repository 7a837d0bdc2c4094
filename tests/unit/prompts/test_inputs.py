from typing import Any

import pytest

from promptops.errors import InputError
from promptops.prompts.inputs import InputChecker


@pytest.mark.parametrize(
    ("schema", "value", "problem"),
    [
        ({}, object, None),
        ({"type": "string"}, "x", None),
        ({"type": "string"}, 3, "'v': 3 is not of type \"string\""),
        ({"type": "integer", "minimum": 3}, 2, "'v': 2 is less than the minimum of 3"),
        ({"enum": ["a", "b"]}, "c", "'v': \"c\" is not one of"),
        (
            {"type": "array", "items": {"type": "integer"}},
            [1, "x"],
            "'v': [1]: \"x\" is not of type",
        ),
        ({"properties": {"a": {"type": "string"}}}, {"a": 1}, "'v': a: 1 is not of type"),
        ({"pattern": "^[a-z]+$"}, "abc", None),
        ({"pattern": "^[a-z]+$"}, "A", "'v': \"A\" does not match"),
        ({"format": "email"}, "nobody", '\'v\': "nobody" is not a "email"'),
        ({"$defs": {"n": {"type": "null"}}, "$ref": "#/$defs/n"}, None, None),
    ],
)
def test_a_value_against_its_schema(schema, value, problem):
    found = InputChecker({"v": schema}).check({"v": "any" if value is object else value, "w": 1})
    assert found is None if problem is None else str(found).startswith(problem)


def test_a_missing_variable_is_named_with_the_nearest_column():
    checker = InputChecker({"message": {"type": "string"}})
    assert checker.check({"mesage": "x"}) == "no 'message' (did you mean 'mesage'?)"
    assert checker.check({}) == "no 'message'"


def test_a_variable_with_a_default_may_be_missing():
    assert InputChecker({"message": {"default": ""}}).check({}) is None


def test_a_long_value_is_cut_in_the_message():
    found = InputChecker({"v": {"type": "integer"}}).check({"v": "x" * 5_000_000})
    assert found is not None
    assert len(found) < 400
    assert found.startswith("'v': ")


def test_a_deep_value_is_refused():
    value: list[Any] = []
    for _ in range(100_000):
        value = [value]
    found = InputChecker({"v": {"items": {"$ref": "#"}}}).check({"v": value})
    assert found == "'v': nested more than 500 deep"
    while value:  # taking it apart level by level spares the interpreter's stack
        value = value.pop()


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"type": "strng"}, 'type: "strng" is not valid'),
        ({"$ref": "https://example.org/schema.json"}, "refers to another document"),
        ({"$ref": "file:///etc/passwd"}, "refers to another document"),
        ({"$ref": "other.json"}, "another document"),
        ({"$schema": "https://example.org/meta"}, "Unknown meta-schema"),
        ({"$ref": "#/$defs/none"}, ""),
        ({"pattern": "(?=a)b"}, "linear time"),
        ({"pattern": "(a+)+\\1$"}, "linear time"),
        ({"pattern": "((a{1000}){1000}){1000}"}, "linear time"),
        (
            {
                "$defs": {
                    f"a{i}": {"allOf": [{"$ref": f"#/$defs/a{i + 1}"}] * 2} for i in range(40)
                }
                | {"a40": {}},
                "$ref": "#/$defs/a0",
            },
            "branches",
        ),
    ],
)
def test_a_schema_that_is_refused(schema, message):
    with pytest.raises(InputError) as caught:
        InputChecker({"v": schema})
    assert caught.value.message.startswith("the schema of input 'v': ")
    assert message in caught.value.message


def test_a_bad_schema_names_its_place_in_the_prompt_file(load):
    loaded = load(
        "version: 1\nmodel: maker/model\ninputs:\n  a: {type: string}\n  b: {type: strng}\n"
        "messages: [{role: user, content: x}]\n"
    )
    with pytest.raises(InputError) as caught:
        InputChecker.of(loaded)
    assert str(caught.value.location) == "prompts/t.yaml:5:3"


def test_a_pattern_that_would_run_away_elsewhere_does_not_here():
    checker = InputChecker({"v": {"pattern": "^(a+)+$"}})
    assert checker.check({"v": "a" * 50_000 + "!"}) is not None
