"""The JSON Schema of a row allows what is read, and nothing that is refused."""

from __future__ import annotations

import json

import jsonschema_rs
import pytest

from promptops.datasets.loading import open_dataset
from promptops.datasets.schema import dataset_schema
from promptops.errors import InputError

ROWS = [
    {"id": "a", "m": [1, {"x": None}], "tags": ["hard", "two words"], "group": 3, "critical": True},
    {"m": "x"},
    {"id": None, "m": 1, "tags": None, "group": None, "critical": None},
    {"id": 7},
    {"id": "x" * 200, "tags": []},
    {},
    {"id": ""},
    {"id": "x" * 201},
    {"id": 1.5},
    {"id": True},
    {"id": 1, "tags": "hard"},
    {"id": 1, "tags": ["!hard"]},
    {"id": 1, "tags": [" hard"]},
    {"id": 1, "tags": ["hard "]},
    {"id": 1, "tags": ["a;b"]},
    {"id": 1, "tags": [""]},
    {"id": 1, "tags": ["x" * 101]},
    {"id": 1, "critical": "true"},
    {"id": 1, "group": ""},
    {"id": 1, "group": []},
    [],
    "text",
]


@pytest.mark.parametrize("row", ROWS)
def test_the_schema_agrees_with_the_reader(tmp_path, row):
    schema = dataset_schema()
    jsonschema_rs.meta.validate(schema)
    place = tmp_path / "d.jsonl"
    place.write_text(json.dumps(row) + "\n")
    try:
        open_dataset(place, display="d.jsonl").close()
    except InputError:
        read = False
    else:
        read = True
    assert jsonschema_rs.validator_for(schema).is_valid(row) is read
