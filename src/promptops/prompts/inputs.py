"""Whether a case fits what a prompt declares, before anything is spent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from promptops.errors import InputError, did_you_mean
from promptops.prompts.loading import LoadedPrompt
from promptops.prompts.schemas import Schema, SchemaError


class InputChecker:
    """The declared inputs of a prompt, compiled.

    Raises:
        InputError: an input's schema is not a valid JSON Schema, or refers to another document.
    """

    def __init__(self, inputs: Mapping[str, dict[str, Any]]) -> None:
        self._schemas: dict[str, Schema] = {}
        self._optional = frozenset(name for name, schema in inputs.items() if "default" in schema)
        for name, schema in inputs.items():
            try:
                self._schemas[name] = Schema(schema)
            except SchemaError as error:
                raise InputError(f"the schema of input {name!r}: {error}") from None

    @classmethod
    def of(cls, loaded: LoadedPrompt) -> InputChecker:
        """The checker of a prompt, with errors that name the place in its file."""
        for name, schema in loaded.prompt.inputs.items():
            try:
                Schema(schema)
            except SchemaError as error:
                location = loaded.document.locate(("inputs", name))
                raise InputError(
                    f"the schema of input {name!r}: {error}", location=location
                ) from None
        return cls(loaded.prompt.inputs)

    def check(self, columns: Mapping[str, Any]) -> str | None:
        """What is wrong with a case, naming the variable; None when it fits.

        Columns that are not declared are ignored: a prompt never sees them.
        """
        for name, schema in self._schemas.items():
            if name not in columns:
                if name in self._optional:
                    continue
                hint = did_you_mean(name, columns)
                return f"no {name!r}" + (f" ({hint})" if hint else "")
            problem = schema.problem(columns[name])
            if problem:
                return f"{name!r}: {problem}"
        return None
