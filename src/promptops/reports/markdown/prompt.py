"""What changed in the prompt, and what changed around it."""

from __future__ import annotations

from promptops.reports import words
from promptops.reports.difference_parts import Setting
from promptops.reports.markdown.blocks import bullets, difference, folded, joined
from promptops.reports.markdown.detail import Detail
from promptops.reports.markdown.inline import Markup
from promptops.reports.prompt_changes import PromptChanges, TextChange
from promptops.values.gate import PartChange, SuiteGate
from promptops.values.report import Report

_CONTEXT = 2
_FOLDED_FROM = 24
_MOST_TOLD = 12
_LONGEST_LINE = 400
_LONGEST_CHANGE = 300
_LONGEST_SETTING = 120


def prompt_block(changes: PromptChanges | None, detail: Detail, markup: Markup) -> str:
    """The difference of messages and includes; long ones are folded."""
    if changes is None or not changes.texts:
        return ""
    counts = f"+{changes.added:,} {markup.signs.minus}{changes.removed:,} lines"
    title = f"What changed in the prompt: {counts}"
    if not detail.lines:
        return f"{title}."
    lines = [line for text in changes.texts for line in _hunks(text, markup)]
    block = difference(lines[: detail.lines], markup)
    if len(lines) > detail.lines:
        left = words.many(len(lines) - detail.lines, "more line")
        block = joined([block, f"{markup.signs.more} {left}"])
    if len(lines) > _FOLDED_FROM:
        return folded(f"<b>{title}</b>", block)
    return joined([f"**{title}**", block])


def _hunks(text: TextChange, markup: Markup) -> list[tuple[str, str]]:
    """Changed lines with two neighbours, each run of them below what and where it is."""
    lines = text.lines
    changed = [at for at, (mark, _) in enumerate(lines) if mark != " "]
    near = {at + off for at in changed for off in range(-_CONTEXT, _CONTEXT + 1)}
    what = text.name if text.change == "changed" else f"{text.name}, {text.change}"
    found: list[tuple[str, str]] = []
    number, before = 0, -2
    for at, (mark, line) in enumerate(lines):
        number += mark != "-"
        if at not in near:
            continue
        if at != before + 1:
            where = f", line {max(number, 1):,}" if number > 1 else ""
            found.append(("@@", markup.cut(what + where, _LONGEST_LINE)))
        before = at
        found.append((mark, markup.cut(line, _LONGEST_LINE)))
    return found


def around_block(
    report: Report, suite: SuiteGate | None, changes: PromptChanges | None, markup: Markup
) -> str:
    """What else differs: settings of the prompt, dataset, scorers, judge, policy; said as such."""
    shown = _shown_parts(changes) if changes else set()
    parts = suite.changes if suite else []
    told = [_part(part, markup) for part in parts if part.part not in shown]
    told += [_setting(each, markup) for each in changes.settings] if changes else []
    told += [markup.sentence(each, _LONGEST_CHANGE) for each in report.changes]
    told = list(dict.fromkeys(filter(None, told)))
    if not told:
        return ""
    same = changes is not None and not changes.texts and report.baseline is not None
    title = "What changed (the prompt's words are the same)" if same else "What else changed"
    return joined([f"**{title}**", _list(told, markup)])


def _shown_parts(changes: PromptChanges) -> set[str]:
    """The parts of a prompt of which the texts of both versions say more than a gate's words."""
    includes = {"includes" if text.included else "wording" for text in changes.texts}
    return includes | {setting.part for setting in changes.settings}


def _part(change: PartChange, markup: Markup) -> str:
    told = f"**{change.part}** {markup.sentence(change.what, _LONGEST_CHANGE)}"
    if change.path and change.path not in change.what:
        told += f" {markup.code(change.path)}"
    return told


def _setting(setting: Setting, markup: Markup) -> str:
    name = markup.code(".".join(part for part in (setting.part, setting.path) if part))
    if setting.before is None:
        return f"{name} added: {markup.code(setting.after or '', _LONGEST_SETTING)}"
    before = markup.code(setting.before, _LONGEST_SETTING)
    if setting.after is None:
        return f"{name} removed; it was {before}"
    return f"{name} {before} {markup.signs.arrow} {markup.code(setting.after, _LONGEST_SETTING)}"


def said_list(title: str, told: list[str], markup: Markup) -> str:
    """Sentences of others below a title; nothing where there are none."""
    lines = [markup.sentence(each, _LONGEST_CHANGE) for each in told]
    lines = list(dict.fromkeys(filter(None, lines)))
    return joined([f"**{title}**", _list(lines, markup)]) if lines else ""


def _list(lines: list[str], markup: Markup) -> str:
    left = len(lines) - _MOST_TOLD
    more = [f"{markup.signs.more} {words.number(left)} more"] if left > 0 else []
    return bullets([*lines[:_MOST_TOLD], *more])
