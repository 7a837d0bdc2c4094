"""What differs between two versions of a prompt, in words that a reviewer reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from promptops.reports import words
from promptops.reports.difference_parts import (
    Difference,
    PromptView,
    Setting,
    change_of,
    changed_includes,
    settings,
    words_of,
)
from promptops.reports.encoding import encode
from promptops.reports.headline import finding
from promptops.reports.message_pairs import pair_messages as pair
from promptops.reports.page import Page, Part
from promptops.reports.sections.metrics import write_metrics
from promptops.reports.sections.verdict import mark
from promptops.reports.surface import Surface
from promptops.reports.word_difference import Piece, Segment, changed_lines
from promptops.values.report import Report
from promptops.values.request import Message

__all__ = ["Difference", "PromptView", "difference_json", "render_difference"]

SCHEMA = "promptops.difference/1"

_CONTEXT = 2
_STYLES = {"=": "", "-": "red", "+": "green"}


def render_difference(difference: Difference, surface: Surface) -> str:
    """The difference for a terminal: meaning, rendering, tokens, quality."""
    page = Page(surface)
    before, after = difference.before, difference.after
    arrow = page.signs.arrow
    page.paragraph((difference.name, "bold"), f"  {before.label} {arrow} {after.label}")
    if after.change:
        page.paragraph((after.change, "italic dim"), indent=2)
    if difference.renamed_from:
        told = f"renamed from {difference.renamed_from}"
        same = ", same meaning" if difference.same_meaning else ""
        page.paragraph(told + same, indent=2)
    if difference.same_meaning:
        page.blank()
        page.paragraph("No difference in meaning: the digests are equal.", indent=2)
    else:
        _write_messages(page, "messages", before.messages, after.messages)
        _write_settings(page, settings(before, after))
        _write_includes(page, before.includes, after.includes)
    if before.rendered is not None and after.rendered is not None:
        title = f"as sent for case {difference.case_id}" if difference.case_id else "as sent"
        _write_messages(page, title, before.rendered, after.rendered)
    _write_tokens(page, before.tokens, after.tokens)
    if not difference.same_meaning:
        _write_quality(page, difference.quality)
    return page.text()


def difference_json(difference: Difference) -> str:
    """The same as one JSON object."""
    before, after = difference.before, difference.after
    rendered = None
    if before.rendered is not None and after.rendered is not None:
        rendered = [_message_object(*both) for both in pair(before.rendered, after.rendered)]
    return encode(
        {
            "schema": SCHEMA,
            "prompt": difference.name,
            "same_meaning": difference.same_meaning,
            "renamed_from": difference.renamed_from or None,
            "before": _view_object(before),
            "after": _view_object(after),
            "messages": [_message_object(*both) for both in pair(before.messages, after.messages)],
            "settings": [
                {"part": one.part, "path": one.path, "before": one.before, "after": one.after}
                for one in settings(before, after)
            ],
            "includes": [
                {"path": path, "before": old, "after": new}
                for path, old, new in changed_includes(before.includes, after.includes)
            ],
            "case": difference.case_id,
            "rendered": rendered,
            "quality": difference.quality,
        }
    )


def _view_object(view: PromptView) -> dict[str, Any]:
    return {
        "label": view.label,
        "digest": view.digest,
        "change": view.change,
        "tokens": view.tokens,
    }


def _message_object(before: Message | None, after: Message | None) -> dict[str, Any]:
    old, new = words_of(before), words_of(after)
    lines = changed_lines(old or "", new or "")
    return {
        "change": change_of(before, after),
        "role": {"before": before and before.role, "after": after and after.role},
        "before": old,
        "after": new,
        "lines": [[list(segment) for segment in line.segments] for line in lines],
    }


def _write_messages(
    page: Page, title: str, before: Sequence[Message], after: Sequence[Message]
) -> None:
    pairs = pair(before, after)
    if all(change_of(*both) == "same" for both in pairs):
        return
    page.blank()
    page.paragraph((title, "bold"), indent=2)
    for at, (old, new) in enumerate(pairs, start=1):
        change = change_of(old, new)
        message = new or old
        if change == "same" or message is None:
            continue
        role: str = message.role
        if old and new and old.role != new.role:
            role = f"{old.role} {page.signs.arrow} {new.role}"
        style = {"added": "green", "removed": "red"}.get(change, "yellow")
        page.blank()
        page.paragraph(f"{at}. {role}  ", (change, style), indent=2)
        write_lines(page, words_of(old) or "", words_of(new) or "")


def write_lines(page: Page, old: str, new: str, *, indent: int = 4) -> None:
    """Changed lines with their neighbours; words marked within a line; the rest counted."""
    if old.endswith("\n") and new.endswith("\n"):
        old, new = old[:-1], new[:-1]
    lines = changed_lines(old, new)
    near = [
        any(other.mark != " " for other in lines[max(0, at - _CONTEXT) : at + _CONTEXT + 1])
        for at in range(len(lines))
    ]
    skipped = 0
    for shown, line in zip(near, lines, strict=True):
        if not shown:
            skipped += 1
            continue
        _write_skipped(page, skipped, indent)
        skipped = 0
        _write_line(page, line, indent)
    _write_skipped(page, skipped, indent)


def _write_skipped(page: Page, count: int, indent: int) -> None:
    if count:
        told = f"{page.signs.more} {words.many(count, 'line')} as before"
        page.paragraph((told, "dim"), indent=indent)


def _write_line(page: Page, line: Piece, indent: int) -> None:
    parts = [_part(page, line, segment) for segment in line.segments]
    style = _STYLES.get(line.mark, "yellow")
    page.item((f"{line.mark} {page.signs.bar}", style or "dim"), *parts, indent=indent)


def _part(page: Page, line: Piece, segment: Segment) -> Part:
    """Words of a line: coloured, or between signs where there is no colour to tell them."""
    kind, text = segment
    if kind == "=" or line.mark != "~":
        return (text, _STYLES[kind])
    if page.surface.color:
        return (text, f"{_STYLES[kind]} {'strike' if kind == '-' else 'bold'}")
    return f"[-{text}-]" if kind == "-" else f"{{+{text}+}}"


def _write_settings(page: Page, changed: list[Setting]) -> None:
    heading = ""
    for one in changed:
        if one.part != heading:
            heading = one.part
            page.blank()
            page.paragraph((heading, "bold"), indent=2)
        old, new = one.before, one.after
        sign = "+" if old is None else "-" if new is None else "~"
        style = _STYLES.get(sign, "yellow")
        told: list[Part] = [f"{one.path}  "] if one.path else []
        if old is not None:
            told.append((old, "red"))
        if old is not None and new is not None:
            told.append((f" {page.signs.arrow} ", "dim"))
        if new is not None:
            told.append((new, "green"))
        page.item((sign, style), *told, indent=4)


def _write_includes(page: Page, before: Mapping[str, str], after: Mapping[str, str]) -> None:
    for path, old, new in changed_includes(before, after):
        change = "added" if old is None else "removed" if new is None else "changed"
        page.blank()
        page.paragraph((f"include {path}", "bold"), f"  {change}", indent=2)
        write_lines(page, old or "", new or "")


def _write_tokens(page: Page, before: int | None, after: int | None) -> None:
    if before is None or after is None:
        return
    page.blank()
    delta = after - before
    sign = "" if not delta else page.signs.minus if delta < 0 else "+"
    told = f"{words.number(before)} {page.signs.arrow} {words.number(after)}"
    page.paragraph(("tokens", "bold"), f"  {told}  ({sign}{abs(delta):,})", indent=2)


def _write_quality(page: Page, report: Report | None) -> None:
    page.blank()
    if report is None:
        page.paragraph(("quality", "bold"), "  not evaluated yet", indent=2)
        return
    told = finding(report, page.signs)
    page.paragraph(("quality", "bold"), "  ", *mark(page, report.verdict), f"  {told}", indent=2)
    write_metrics(page, report)
    page.blank()
    page.paragraph(("see all of it: ", "dim"), f"promptops report {report.run}", indent=2)
