from __future__ import annotations

import json

import jsonschema_rs
import pytest

from promptops.reports.schema import report_schema
from promptops.reports.surface import Surface
from tests.example_details import rendered
from tests.examples import every_example

EXAMPLES = every_example()


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_report_fits_its_schema(example):
    validator = jsonschema_rs.validator_for(report_schema())
    validator.validate(json.loads(rendered("json", EXAMPLES[example], Surface())))


@pytest.mark.parametrize(
    ("change", "value"),
    [
        ("verdict", "fine"),
        ("schema", "promptops.report/2"),
        ("exit_code", "0"),
        ("candidate", None),
        ("calls", {"made": "many"}),
    ],
)
def test_what_does_not_fit_is_refused(change, value):
    (report,) = json.loads(rendered("json", EXAMPLES["improved"], Surface()))
    report[change] = value
    assert not jsonschema_rs.validator_for(report_schema()).is_valid([report])


def test_every_key_is_promised():
    (report,) = json.loads(rendered("json", EXAMPLES["improved"], Surface()))
    validator = jsonschema_rs.validator_for(report_schema())
    for key in list(report):
        assert not validator.is_valid([{name: report[name] for name in report if name != key}])


def test_types_and_fields_are_described():
    definitions = report_schema()["$defs"]
    assert all(definition["description"] for definition in definitions.values())
    latency = definitions["ArmReport"]["properties"]["latency_seconds"]
    assert latency["description"] == "Median over its samples."
    judge = definitions["MetricReport"]["properties"]["judge"]
    assert judge["description"] == "Digest of the judge that scored it."


def test_the_schema_is_one_that_validators_take():
    jsonschema_rs.meta.validate(report_schema())
    json.dumps(report_schema(), allow_nan=False)
