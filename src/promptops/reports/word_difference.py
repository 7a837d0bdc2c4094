"""Differences of texts by word, and of settings by path."""

from __future__ import annotations

import difflib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from promptops.reports.same_ends import same_ends

Kind = Literal["=", "-", "+"]
Segment = tuple[Kind, str]

_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
"""Thai, Lao, Burmese, Khmer, kana and Han: they write no blanks between words, so that each letter
is told apart."""

_TOKENS = re.compile(rf"\n|[^\S\n]+|[{_UNSPACED}]|[^\W{_UNSPACED}]+|[^\w\s]")

_ALIKE = 0.35
"""Below this share of common words two passages are shown whole, one after the other."""

_MOST_MATCHES = 30_000
"""Pairs of equal words that are still weighed against each other (half a second at the worst)."""

Opcode = tuple[str, int, int, int, int]


@dataclass(frozen=True, slots=True)
class Piece:
    """One line of a difference: kept, removed, added, or changed within (`~`)."""

    mark: Literal[" ", "-", "+", "~"]
    segments: tuple[Segment, ...]


def changed_lines(old: str, new: str) -> list[Piece]:
    """The difference of two texts, line by line, by word where lines changed."""
    before, after = _lines(old), _lines(new)
    pieces: list[Piece] = []
    opcodes = _opcodes(before, after)
    for tag, i, j, k, m in opcodes or [
        ("delete", 0, len(before), 0, 0),
        ("insert", 0, 0, 0, len(after)),
    ]:
        if tag == "equal":
            pieces += _whole("=", before[i:j])
        elif tag == "replace":
            pieces += _replaced("\n".join(before[i:j]), "\n".join(after[k:m]))
        else:
            pieces += _whole("-", before[i:j]) + _whole("+", after[k:m])
    return pieces


def _opcodes(before: Sequence[str], after: Sequence[str]) -> Sequence[Opcode] | None:
    """How one sequence becomes the other; None when they repeat themselves too much to tell.

    What both begin and end with is set aside first only where the whole is too much: a full stop
    that happens to end both sides would otherwise be torn from its sentence.
    """
    if _matches(before, after) <= _MOST_MATCHES:
        return difflib.SequenceMatcher(_is_blank, before, after, autojunk=False).get_opcodes()
    head, tail = same_ends(before, after)
    left, right = before[head : len(before) - tail], after[head : len(after) - tail]
    if _matches(left, right) > _MOST_MATCHES:
        return None
    matcher = difflib.SequenceMatcher(_is_blank, left, right, autojunk=False)
    return [
        ("equal", 0, head, 0, head),
        *(
            (tag, i + head, j + head, k + head, m + head)
            for tag, i, j, k, m in matcher.get_opcodes()
        ),
        ("equal", len(before) - tail, len(before), len(after) - tail, len(after)),
    ]


def _matches(before: Sequence[str], after: Sequence[str]) -> int:
    """How many pairs of equal items there are, blanks aside: the work of comparing."""
    counts = Counter(after)
    return sum(counts[item] for item in before if not _is_blank(item))


def _is_blank(text: str) -> bool:
    """Blanks never start a match: they are everywhere and mean nothing. Line breaks do."""
    return not text or (text.isspace() and text != "\n")


def _lines(text: str) -> list[str]:
    return text.split("\n") if text else []


def _whole(kind: Kind, lines: Iterable[str]) -> list[Piece]:
    marks: dict[Kind, Literal[" ", "-", "+"]] = {"=": " ", "-": "-", "+": "+"}
    return [Piece(marks[kind], ((kind, line),)) for line in lines]


def _replaced(old: str, new: str) -> list[Piece]:
    segments = word_segments(old, new)
    if segments is None:
        return _whole("-", old.split("\n")) + _whole("+", new.split("\n"))
    pieces: list[Piece] = []
    line: list[Segment] = []
    for kind, text in segments:
        *finished, rest = text.split("\n")
        for part in finished:
            # A break that only one side has is a difference too, and is kept to be seen.
            line.append((kind, part if kind == "=" else part + "\n"))
            pieces.append(_piece(line))
            line = []
        line.append((kind, rest))
    pieces.append(_piece(line))
    return [_settled(*both) for both in zip(pieces, [*pieces[1:], None], strict=True)]


def _settled(piece: Piece, after: Piece | None) -> Piece:
    """Without the mark of its break, where whole lines that follow already tell of it."""
    if after is None or piece.mark != "~":
        return piece
    kind, text = piece.segments[-1]
    if not text.endswith("\n") or after.mark != kind:
        return piece
    return _piece([*piece.segments[:-1], (kind, text[:-1])])


def _piece(line: list[Segment]) -> Piece:
    kept = tuple(segment for segment in line if segment[1])
    kinds = {kind for kind, _ in kept}
    if kinds <= {"="}:
        return Piece(" ", kept)
    if len(kinds) > 1:
        return Piece("~", kept)
    whole = tuple((kind, text.removesuffix("\n")) for kind, text in kept)
    return Piece("-" if kinds == {"-"} else "+", whole)


def word_segments(old: str, new: str) -> list[Segment] | None:
    """Both texts as runs of kept, removed and added words.

    None when they have little in common, or are too long to compare word by word.
    """
    before, after = _TOKENS.findall(old), _TOKENS.findall(new)
    opcodes = _opcodes(before, after)
    if opcodes is None:
        return None
    common = sum(
        len(token)
        for tag, i, j, _, _ in opcodes
        if tag == "equal"
        for token in before[i:j]
        if not token.isspace()
    )
    letters = max(len("".join(old.split())), len("".join(new.split())))
    if letters and common < _ALIKE * letters:
        return None
    segments: list[Segment] = []
    for tag, i, j, k, m in opcodes:
        if tag == "equal":
            segments.append(("=", "".join(before[i:j])))
            continue
        if j > i:
            segments.append(("-", "".join(before[i:j])))
        if m > k:
            segments.append(("+", "".join(after[k:m])))
    return segments


def compare_values(
    before: object, after: object, path: str = ""
) -> list[tuple[str, str | None, str | None]]:
    """Where two JSON values differ: (path, before, after) as JSON text; None where it is absent."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        found: list[tuple[str, str | None, str | None]] = []
        for key in [*before, *(key for key in after if key not in before)]:
            inner = f"{path}.{key}" if path else str(key)
            if key not in after:
                found.append((inner, _json(before[key]), None))
            elif key not in before:
                found.append((inner, None, _json(after[key])))
            else:
                found += compare_values(before[key], after[key], inner)
        return found
    # As JSON, because Python holds 1, 1.0 and True equal; a model's parameters do not.
    if _json(before, sort_keys=True) == _json(after, sort_keys=True):
        return []
    absent = not path
    return [
        (
            path,
            None if before is None and absent else _json(before),
            None if after is None and absent else _json(after),
        )
    ]


def _json(value: object, *, sort_keys: bool = False) -> str:
    return json.dumps(value, ensure_ascii=False, default=str, sort_keys=sort_keys)
