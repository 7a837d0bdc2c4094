"""A YAML file of a person with some of its entries changed, and the rest left as it was written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import yaml

from promptops.documents.yaml_reader import Document, read_yaml
from promptops.errors import InputError

_WIDTH = 100


def rewritten(document: Document, text: str, value: Mapping[str, Any]) -> str:
    """The text of a file that holds a mapping, so that it holds `value`.

    Entries of the outermost mapping whose value stays keep their words, comments and place; those
    that change are written anew, new ones at the end.  Order counts as a part of a value.
    """
    made = _entry_by_entry(document, text, value)
    if made is not None and _holds(made, document.path, value):
        return made
    return _dumped(dict(value))


def _holds(text: str, path: str, value: Mapping[str, Any]) -> bool:
    """An entry may have been needed by another one, which says the same by reference."""
    try:
        return _same(read_yaml(text, path).value, value, outer=False)
    except InputError:
        return False


def _entry_by_entry(document: Document, text: str, value: Mapping[str, Any]) -> str | None:
    """None where the entries do not stand on lines of their own, such as in `{a: 1, b: 2}`."""
    marks = {key: document.marks.get((key,)) for key in document.value}
    places = [(mark[0] - 1, key) for key, mark in marks.items() if mark and mark[1] == 1]
    if len({line for line, _ in places}) < len(marks):
        return None
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    ends = [line for line, _ in places[1:]] + [len(lines)]
    made = lines[: places[0][0]] if places else lines
    for (begin, key), end in zip(places, ends, strict=True):
        own = _without_what_follows(lines[begin:end])
        if key not in value:
            kept: list[str] = []
        elif _same(document.value[key], value[key]):
            kept = own
        else:
            kept = [_dumped({key: value[key]})]
        made += [*kept, *lines[begin + len(own) : end]]
    new = {key: each for key, each in value.items() if key not in document.value}
    return "".join(made) + (_dumped(new) if new else "")


def _without_what_follows(lines: list[str]) -> list[str]:
    """An entry's lines without those at its end that speak of the next one, or of nothing."""
    end = len(lines)
    while end > 1 and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
        end -= 1
    return lines[:end]


def _same(one: Any, other: Any, *, outer: bool = True) -> bool:
    """Whether two values are equal, the order of keys included; `outer`: that of the first level
    too.
    """
    if not outer:
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    return json.dumps(one) == json.dumps(other)


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as they would be written by hand, and nothing said by reference."""

    def ignore_aliases(self, data: Any) -> bool:
        del data
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def _dumped(value: Mapping[str, Any]) -> str:
    return yaml.dump(dict(value), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)
