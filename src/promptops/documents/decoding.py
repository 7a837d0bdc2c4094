"""Plain values into typed ones, with errors that name the place and the nearest known word."""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from promptops.documents.yaml_reader import Document, Path
from promptops.errors import InputError, did_you_mean

T = TypeVar("T")

_WHERE = re.compile(r"^(?P<what>.*?)(?: - at `(?:key in )?`?\$?(?P<path>[^`]*)`)?$", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_UNKNOWN = re.compile(r"Object contains unknown field `([^`]*)`")
_MISSING = re.compile(r"Object missing required field `([^`]*)`")
_ENUM = re.compile(r"Invalid enum value (.*)", re.DOTALL)
_QUOTED = re.compile(r"`([^`]*)`")

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
    value = _at(document.value, at)
    try:
        return msgspec.convert(value, type_, strict=True)
    except msgspec.ValidationError as error:
        raise _explain(str(error), document, value, type_, at) from None


def _explain(text: str, document: Document, value: Any, type_: Any, at: Path) -> InputError:
    match = _WHERE.match(text)
    what = match["what"] if match else text
    inner = _concrete(value, type_, _steps(match["path"] or "") if match else [])
    path = (*at, *inner)
    if unknown := _UNKNOWN.match(what):
        return InputError(
            f"unknown key {unknown[1]!r}",
            location=document.locate((*path, unknown[1])),
            hint=did_you_mean(unknown[1], _field_names(type_, inner)),
        )
    if missing := _MISSING.match(what):
        return InputError(f"missing key {missing[1]!r}", location=document.locate(path))
    named = next((f"{step!r}: " for step in reversed(path) if isinstance(step, str)), "")
    if enum := _ENUM.match(what):
        words = _words(type_, inner)
        return InputError(
            f"{named}expected one of {', '.join(words)}, got {enum[1]}",
            location=document.locate(path),
            hint=_nearest(enum[1].strip("'"), words),
        )
    return InputError(named + _plain(what), location=document.locate(path))


def _plain(what: str) -> str:
    plain = _QUOTED.sub(
        lambda match: " or ".join(_KINDS.get(kind, kind) for kind in match[1].split(" | ")), what
    )
    return plain[:1].lower() + plain[1:]


def _nearest(word: str, words: list[str]) -> str | None:
    hint = did_you_mean(word, words)
    return hint if hint and hint.startswith("did") else None  # the message has them all


def _steps(path: str) -> list[str | int | None]:
    """The steps of a path; None for a key of a mapping, which msgspec does not name."""
    steps: list[str | int | None] = []
    for name, index in _STEP.findall(path):
        steps.append(name or (None if index == "..." else int(index)))
    return steps


def _concrete(value: Any, type_: Any, steps: list[str | int | None]) -> Path:
    """The steps with each unnamed key found, by converting one entry of its mapping at a time."""
    path: Path = ()
    for step in steps:
        if step is not None:
            path = (*path, step)
            continue
        for key in _at(value, path):
            only = _with(value, path, {key: _at(value, path)[key]})
            if not _converts(only, type_):
                value, path = only, (*path, key)
                break
        else:
            break
    return path


def _converts(value: Any, type_: Any) -> bool:
    try:
        msgspec.convert(value, type_, strict=True)
    except msgspec.ValidationError:
        return False
    return True


def _at(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value


def _with(value: Any, path: Path, inner: Any) -> Any:
    """A copy of `value` with `inner` at `path`."""
    if not path:
        return inner
    made = value.copy()
    made[path[0]] = _with(value[path[0]], path[1:], inner)
    return made


def _words(type_: Any, path: Path) -> list[str]:
    """What the literals at `path` inside `type_` allow."""
    return [
        str(word)
        for info in _flat(_infos(type_, path))
        if isinstance(info, inspect.LiteralType)
        for word in info.values
    ]


def _field_names(type_: Any, path: Path) -> list[str]:
    """The keys that the struct at `path` inside `type_` knows."""
    return [
        field.encode_name
        for info in _flat(_infos(type_, path))
        if isinstance(info, inspect.StructType)
        for field in info.fields
    ]


def _infos(type_: Any, path: Path) -> list[inspect.Type]:
    found = [inspect.type_info(type_)]
    for step in path:
        found = [inner for info in found for inner in _inside(info, step)]
    return found


def _flat(infos: list[inspect.Type]) -> list[inspect.Type]:
    out: list[inspect.Type] = []
    for info in infos:
        if isinstance(info, inspect.UnionType):
            out.extend(_flat(list(info.types)))
        elif isinstance(info, inspect.Metadata):  # what `Annotated` says beside the constraints
            out.extend(_flat([info.type]))
        else:
            out.append(info)
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
