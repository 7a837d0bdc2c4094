"""The JSON Schema of a report, out of the types that make one."""

from __future__ import annotations

import ast
import inspect
import textwrap
from typing import Any

import msgspec

from promptops.values import report as contract
from promptops.values.report import SCHEMA, Report


def report_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of what `--format json` prints: a list of reports.

    Descriptions are the docstrings of the types and of their fields.  Fields may be added to the
    contract, so unknown ones are allowed.
    """
    schema = msgspec.json.schema(list[Report])
    definitions: dict[str, Any] = schema["$defs"]
    for name, definition in definitions.items():
        for field, text in _field_docstrings(getattr(contract, name)).items():
            if field in definition["properties"]:
                definition["properties"][field] = _described(definition["properties"][field], text)
        # Whatever has a default is written all the same.
        definition["required"] = list(definition["properties"])
    definitions["Report"]["properties"]["schema"]["const"] = SCHEMA
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": SCHEMA,
        "description": "One report per suite and model.",
        **schema,
    }


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
