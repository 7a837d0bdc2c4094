"""schema: what editors and readers of reports check files with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from tests.functional.cli_project import Project


def schema(project: Project, kind: str) -> dict[str, Any]:
    done = project.run("schema", kind)
    assert (done.code, done.err) == (0, "")
    value: dict[str, Any] = done.value
    return value


@pytest.mark.parametrize("kind", ["prompt", "suite", "dataset", "report", "gate"])
def test_every_schema_is_one(empty: Project, kind: str) -> None:
    jsonschema_rs.meta.validate(schema(empty, kind))


def test_a_prompt_fits_and_a_misspelt_one_does_not(project: Project) -> None:
    validator = jsonschema_rs.validator_for(schema(project, "prompt"))
    prompt = yaml.safe_load((project.root / "prompts/greet.yaml").read_text())
    assert validator.is_valid(prompt)
    assert not validator.is_valid(prompt | {"modle": "x"})
    assert not validator.is_valid(prompt | {"version": 0})


@pytest.mark.parametrize(
    ("scorer", "fits"),
    [
        ({"type": "equals", "expected": "x"}, True),
        ({"type": "equals", "expcted": "x"}, False),
        ({"type": "eqals", "expected": "x"}, False),
        ({"expected": "x"}, False),
        ({"type": "equals", "expected": "x", "role": "watch"}, False),
    ],
)
def test_each_type_of_scorer_has_its_own_options(
    project: Project, scorer: dict[str, str], fits: bool
) -> None:
    suite = {"prompt": "greet", "dataset": "greet.jsonl", "scorers": {"a": scorer}}
    validator = jsonschema_rs.validator_for(schema(project, "suite"))
    assert validator.is_valid(suite) is fits


def test_cases_fit_and_reserved_columns_are_checked(project: Project) -> None:
    validator = jsonschema_rs.validator_for(schema(project, "dataset"))
    assert validator.is_valid([{"id": "a", "anything": [1]}, {"tags": ["x"], "critical": True}])
    assert not validator.is_valid([{"id": "a", "tags": 5}])


def test_a_schema_goes_to_a_file(empty: Project) -> None:
    done = empty.run("schema", "prompt", "--output", "prompt.json")
    assert (done.code, done.out) == (0, "")
    assert Path(empty.root / "prompt.json").read_text() == empty.run("schema", "prompt").out


def test_an_unknown_kind_names_the_known_ones(empty: Project) -> None:
    done = empty.run("schema", "promt")
    assert done.code == 2
    for kind in ("prompt", "suite", "dataset", "report"):
        assert kind in done.err
