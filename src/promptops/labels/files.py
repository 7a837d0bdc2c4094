"""The file of labels beside a suite, read strictly: one JSON object a line, each with its place."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from promptops.documents.decoding import decode
from promptops.documents.strict_json import DECODER, FAULTS, explain
from promptops.documents.tree import Tree
from promptops.documents.yaml_reader import Document, Path
from promptops.errors import InputError, InputErrors, Location, did_you_mean
from promptops.values.label import Chosen, Label, PairLabel

FOLDER = "evals"
SUFFIX = ".labels.jsonl"

MAX_TEXT = 300
"""Characters of an answer that its label repeats, for whoever reads the file."""
MAX_COMMENT = 2_000
MAX_NAME = 200

_KINDS = ("answer", "pair")
_MOST_ERRORS = 20
_CONFLICT = re.compile(r"<{7}(?: |\Z)|\|{7}(?: |\Z)|={7}\Z|>{7}(?: |\Z)")
# Possessive, so that a long text costs no memory.
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"|[{}\[\],:]', re.DOTALL)
_SURROGATE = re.compile("[\ud800-\udfff]")
_DIRECTIONS = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_ON_ONE_LINE = ("metric", "case", "reviewer", "label")

_Name = Annotated[str, Meta(min_length=1, max_length=MAX_NAME)]
_Digest = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
_Comment = Annotated[str, Meta(max_length=MAX_COMMENT)]


class _AnswerLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    kind: Literal["answer"]
    metric: _Name
    case: _Name
    output: _Digest
    value: Annotated[float, Meta(ge=0, le=1)] | None
    reviewer: _Name
    at: str
    label: Annotated[str, Meta(max_length=MAX_NAME)] = ""
    comment: _Comment = ""
    text: Annotated[str, Meta(max_length=MAX_TEXT)] = ""
    chosen: Chosen = ""


class _PairLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    kind: Literal["pair"]
    metric: _Name
    case: _Name
    first: _Digest
    second: _Digest
    better: Literal["first", "second", "tie"] | None
    reviewer: _Name
    at: str
    comment: _Comment = ""
    chosen: Chosen = ""


AnyLabel = Label | PairLabel
Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Labels:
    """The labels of one suite, in the order of their file."""

    path: str
    """From the root of the project; there may be no such file yet."""
    answers: list[Label] = field(default_factory=list)
    pairs: list[PairLabel] = field(default_factory=list)
    answer_lines: list[int] = field(default_factory=list)
    """The line of each of `answers`, from 1."""
    pair_lines: list[int] = field(default_factory=list)

    @property
    def all(self) -> list[AnyLabel]:
        """Both kinds: answers first."""
        return [*self.answers, *self.pairs]


def labels_path(suite: str) -> str:
    """The path of a suite's labels from the root of the project."""
    return f"{FOLDER}/{suite}{SUFFIX}"


def key_of(label: AnyLabel) -> Key:
    """What a label is about, and whose it is: a reviewer has one label for each.

    It is the order of the file as well: case, metric, output, reviewer.  The two answers of a pair
    have no order in it.
    """
    if isinstance(label, Label):
        return (label.case, label.metric, "answer", label.output, "", label.reviewer)
    first, second = sorted((label.first, label.second))
    return (label.case, label.metric, "pair", first, second, label.reviewer)


def read_labels(tree: Tree, suite: str) -> Labels:
    """The labels of a suite; none where it has no such file.

    Raises:
        InputError: with line and column of what is wrong: no JSON, an unknown or missing key, a
            value that does not fit, two labels of one reviewer for one answer, a merge that was
            not finished.
    """
    path = labels_path(suite)
    text = tree.read(path)
    return Labels(path) if text is None else parse_labels(text, path)


def parse_labels(text: str, path: str) -> Labels:
    """The labels in a file's text; raises as `read_labels` does."""
    found = Labels(path)
    errors: list[InputError] = []
    lines: dict[Key, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        if _CONFLICT.match(line):
            raise _unfinished(Location(path, number, 1))
        try:
            label = _label(line, path, number)
            _hold_single(lines, label, Location(path, number, 1))
        except InputError as error:
            errors.append(error)
            if len(errors) == _MOST_ERRORS:
                break
            continue
        if isinstance(label, Label):
            found.answers.append(label)
            found.answer_lines.append(number)
        else:
            found.pairs.append(label)
            found.pair_lines.append(number)
    if errors:
        raise errors[0] if len(errors) == 1 else InputErrors(errors)
    return found


def _unfinished(location: Location) -> InputError:
    return InputError(
        "a merge that was not finished: this line is git's, and no label",
        location=location,
        hint="keep the labels of both sides and delete the marks; the order does not matter",
    )


def _hold_single(lines: dict[Key, int], label: AnyLabel, location: Location) -> None:
    key = key_of(label)
    if key in lines:
        what = "answer" if isinstance(label, Label) else "pair"
        raise InputError(
            f"a second label of {label.reviewer!r} for the {what} that line {lines[key]} is about"
            f" (case {label.case!r}, metric {label.metric!r})",
            location=location,
            hint=f"keep line {lines[key]} or line {location.line}",
        )
    lines[key] = location.line


def _label(line: str, path: str, number: int) -> AnyLabel:
    try:
        value = DECODER.decode(line)
    except FAULTS as error:
        message, at, hint = explain(error, line)
        raise InputError(message, location=Location(path, number, at + 1), hint=hint) from None
    if not isinstance(value, dict):
        raise InputError(
            "a label is one JSON object", location=Location(path, number, 1), hint=_EXAMPLE
        )
    document = Document(path, value, _marks(line, number))
    kind = value.get("kind")
    if kind not in _KINDS:
        raise _kind_error(document, kind)
    if kind == "answer":
        return Label(**_fields(document, decode(document, _AnswerLine)))
    pair = PairLabel(**_fields(document, decode(document, _PairLine)))
    if pair.first == pair.second:
        raise InputError(
            "both answers of the pair are the same one", location=document.locate(("second",))
        )
    return pair


def _fields(document: Document, made: msgspec.Struct) -> dict[str, Any]:
    fields = msgspec.structs.asdict(made)
    del fields["kind"]
    _check_texts(document, fields)
    return fields


_EXAMPLE = "promptops review SUITE writes them"


def _kind_error(document: Document, kind: Any) -> InputError:
    if "kind" not in document.value:
        return InputError(
            "missing key 'kind'", location=document.locate(()), hint="kind: answer, or pair"
        )
    return InputError(
        f"'kind': expected one of {', '.join(_KINDS)}, got {str(kind)[:40]!r}",
        location=document.locate(("kind",)),
        hint=did_you_mean(str(kind)[:40], _KINDS),
    )


def _check_texts(document: Document, fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        if not isinstance(value, str):
            continue
        where = document.locate((name,))
        if half := _SURROGATE.search(value):
            raise InputError(
                f"{name!r}: half a surrogate pair (U+{ord(half[0]):04X})",
                location=where,
                hint="write the whole character",
            )
        if name in _ON_ONE_LINE and (problem := name_problem(value, empty=name == "label")):
            raise InputError(f"{name!r} {problem}", location=where)
    if not _is_utc(fields["at"]):
        raise InputError(
            f"'at': {fields['at'][:40]!r} is no time in UTC",
            location=document.locate(("at",)),
            hint="write it as 2026-05-01T10:00:00+00:00",
        )


def name_problem(name: str, *, empty: bool = False) -> str | None:
    """What is wrong with a name in a label, in words that follow it; None where nothing is."""
    if not empty and not name.strip():
        return "is empty"
    if len(name) > MAX_NAME:
        return f"is longer than {MAX_NAME} characters"
    if bad := next((char for char in name if _acts(char)), None):
        return f"holds the control character U+{ord(bad):04X}"
    return None


def _acts(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} or char in _DIRECTIONS


def _is_utc(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).utcoffset() == timedelta(0)
    except ValueError:
        return False


def _marks(line: str, number: int) -> dict[Path, tuple[int, int]]:
    """The place of each key of the object on a line."""
    marks: dict[Path, tuple[int, int]] = {(): (number, 1)}
    depth = 0
    before: re.Match[str] | None = None
    for token in _TOKEN.finditer(line):
        word = token[0]
        if word in "{[":
            depth += 1
        elif word in "}]":
            depth -= 1
        elif word == ":" and depth == 1 and before is not None:
            marks[(_read(before[0]),)] = (number, before.start() + 1)
        before = token
    return marks


def _read(text: str) -> str:
    try:
        return str(json.loads(text))
    except ValueError:
        return text


def settled(labels: Sequence[AnyLabel]) -> list[AnyLabel]:
    """In the order of the file, which does not depend on who wrote what when."""
    return sorted(labels, key=key_of)
