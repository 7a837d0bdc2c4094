"""Structured output: whether an answer is JSON that satisfies the schema it was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from promptops.errors import InputError, Location
from promptops.prompts.schemas import Schema, SchemaError


@dataclass(frozen=True, slots=True)
class Checked:
    """An answer's value, or what is wrong with it."""

    value: Any
    """None where there is a problem; JSON's null is None without one."""
    problem: str | None

    @property
    def ok(self) -> bool:
        """Whether the answer satisfies the schema."""
        return self.problem is None


class OutputChecker:
    """An output schema, compiled.

    Raises:
        InputError: it is not a valid JSON Schema, or refers to another document.
    """

    def __init__(self, schema: dict[str, Any], *, location: Location | None = None) -> None:
        try:
            self._schema = Schema(schema)
        except SchemaError as error:
            raise InputError(f"the output schema: {error}", location=location) from None

    def check(self, text: str) -> Checked:
        """Read an answer strictly: one JSON value and nothing around it but white space."""
        try:
            value = msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError, UnicodeEncodeError) as error:
            return Checked(None, f"not JSON: {str(error)[:200]}")
        problem = self._schema.problem(value)
        return Checked(None if problem else value, problem)
