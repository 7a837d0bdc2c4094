"""JSON Schemas out of people's files, compiled without the network.

Their regular expressions run in linear time, and references cannot multiply without end.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NoReturn

import jsonschema_rs

MAX_VALUE_NESTING = 500
"""Deeper values would exhaust the validator's stack."""
MAX_BRANCHES = 10_000
_LONGEST = 200

_SAME_VALUE = ("allOf", "anyOf", "oneOf")
_SAME_VALUE_ONE = ("not", "if", "then", "else")


class SchemaError(Exception):
    """A schema is not one, or asks for what is not allowed."""


class Schema:
    """A compiled JSON Schema (draft 2020-12 unless it names another).

    Raises:
        SchemaError: it is no valid schema, refers to another document, or branches without end.
    """

    def __init__(self, schema: dict[str, Any]) -> None:
        _check_branches(schema)
        try:
            self._validator = jsonschema_rs.validator_for(
                schema,
                retriever=_refuse,
                pattern_options=jsonschema_rs.RegexOptions(),
                validate_formats=True,
            )
        except jsonschema_rs.ValidationError as error:
            raise SchemaError(_schema_problem(error)) from None
        except (jsonschema_rs.ReferencingError, ValueError, OverflowError, RecursionError) as error:
            raise SchemaError(_short(str(error))) from None

    def problem(self, value: Any) -> str | None:
        """What is wrong with a value and where inside it; None when nothing is."""
        if _too_deep(value):
            return f"nested more than {MAX_VALUE_NESTING} deep"
        try:
            errors: Iterator[jsonschema_rs.ValidationError] = self._validator.iter_errors(value)
            first = next(errors, None)
        except (ValueError, OverflowError) as error:
            return f"not a JSON value: {_short(str(error))}"
        if first is None:
            return None
        place = "".join(
            f"[{step}]" if isinstance(step, int) else f".{step}" for step in first.instance_path
        ).lstrip(".")
        return f"{_short(place)}: {_short(first.message)}" if place else _short(first.message)


def _refuse(uri: str) -> NoReturn:
    raise ValueError(f"{uri!r} is another document")


def _schema_problem(error: jsonschema_rs.ValidationError) -> str:
    if "is not present in a registry" in error.message:
        return f"{_short(error.message.split(chr(39))[1])!r} refers to another document"
    where = ".".join(str(step) for step in error.instance_path)
    message = _short(error.message)
    if message.endswith('is not a "regex"'):
        message += " that runs in linear time (no look-around, no back-references, not huge)"
    return f"{where}: {message}" if where else message


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST // 2] + " … " + text[-_LONGEST // 2 :]


def _too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_VALUE_NESTING):
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
        level = [item for item in below if isinstance(item, (dict, list))]
        if not level:
            return False
    return True


def _check_branches(schema: dict[str, Any]) -> None:
    """Refuse a schema whose references multiply: one value would be checked 2ⁿ times."""
    counts: dict[int, int] = {}
    pending: list[Any] = [schema]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            if _branches(item, schema, counts, 0) > MAX_BRANCHES:
                raise SchemaError(f"more than {MAX_BRANCHES:,} branches for one value")
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)


def _branches(item: Any, root: dict[str, Any], counts: dict[int, int], depth: int) -> int:
    """How many subschemas one value is checked against, with every reference followed."""
    if not isinstance(item, dict):
        return 1
    key = id(item)
    if key in counts:
        return counts[key]
    if depth > 200:
        raise SchemaError("references lead on more than 200 times")
    counts[key] = 1  # a circle is the validator's to notice
    inner = [
        each for name in _SAME_VALUE if isinstance(item.get(name), list) for each in item[name]
    ]
    inner += [item[name] for name in _SAME_VALUE_ONE if name in item]
    inner += [
        target for name in ("$ref", "$dynamicRef") for target in _targets(item.get(name), root)
    ]
    total = 1 + sum(_branches(each, root, counts, depth + 1) for each in inner)
    counts[key] = total
    return total


def _targets(reference: Any, root: dict[str, Any]) -> Iterator[Any]:
    """What a reference inside the document points at."""
    if not isinstance(reference, str) or not reference.startswith("#"):
        return
    if not reference.startswith("#/"):
        anchor = reference[1:]
        yield from [root] if not anchor else _anchored(root, anchor)
        return
    target: Any = root
    for step in reference[2:].split("/"):
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(target, dict):
            target = target.get(name)
        elif isinstance(target, list) and name.isdecimal() and int(name) < len(target):
            target = target[int(name)]
        else:
            return
    yield target


def _anchored(root: dict[str, Any], anchor: str) -> Iterator[Any]:
    pending: list[Any] = [root]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            if anchor in (item.get("$anchor"), item.get("$dynamicAnchor")):
                yield item
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)
