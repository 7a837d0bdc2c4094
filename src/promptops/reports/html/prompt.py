"""What changed in the prompt: line by line, by word where a line changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from promptops.reports import words
from promptops.reports.difference_parts import Setting
from promptops.reports.html.markup import NOTHING, Markup, element, join, text
from promptops.reports.prompt_changes import TextChange, prompt_changes
from promptops.reports.symbols import UNICODE
from promptops.reports.word_difference import Piece, Segment
from promptops.values.details import Details, PromptText
from promptops.values.report import Report

_CONTEXT = 3
_MOST_LINES = 2_000
_LONGEST_LINE = 4_000
_LONGEST_TEXT = 200_000
_SPOKEN = {"-": "removed: ", "+": "added: ", "~": "changed: "}


def prompt_part(report: Report, details: Details | None) -> Markup:
    """Both versions' difference, and the new one in full behind a fold."""
    after = details.candidate if details else None
    before = details.baseline if details else None
    if after is None:
        return NOTHING
    shown = [_file(after)]
    if before is not None:
        shown = [_difference(before, after), *shown]
    elif report.baseline is not None:
        told = "The text of the baseline is not kept, so there is nothing to lay beside it."
        shown = [element("p", told, class_="explained"), *shown]
    return element("section", element("h2", "The prompt"), *shown, class_="prompt")


def _difference(before: PromptText, after: PromptText) -> Markup:
    changes = prompt_changes(before, after)
    parts = [_hunk(each) for each in changes.texts]
    parts += [
        _settings(part, each)
        for part, each in groupby(changes.settings, key=lambda setting: setting.part)
    ]
    if not parts:
        told = "Both versions mean the same: no message, include or setting differs."
        return element("p", told, class_="explained")
    return element("div", *parts, class_="difference")


def _head(name: str, change: str) -> Markup:
    return element("h3", name, " ", element("span", change, class_=f"badge {change}"))


def _hunk(each: TextChange) -> Markup:
    head = _head(each.name, each.change)
    if len(each.before) + len(each.after) > _LONGEST_TEXT:
        told = "too long to be laid side by side here: "
        again = element("code", "promptops diff")
        return element("div", head, element("p", told, again, class_="explained"), class_="hunk")
    return element("div", head, _lines(each.pieces), class_="hunk")


def _lines(lines: Sequence[Piece]) -> Markup:
    near = [
        any(other.mark != " " for other in lines[max(0, at - _CONTEXT) : at + _CONTEXT + 1])
        for at in range(len(lines))
    ]
    shown: list[Markup] = []
    skipped = 0
    for kept, piece in zip(near, lines, strict=True):
        if not kept or len(shown) >= _MOST_LINES:
            skipped += 1
            continue
        shown += _skipped(skipped)
        skipped = 0
        shown.append(_line(piece))
    shown += _skipped(skipped)
    return element(
        "div",
        element("div", *shown, class_="lines"),
        class_="scrolls",
        tabindex="0",
        role="region",
        aria_label="Lines that changed",
    )


def _skipped(count: int) -> list[Markup]:
    if not count:
        return []
    told = f"{UNICODE.more} {words.many(count, 'line')} as before"
    return [element("div", told, class_="line skipped")]


def _line(piece: Piece) -> Markup:
    names = {" ": "kept", "-": "removed", "+": "added", "~": "changed"}
    sign = element("span", piece.mark, class_="sign", aria_hidden="true")
    spoken = _SPOKEN.get(piece.mark)
    told = element("span", spoken, class_="spoken") if spoken else None
    whole = piece.mark != "~"
    segments = [_segment(each, whole=whole) for each in piece.segments]
    body = element("span", *segments, class_="text")
    return element("div", sign, told, body, class_=f"line {names[piece.mark]}")


def _segment(segment: Segment, *, whole: bool) -> Markup:
    kind, told = segment
    if told.endswith("\n"):
        told = told[:-1] + "⏎"
    shown = _long(told)
    if whole or kind == "=":
        return shown
    return element("del" if kind == "-" else "ins", shown)


def _settings(part: str, changed: Iterable[Setting]) -> Markup:
    rows = []
    for one in changed:
        old = element("del", _long(one.before)) if one.before is not None else None
        new = element("ins", _long(one.after)) if one.after is not None else None
        arrow = f" {UNICODE.arrow} " if old and new else None
        name = element("dt", one.path or part)
        rows.append(element("div", name, element("dd", old, arrow, new)))
    return element(
        "div", element("h3", part), element("dl", *rows, class_="settings"), class_="hunk"
    )


def _file(prompt: PromptText) -> Markup:
    if not prompt.source:
        return NOTHING
    lines = prompt.source[:_LONGEST_TEXT].removesuffix("\n").split("\n")
    shown = [join([_long(line.expandtabs(4)), Markup("\n")]) for line in lines[:_MOST_LINES]]
    told = f"{prompt.path} as of v{prompt.version}, in full"
    if len(lines) > _MOST_LINES or len(prompt.source) > _LONGEST_TEXT:
        told = f"{prompt.path} as of v{prompt.version}, its beginning"
    body = element("pre", *shown, tabindex="0", class_="source")
    return element("details", element("summary", told), body)


def _long(value: str) -> Markup:
    return text(value, _LONGEST_LINE)
