"""The JSON Schema of every file, out of the types that read and write it."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any

import msgspec

from promptops.datasets.schema import dataset_schema
from promptops.engine.suite import SuiteFile
from promptops.prompts.prompt import Prompt
from promptops.reports.schema import gate_schema, report_schema
from promptops.scorers import discovery

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class SchemaKind(StrEnum):
    """The files that have a schema."""

    PROMPT = "prompt"
    SUITE = "suite"
    DATASET = "dataset"
    REPORT = "report"
    GATE = "gate"


def json_schema(kind: SchemaKind) -> dict[str, Any]:
    """The schema of one kind of file, for editors, validators and readers of reports."""
    return {"$schema": DIALECT, "title": f"promptops {kind}", **_MAKERS[kind]()}


def _prompt() -> dict[str, Any]:
    return msgspec.json.schema(Prompt)


def _suite() -> dict[str, Any]:
    schema = msgspec.json.schema(SuiteFile)
    types = discovery.scorer_types()
    choices = []
    for type_ in types:
        schema["$defs"] |= _scorer(type_)
        is_it = {"properties": {"type": {"const": type_}}, "required": ["type"]}
        choices.append({"if": is_it, "then": {"$ref": f"#/$defs/{type_}"}})
    schema["$defs"]["SuiteFile"]["properties"]["scorers"]["additionalProperties"] = {
        "type": "object",
        "required": ["type"],
        "properties": {"type": {"enum": types}},
        "allOf": choices,
    }
    return schema


def _scorer(type_: str) -> dict[str, Any]:
    """Definitions for one type of scorer: `type_` itself, `type_.Part` for what it is made of."""
    options = discovery.options_type(type_)
    template = f"#/$defs/{type_}.{{name}}"
    (_, parts) = msgspec.json.schema_components([options], ref_template=template)
    named = {f"{type_}.{name}": part for name, part in parts.items()}
    own = named.pop(f"{type_}.{options.__name__}")
    own["title"] = type_
    own["properties"]["type"] = {"const": type_}
    return {type_: own, **named}


def _dataset() -> dict[str, Any]:
    row = dataset_schema()
    return {"type": "array", "items": {"$ref": "#/$defs/row"}, "$defs": {"row": row}}


_MAKERS: dict[SchemaKind, Callable[[], dict[str, Any]]] = {
    SchemaKind.PROMPT: _prompt,
    SchemaKind.SUITE: _suite,
    SchemaKind.DATASET: _dataset,
    SchemaKind.REPORT: report_schema,
    SchemaKind.GATE: gate_schema,
}
