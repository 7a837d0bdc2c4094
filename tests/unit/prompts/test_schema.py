import json

import jsonschema_rs
import yaml

from promptops.prompts.prompt import Params, Prompt
from promptops.prompts.schema import prompt_schema


def objects(schema):
    if isinstance(schema, dict):
        if "properties" in schema and schema.get("type") == "object":
            yield schema
        for value in schema.values():
            yield from objects(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from objects(value)


def test_it_is_a_valid_schema_and_says_what_it_is():
    schema = prompt_schema()
    jsonschema_rs.Draft202012Validator(schema)
    assert schema["$schema"].endswith("2020-12/schema")
    assert schema["title"] == "promptops prompt"
    assert schema["required"] == ["version", "model", "messages"]
    assert set(schema["properties"]) == set(Prompt.__struct_fields__)
    json.dumps(schema)


def test_unknown_keys_are_refused_everywhere():
    found = list(objects(prompt_schema()))
    assert len(found) == 6
    assert all(each["additionalProperties"] is False for each in found)
    assert all(each["description"] for each in found)


def test_every_key_of_a_prompt_is_described():
    schema = prompt_schema()
    for name, field in schema["properties"].items():
        described = "description" in field or "anyOf" in field or "$ref" in field
        assert described, name


def test_it_agrees_with_the_reader():
    valid = yaml.safe_load("""
        version: 1
        model: maker/model
        params: {temperature: 0.5, stop: END}
        messages: [{role: user, content: [{type: text, text: x}]}]
    """)
    validator = jsonschema_rs.validator_for(prompt_schema())
    assert validator.is_valid(valid)
    assert not validator.is_valid(valid | {"modle": "x"})
    assert not validator.is_valid(valid | {"params": {"api_key": "x"}})
    assert not validator.is_valid(valid | {"version": 0})
    assert not validator.is_valid({"version": 1, "model": "m"})


def test_connection_settings_are_not_among_the_parameters():
    for name in ("api_base", "api_key", "base_url", "extra_headers", "n", "stream"):
        assert name not in Params.__struct_fields__
