"""The JSON Schema of a dataset's row."""

from __future__ import annotations

from typing import Any

from promptops.datasets.reserved import MAX_ID_LENGTH, MAX_TAG_LENGTH


def dataset_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of one row, as JSON and YAML datasets have it."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "promptops dataset row",
        "description": (
            "One case. The reserved columns are below; all others are the case's own,"
            " and templates see those that the prompt declares as inputs."
        ),
        "type": "object",
        "minProperties": 1,
        "properties": {
            "id": _name("Unique and stable. Derived from the columns where none is given."),
            "tags": {
                "description": "Slices that the case belongs to. In CSV: separated by ';'.",
                "type": ["array", "null"],
                "items": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": MAX_TAG_LENGTH,
                    "pattern": r"^[^!;\s]([^;]*[^;\s])?$",
                },
            },
            "group": _name("Cases of one group are not independent (one document, say)."),
            "critical": {
                "description": "Gates by itself, whatever the average says.",
                "type": ["boolean", "null"],
                "default": False,
            },
        },
        "additionalProperties": True,
    }


def _name(description: str) -> dict[str, Any]:
    return {
        "description": description,
        "type": ["string", "integer", "null"],
        "minLength": 1,
        "maxLength": MAX_ID_LENGTH,
        "pattern": r"\S",
    }
