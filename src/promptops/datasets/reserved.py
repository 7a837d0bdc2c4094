"""A row into a `Case`: the reserved columns checked and taken out, the rest left as data."""

from __future__ import annotations

import hashlib
import math
import unicodedata
from typing import Any

import msgspec

from promptops.documents.strict_json import MAX_INTEGER, MIN_INTEGER
from promptops.values.case import Case
from promptops.values.request import canonical_json

RESERVED = frozenset({"id", "tags", "group", "critical"})
NEAR_RESERVED = {
    "_id": "id",
    "ids": "id",
    "case_id": "id",
    "tag": "tags",
    "groups": "group",
    "is_critical": "critical",
} | {spelling: name for name in RESERVED for spelling in (name.upper(), name.title())}
"""Columns that were perhaps meant to be reserved ones; they are columns like any other."""

MAX_ID_LENGTH = 200
MAX_TAG_LENGTH = 100
MAX_DEPTH = 64
DERIVED_ID_LENGTH = 12


class RowError(ValueError):
    """What is wrong with a row, without its place."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def case_of(row: Any, line: int) -> tuple[Case, bool]:
    """The case that a row is, and whether its id was derived from its content.

    Raises:
        RowError: the row is no mapping, or a value in it cannot be kept exactly.
    """
    if not isinstance(row, dict):
        raise RowError(f"a case must be a mapping of columns, not {_kind(row)}")
    if not row:
        raise RowError("a case without a single column")
    columns = {name: value for name, value in row.items() if name not in RESERVED}
    for name, value in columns.items():
        if type(value) is not str:
            _check(value, name, 1)
    _check_texts(columns)
    given = row.get("id")
    return Case(
        id=derived_id(columns) if given is None else _label(given, "id", MAX_ID_LENGTH),
        columns=columns,
        tags=_tags(row.get("tags")),
        group=None if row.get("group") is None else _label(row["group"], "group", MAX_ID_LENGTH),
        critical=_critical(row.get("critical")),
        line=line,
    ), given is None


def derived_id(columns: dict[str, Any]) -> str:
    """12 hex digits of the SHA-256 of a row's columns.

    It changes with any value, and not with the order of rows or columns, the tags or the group.
    """
    return hashlib.sha256(canonical_json(columns)).hexdigest()[:DERIVED_ID_LENGTH]


def row_digest(case: Case) -> bytes:
    """SHA-256 (32 bytes) of what a case means: all but its line and the order of its tags."""
    meaning = [case.id, case.columns, sorted(case.tags), case.group, case.critical]
    return hashlib.sha256(canonical_json(meaning)).digest()


def _check(value: Any, name: str, depth: int) -> None:
    """Raise RowError for what JSON cannot hold exactly, or is nested too deep."""
    if value is None or isinstance(value, (str, bool)):
        return
    if isinstance(value, int):
        if not MIN_INTEGER <= value <= MAX_INTEGER:
            raise RowError(f"column {name!r}: an integer beyond 64 bits", "keep it as text")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise RowError(f"column {name!r}: {value} is not a number", "write null, or text")
    elif isinstance(value, (dict, list)):
        if depth >= MAX_DEPTH:
            raise RowError(f"column {name!r}: nested more than {MAX_DEPTH} deep")
        inner = value.values() if isinstance(value, dict) else value
        for each in inner:
            _check(each, name, depth + 1)
    else:
        raise RowError(f"column {name!r}: {type(value).__name__} is neither text nor number")


def _check_texts(columns: dict[str, Any]) -> None:
    """Raise RowError where a text holds half a surrogate pair, which no encoding can carry."""
    try:
        msgspec.msgpack.encode(columns)
    except UnicodeEncodeError:
        for name, value in columns.items():
            try:
                msgspec.msgpack.encode({name: value})
            except UnicodeEncodeError as error:
                half = ord(error.object[error.start])
                raise RowError(
                    f"column {name!a}: half a surrogate pair (U+{half:04X})",
                    "write the whole character",
                ) from None
        raise


def _label(value: Any, what: str, longest: int) -> str:
    """A short text that names something."""
    if isinstance(value, int) and not isinstance(value, bool):
        _check(value, what, 1)
        return str(value)
    if not isinstance(value, str):
        raise RowError(f"{what!r} must be text or a whole number, not {_kind(value)}")
    if not value.strip():
        raise RowError(f"{what!r} is empty")
    if len(value) > longest:
        raise RowError(f"{what!r} is longer than {longest} characters")
    if value.isascii() and value.isprintable():
        return value
    for character in value:
        category = unicodedata.category(character)
        if category in ("Cc", "Cs", "Zl", "Zp") or character in _DIRECTIONS:
            raise RowError(f"{what!r} holds the control character U+{ord(character):04X}")
    return value


_DIRECTIONS = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that make a text look other than it is."""


def _tags(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(tag, str) for tag in value):
        hint = f"write [{value}]" if isinstance(value, str) else None
        raise RowError(f"'tags' must be a list of texts, not {_kind(value)}", hint)
    for tag in value:
        _label(tag, "tags", MAX_TAG_LENGTH)
        if tag != tag.strip() or tag.startswith("!") or ";" in tag:
            raise RowError(f"the tag {tag!r} has blanks around it, ';' in it, or '!' before it")
    return tuple(dict.fromkeys(value))


def _critical(value: Any) -> bool:
    if value is None or isinstance(value, bool):
        return bool(value)
    raise RowError(f"'critical' is true or false, not {_kind(value)}")


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    names = {dict: "a mapping", list: "a list", int: "a whole number"}
    return "nothing" if value is None else names.get(type(value), "a number")
