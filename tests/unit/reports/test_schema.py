from __future__ import annotations

import json

import jsonschema_rs
import pytest

from promptops.reports.discovery import find
from promptops.reports.schema import gate_schema, report_schema
from promptops.reports.surface import Surface
from tests.example_details import rendered
from tests.examples import every_example
from tests.gate_examples import every_gate

EXAMPLES = every_example()
GATES = every_gate()


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_report_fits_its_schema(example):
    validator = jsonschema_rs.validator_for(report_schema())
    validator.validate(json.loads(rendered("json", EXAMPLES[example], Surface())))


@pytest.mark.parametrize("gate", GATES)
def test_every_gate_fits_its_schema(gate):
    validator = jsonschema_rs.validator_for(gate_schema())
    validator.validate(json.loads(find("json")(GATES[gate], Surface())))


def test_what_is_no_gate_is_refused():
    validator = jsonschema_rs.validator_for(gate_schema())
    file = json.loads(find("json")(GATES["regression"], Surface()))
    for part in file:
        assert not validator.is_valid({name: file[name] for name in file if name != part})
    assert not validator.is_valid(file | {"schema": "promptops.gate/2"})
    assert not validator.is_valid(file | {"reports": [file["reports"][0] | {"verdict": "fine"}]})
    for part in list(file["gate"]):
        lacking = {name: value for name, value in file["gate"].items() if name != part}
        assert not validator.is_valid(file | {"gate": lacking})


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
    definitions = gate_schema()["$defs"]
    assert definitions["GateReport"]["properties"]["base"]["description"].startswith("The commit")
    definitions = report_schema()["$defs"]
    assert all(definition["description"] for definition in definitions.values())
    latency = definitions["ArmReport"]["properties"]["latency_seconds"]
    assert latency["description"] == "Median over its samples."
    judge = definitions["MetricReport"]["properties"]["judge"]
    assert judge["description"] == "Digest of the judge that scored it."


@pytest.mark.parametrize("schema", [report_schema(), gate_schema()], ids=["report", "gate"])
def test_the_schema_is_one_that_validators_take(schema):
    jsonschema_rs.meta.validate(schema)
    json.dumps(schema, allow_nan=False)
