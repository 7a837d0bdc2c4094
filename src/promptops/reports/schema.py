"""The JSON Schemas of what `--format json` prints, out of the types that it is made of."""

from __future__ import annotations

import ast
import inspect
import textwrap
from typing import Any

import msgspec

from promptops.reports import judged_report
from promptops.reports.judged_report import said_schema
from promptops.values import details, gate, judging, report, request
from promptops.values.gate import GateFile
from promptops.values.report import Report

_HOMES = (report, gate, details, request, judging)
"""Where the types live that a file is made of; no two of them share a name."""


def report_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of what `--format json` prints: a list of reports.

    Descriptions are the docstrings of the types and of their fields.  Fields may be added to the
    contract, so unknown ones are allowed.
    """
    schema = _schema(list[Report])
    _add_said(schema["$defs"])
    return _titled(report.SCHEMA, {"description": "One report per suite and model.", **schema})


def _add_said(definitions: dict[str, Any]) -> None:
    """What stands in a report whose judges are known; it may be missing."""
    properties, more = said_schema()
    _describe(more)
    told = _field_docstrings(judged_report.JudgedReport)
    report_ = definitions["Report"]["properties"]
    report_ |= {name: _described(each, told[name]) for name, each in properties.items()}
    definitions |= more


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
    _describe(definitions)
    definitions["Report"]["properties"]["schema"]["const"] = report.SCHEMA
    return schema


def _describe(definitions: dict[str, Any]) -> None:
    for name, definition in definitions.items():
        type_ = next(getattr(home, name) for home in _HOMES if hasattr(home, name))
        for field, text in _field_docstrings(type_).items():
            if field in definition["properties"]:
                definition["properties"][field] = _described(definition["properties"][field], text)
        config = getattr(type_, "__struct_config__", None)
        if config is None or not config.omit_defaults:
            # Whatever has a default is written all the same.
            definition["required"] = list(definition["properties"])


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
