"""The JSON Schemas of what `--format json` prints, out of the types that it is made of."""

from __future__ import annotations

import ast
import inspect
import textwrap
from typing import Any

import msgspec

from promptops.values import details, gate, report, request
from promptops.values.gate import GateFile
from promptops.values.report import Report

_HOMES = (report, gate, details, request)
"""Where the types live that a file is made of; no two of them share a name."""


def report_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of what `--format json` prints: a list of reports.

    Descriptions are the docstrings of the types and of their fields.  Fields may be added to the
    contract, so unknown ones are allowed.
    """
    schema = _schema(list[Report])
    return _titled(report.SCHEMA, {"description": "One report per suite and model.", **schema})


def gate_schema() -> dict[str, Any]:
    """The same of what `promptops gate --format json` prints: the gate with its reports."""
    schema = _schema(GateFile)
    schema["$defs"]["GateFile"]["properties"]["schema"]["const"] = gate.SCHEMA
    return _titled(gate.SCHEMA, schema)


def _titled(title: str, schema: dict[str, Any]) -> dict[str, Any]:
    dialect = "https://json-schema.org/draft/2020-12/schema"
    return {"$schema": dialect, "title": title, **schema}


def _schema(kind: Any) -> dict[str, Any]:
    schema = msgspec.json.schema(kind)
    definitions: dict[str, Any] = schema["$defs"]
    for name, definition in definitions.items():
        type_ = next(getattr(home, name) for home in _HOMES if hasattr(home, name))
        for field, text in _field_docstrings(type_).items():
            if field in definition["properties"]:
                definition["properties"][field] = _described(definition["properties"][field], text)
        if not type_.__struct_config__.omit_defaults:
            # Whatever has a default is written all the same.
            definition["required"] = list(definition["properties"])
    definitions["Report"]["properties"]["schema"]["const"] = report.SCHEMA
    return schema


def _described(field: dict[str, Any], text: str) -> dict[str, Any]:
    return {**field, "description": text}


def _field_docstrings(kind: type) -> dict[str, str]:
    """Field to the text that stands below it in the source; nothing where there is no source."""
    try:
        source = textwrap.dedent(inspect.getsource(kind))
    except OSError:
        return {}
    statements = ast.parse(source).body[0]
    assert isinstance(statements, ast.ClassDef)
    found: dict[str, str] = {}
    for field, below in zip(statements.body, statements.body[1:], strict=False):
        if not isinstance(field, ast.AnnAssign) or not isinstance(field.target, ast.Name):
            continue
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
            found[field.target.id] = inspect.cleandoc(str(below.value.value))
    return found
