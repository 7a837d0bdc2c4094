"""Plain values into typed ones, with errors that name the place and the nearest known word."""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from promptops.documents.yaml_reader import Document, Path
from promptops.errors import InputError, did_you_mean

T = TypeVar("T")

_WHERE = re.compile(r"^(?P<what>.*?)(?: - at `(?:key in )?`?\$?(?P<path>[^`]*)`)?$", re.S)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_UNKNOWN = re.compile(r"Object contains unknown field `([^`]*)`")
_MISSING = re.compile(r"Object missing required field `([^`]*)`")
_EXPECTED = re.compile(r"Expected `([^`]*)`, got `([^`]*)`")

_KINDS = {
    "object": "a mapping",
    "array": "a list",
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "null": "nothing",
}


def decode(document: Document, type_: type[T], at: Path = ()) -> T:
    """Convert the value at `at` into `type_`, strictly.

    Raises:
        InputError: with the line and column of what does not fit.
    """
    value = document.value
    for step in at:
        value = value[step]
    try:
        return msgspec.convert(value, type_, strict=True)
    except msgspec.ValidationError as error:
        raise _explain(str(error), document, type_, at) from None


def _explain(text: str, document: Document, type_: Any, at: Path) -> InputError:
    match = _WHERE.match(text)
    what = match["what"] if match else text
    inner = _steps(match["path"] or "") if match else ()
    path = (*at, *inner)
    if unknown := _UNKNOWN.match(what):
        known = _field_names(type_, inner)
        return InputError(
            f"unknown key {unknown[1]!r}",
            location=document.locate((*path, unknown[1])),
            hint=did_you_mean(unknown[1], known),
        )
    if missing := _MISSING.match(what):
        return InputError(f"missing key {missing[1]!r}", location=document.locate(path))
    named = next((f"{step!r}: " for step in reversed(path) if isinstance(step, str)), "")
    return InputError(named + _plain(what), location=document.locate(path))


def _plain(what: str) -> str:
    expected = _EXPECTED.match(what)
    if not expected:
        return what[:1].lower() + what[1:]
    wanted = " or ".join(_KINDS.get(kind, kind) for kind in expected[1].split(" | "))
    return f"expected {wanted}, got {_KINDS.get(expected[2], expected[2])}"


def _steps(path: str) -> Path:
    steps: list[str | int] = []
    for name, index in _STEP.findall(path):
        if index == "...":  # a key of a mapping; msgspec does not say which
            break
        steps.append(name or int(index))
    return tuple(steps)


def _field_names(type_: Any, path: Path) -> list[str]:
    """The keys that the struct at `path` inside `type_` knows."""
    found = [inspect.type_info(type_)]
    for step in path:
        found = [inner for info in found for inner in _inside(info, step)]
    return [
        field.encode_name
        for info in _flat(found)
        if isinstance(info, inspect.StructType)
        for field in info.fields
    ]


def _flat(infos: list[inspect.Type]) -> list[inspect.Type]:
    out: list[inspect.Type] = []
    for info in infos:
        out.extend(_flat(list(info.types)) if isinstance(info, inspect.UnionType) else [info])
    return out


def _inside(info: inspect.Type, step: str | int) -> list[inspect.Type]:
    inner: list[inspect.Type] = []
    for each in _flat([info]):
        if isinstance(each, inspect.StructType):
            inner += [field.type for field in each.fields if field.encode_name == step]
        elif isinstance(each, (inspect.ListType, inspect.VarTupleType)):
            inner.append(each.item_type)
        elif isinstance(each, inspect.DictType):
            inner.append(each.value_type)
    return inner
