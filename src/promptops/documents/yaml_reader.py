"""Strict YAML: a small, predictable subset, with the line and column of every value.

Built on the event stream of PyYAML and not on its loaders: events are flat (no recursion to
exhaust), carry exact places, and leave the meaning of a plain scalar to us.  That meaning is JSON's
own: `true`, `false`, `null`, decimal numbers; all else is text (`NO`, `on`, `012`, `12:30:45`,
`1e3`, dates).
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import yaml

from promptops.errors import InputError, Location

MAX_DEPTH = 64
MAX_NODES = 5_000_000
MAX_ALIASED_NODES = 500_000
MAX_INTEGER_DIGITS = 18

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]+(?:[eE][-+]?[0-9]{1,3})?\Z")
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Path = tuple[str | int, ...]
Mark = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Document:
    """A file's content as plain values, and where each stands."""

    path: str
    value: Any
    marks: dict[Path, Mark]
    """Path of a value to its line and column, from 1; a mapping's entry is marked at its key."""

    def locate(self, path: Path) -> Location:
        """The place of a value, or of the nearest value around it that has one."""
        for end in range(len(path), -1, -1):
            mark = self.marks.get(path[:end])
            if mark:
                return Location(self.path, *mark)
        return Location(self.path)


@dataclass(slots=True)
class _Open:
    """A mapping or sequence whose end has not been met yet."""

    value: Any
    path: Path
    start_nodes: int
    anchor: str | None
    key: str | None = None


@dataclass(slots=True)
class _Reader:
    path: str
    mark_depth: int
    """Values deeper than this many steps are not marked."""
    marks: dict[Path, Mark] = field(default_factory=dict)
    anchors: dict[str, tuple[Any, int]] = field(default_factory=dict)
    stack: list[_Open] = field(default_factory=list)
    nodes: int = 0
    aliased: int = 0
    root: Any = None
    documents: int = 0

    def fail(self, event: yaml.Event, message: str, hint: str | None = None) -> InputError:
        return InputError(message, location=Location(self.path, *_mark(event)), hint=hint)

    def take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self.scalar(event)
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            self.open(event)
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            self.close()
        elif isinstance(event, yaml.AliasEvent):
            self.alias(event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                raise self.fail(event, "a second YAML document in one file", "split the file")

    def scalar(self, event: yaml.ScalarEvent) -> None:
        parent = self.stack[-1] if self.stack else None
        if parent is not None and isinstance(parent.value, dict) and parent.key is None:
            self.key(parent, event)
            return
        value = self.resolve(event)
        self.place(event, value, 1)
        if event.anchor:
            self.anchors[event.anchor] = (value, 1)

    def key(self, parent: _Open, event: yaml.ScalarEvent) -> None:
        key = event.value
        if not isinstance(self.resolve(event), str):
            raise self.fail(event, f"a key must be text, not {key!r}", f'quote it: "{key}"')
        if key in parent.value:
            first = self.marks.get((*parent.path, key))
            where = f" (first on line {first[0]})" if first else ""
            raise self.fail(event, f"duplicate key {key!r}{where}")
        parent.key = key
        self.mark((*parent.path, key), event)

    def resolve(self, event: yaml.ScalarEvent) -> Any:
        text: str = event.value
        if event.tag is not None and event.tag not in ("tag:yaml.org,2002:str", "!"):
            raise self.fail(event, f"tag {event.tag!r} is not allowed", "write the plain value")
        if event.style or event.tag:
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.match(text):
            digits = len(text.removeprefix("-"))
            if digits > MAX_INTEGER_DIGITS:
                raise self.fail(
                    event, f"an integer of {digits} digits", "quote it to keep it as text"
                )
            return int(text)
        return self.number(event) if _FLOAT.match(text) else text

    def number(self, event: yaml.ScalarEvent) -> float:
        value = float(event.value)
        if math.isinf(value):
            raise self.fail(
                event, f"the number {event.value[:40]} is too large", "quote it to keep it as text"
            )
        return value

    def open(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        if event.tag is not None:
            raise self.fail(event, f"tag {event.tag!r} is not allowed", "remove the tag")
        if len(self.stack) >= MAX_DEPTH:
            raise self.fail(event, f"nested more than {MAX_DEPTH} deep")
        value: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
        start = self.nodes
        path = self.place(event, value, 1)
        self.stack.append(_Open(value, path, start, event.anchor))

    def close(self) -> None:
        done = self.stack.pop()
        if done.anchor:
            self.anchors[done.anchor] = (done.value, self.nodes - done.start_nodes)

    def alias(self, event: yaml.AliasEvent) -> None:
        if event.anchor not in self.anchors:
            raise self.fail(event, f"alias {event.anchor!r} names no anchor above it")
        value, size = self.anchors[event.anchor]
        self.aliased += size
        if self.aliased > MAX_ALIASED_NODES:
            raise self.fail(event, f"aliases that stand for more than {MAX_ALIASED_NODES:,} values")
        self.place(event, value, size)

    def place(self, event: yaml.Event, value: Any, size: int) -> Path:
        """Hang a value into its parent; answers its path. `size`: its nodes, aliases expanded."""
        self.nodes += size
        if self.nodes > MAX_NODES:
            raise self.fail(event, f"more than {MAX_NODES:,} values")
        if not self.stack:
            self.root = value
            self.mark((), event)
            return ()
        parent = self.stack[-1]
        if isinstance(parent.value, list):
            path = (*parent.path, len(parent.value))
            parent.value.append(value)
            self.mark(path, event)
            return path
        if parent.key is None:
            raise self.fail(event, "a key must be text", "write the key as a plain word")
        path = (*parent.path, parent.key)
        parent.value[parent.key] = value
        parent.key = None
        return path

    def mark(self, path: Path, event: yaml.Event) -> None:
        if len(path) <= self.mark_depth:
            self.marks[path] = _mark(event)

    def rows(self, key: str) -> list[Any] | None:
        """The list whose items are rows (the root, or its `key`), while it is being read."""
        depth = len(self.stack)
        if depth == 1 or (depth == 2 and self.stack[1].path == (key,)):
            value = self.stack[-1].value
            return value if isinstance(value, list) else None
        return None


def _mark(event: yaml.Event) -> Mark:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (0, 0)


def read_yaml(text: str, path: str, *, marks: bool = True) -> Document:
    """Read one YAML document.

    `path` is only for messages.  `marks=False` saves memory where places are not needed.

    Raises:
        InputError: the text is not YAML, or uses what the subset leaves out (duplicate keys, tags,
            keys that are not text, several documents), or is too deep or too large.
    """
    reader = _Reader(path, MAX_DEPTH if marks else -1)
    for event in _events(text, path):
        reader.take(event)
    return Document(path, reader.root, reader.marks)


def read_yaml_rows(
    file: BinaryIO, path: str, key: str
) -> Generator[tuple[int, Any], None, Document]:
    """Yield `(line, item)` of a list that is the document, or that the document has under `key`.

    Items are let go of once yielded, so that memory stays flat.  Returns what is left of the
    document: the list is empty, and only the document's own keys have places.

    Raises:
        InputError: as `read_yaml` does.
        UnicodeDecodeError: the bytes are not UTF-8.
    """
    reader = _Reader(path, 1)
    line = 0
    for event in _events(file, path):
        if reader.rows(key) is not None:
            line = _mark(event)[0]
        reader.take(event)
        if items := reader.rows(key):
            yield line, items.pop()
    return Document(path, reader.root, reader.marks)


def _events(source: str | BinaryIO, path: str) -> Iterator[yaml.Event]:
    if isinstance(source, str):
        source = source.removeprefix("\ufeff")
        if bad := _unwritable(source.split("\n"), path):  # the C parser cannot take a surrogate
            raise bad
    try:
        yield from yaml.parse(source, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = Location(path, mark.line + 1, mark.column + 1) if mark else Location(path)
        raise InputError(f"not valid YAML: {error.problem}", location=where) from None
    except yaml.reader.ReaderError as error:
        bad = None if isinstance(source, str) else _unwritable(_lines(source), path)
        raise bad or InputError(
            f"not valid YAML: {error.reason}", location=Location(path)
        ) from None


def _lines(file: BinaryIO) -> Iterator[str]:
    """The lines of a file from its start. Raises UnicodeDecodeError."""
    file.seek(0)
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="\n")
    try:
        yield from text
    finally:
        text.detach()


def _unwritable(lines: Iterable[str], path: str) -> InputError | None:
    """An error for the first character that YAML does not allow, if there is one."""
    for number, line in enumerate(lines, 1):
        if match := _FORBIDDEN.search(line):
            return InputError(
                f"not valid YAML: character U+{ord(match[0]):04X} is not allowed",
                location=Location(path, number, match.start() + 1),
                hint='write it as an escape inside "double quotes"',
            )
    return None
