"""Where a template's line stands in its prompt file. Read again only once something is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from promptops.documents.yaml_reader import Document, Path
from promptops.errors import Location

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True)
class _Level:
    keyed: bool
    key: str | None = None
    index: int = -1


def place(document: Document, source: str, path: Path, line: int = 1, column: int = 0) -> Location:
    """The place in the file of a line and column (from 1; 0 unknown) of the text at `path`.

    A block scalar (`|`) maps line by line.  A text on one line maps to it, with the column where
    nothing in it is escaped.  Other texts map to where they start.
    """
    scalar = next((event for at, event in _scalars(source) if at == path), None)
    if scalar is None:
        return document.locate(path)
    start, end = scalar.start_mark, scalar.end_mark
    if start is None or end is None:
        return document.locate(path)
    if scalar.style == "|":
        row = start.line + line
        raw = _line(source, row)
        text = scalar.value.split("\n")
        wanted = text[line - 1] if line <= len(text) else ""
        indent = len(raw) - len(wanted) if raw.endswith(wanted) else 0
        return Location(document.path, row + 1, indent + max(column, 1))
    if start.line == end.line and line == 1 and column:
        raw = _line(source, start.line)
        quote = 1 if scalar.style else 0
        if raw.startswith(scalar.value, start.column + quote):
            return Location(document.path, start.line + 1, start.column + quote + column)
    return Location(document.path, start.line + 1, start.column + 1)


def _line(source: str, row: int) -> str:
    lines = source.split("\n", row + 1)
    return lines[row] if row < len(lines) else ""


def _scalars(source: str) -> Iterator[tuple[Path, yaml.ScalarEvent]]:
    """Every scalar value with its path; the text was read strictly before, so it is well formed."""
    levels: list[_Level] = []
    for event in yaml.parse(source.removeprefix("\ufeff"), Loader=_LOADER):
        if isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            levels.pop()
            _done(levels)
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            _count(levels)
            levels.append(_Level(isinstance(event, yaml.MappingStartEvent)))
        elif isinstance(event, yaml.ScalarEvent):
            if levels and levels[-1].keyed and levels[-1].key is None:
                levels[-1].key = event.value
                continue
            _count(levels)
            yield tuple(_step(level) for level in levels), event
            _done(levels)
        elif isinstance(event, yaml.AliasEvent):
            _count(levels)
            _done(levels)


def _step(level: _Level) -> str | int:
    return level.key if level.keyed and level.key is not None else level.index


def _count(levels: list[_Level]) -> None:
    if levels and not levels[-1].keyed:
        levels[-1].index += 1


def _done(levels: list[_Level]) -> None:
    if levels and levels[-1].keyed:
        levels[-1].key = None
