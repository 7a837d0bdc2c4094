"""Options that are templates over the case, compiled once per scorer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from promptops.errors import Location
from promptops.prompts.expressions import Expression


class Template(Protocol):
    """A value that may depend on the case."""

    def evaluate(self, columns: Mapping[str, Any]) -> Any:
        """The value for a case with these columns.

        Raises:
            InputError: a variable of it is not there.
        """
        ...


class _Constant:
    def __init__(self, value: Any) -> None:
        self._value = value

    def evaluate(self, columns: Mapping[str, Any]) -> Any:  # noqa: ARG002  it depends on none
        return self._value


class _List:
    def __init__(self, items: list[Template]) -> None:
        self._items = items

    def evaluate(self, columns: Mapping[str, Any]) -> Any:
        return [item.evaluate(columns) for item in self._items]


class _Mapping:
    def __init__(self, items: dict[str, Template]) -> None:
        self._items = items

    def evaluate(self, columns: Mapping[str, Any]) -> Any:
        return {key: item.evaluate(columns) for key, item in self._items.items()}


def compile_template(value: Any, location: Location | None = None) -> Template:
    """A template of text, or of lists and mappings of it; any other value stands for itself.

    Raises:
        InputError: a text is not a valid template.
    """
    if isinstance(value, str) and any(mark in value for mark in ("{{", "{%", "{#")):
        return Expression(value, location=location)
    if isinstance(value, list):
        return _List([compile_template(item, location) for item in value])
    if isinstance(value, dict):
        return _Mapping({key: compile_template(item, location) for key, item in value.items()})
    return _Constant(value)
