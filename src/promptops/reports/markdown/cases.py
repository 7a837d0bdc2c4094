"""The cases whose outcome changed, the worst first, with what each side answered."""

from __future__ import annotations

from dataclasses import dataclass

from promptops.reports import changed_cases, words
from promptops.reports.markdown.blocks import bullets, difference, folded, joined
from promptops.reports.markdown.detail import Detail
from promptops.reports.markdown.inline import Markup
from promptops.reports.votes import Votes
from promptops.values.judging import CaseWords
from promptops.values.report import CaseReport, Report

_MOST_LINES = 12
_LONGEST_WHY = 300
_MOST_WORDS = 4


@dataclass(frozen=True, slots=True)
class ChangedCases:
    """The cases of a report that changed, and what was said of them."""

    report: Report
    changed: list[CaseReport]
    votes: Votes


def cases_block(told_of: ChangedCases, detail: Detail, markup: Markup, more: str) -> str:
    """How many cases changed and how; behind it as many of them as the detail leaves room for.

    `more` is the command that shows the others; "" where the reader may not have the run.
    """
    report, changed = told_of.report, told_of.changed
    if not changed_cases.any_compared(report):
        return ""
    told = "".join(text for text, _ in changed_cases.tally(report))
    shown = changed_cases.choose(changed, detail.cases)
    if not shown:
        return told + "."
    outputs = len(shown) if detail.outputs is None else detail.outputs
    blocks = [_legend(report)] if outputs else []
    run: list[str] = []
    for at, case in enumerate(shown):
        head = _head(case, markup)
        body = _outputs(case, detail, markup) if at < outputs else ""
        if at < outputs:
            body = joined([body, _words(told_of.votes.of(case.id), markup)])
        if body:
            blocks.append(joined(["\n".join(run), head, body]))
            run = []
        else:
            run.append(f"- {head}")
    blocks.append("\n".join(run))
    left = len(changed) - len(shown)
    if left:
        where = f": {markup.code(f'{more} --cases all', 200)}" if more else " in the full report"
        blocks.append(f"{markup.signs.more} {words.number(left)} more{where}")
    return folded(f"<b>{told}</b>", joined(blocks))


def _legend(report: Report) -> str:
    assert report.baseline is not None
    before, after = (words.version(arm) for arm in (report.baseline, report.candidate))
    return f"One answer of each: `-` by {before}, `+` by {after}."


def _head(case: CaseReport, markup: Markup) -> str:
    signs = markup.signs
    told = f"{signs.changes[case.change]} **{changed_cases.NAMES[case.change]}** "
    told += f"{markup.code(case.id)} {changed_cases.levels(case.baseline, case.candidate, signs)}"
    if case.critical:
        told += f" {signs.dot} **critical**"
    moved = changed_cases.moved_scorers(case, signs)
    if moved:
        each = [f"{markup.code(name)} {levels}" for name, levels in list(moved.items())[:8]]
        told += f" {signs.dot} " + ", ".join(each)
    if case.why:
        told += f" {signs.dot} {markup.sentence(case.why, _LONGEST_WHY)}"
    return told


def _words(told: CaseWords, markup: Markup) -> str:
    """Who voted how, and what people say."""
    return bullets(
        f"{title}: {markup.sentence(line, _LONGEST_WHY)}"
        for title, lines in (("votes", told.votes), ("people", told.people))
        for line in lines[:_MOST_WORDS]
    )


def _outputs(case: CaseReport, detail: Detail, markup: Markup) -> str:
    """Both answers as a difference; what cannot be shown as lines is said below it."""
    lines: list[tuple[str, str]] = []
    said: list[str] = []
    if case.baseline_output is None and case.candidate_output is None:
        return ""
    for mark, text in (("-", case.baseline_output), ("+", case.candidate_output)):
        if text is None:
            said.append(f"`{mark}` is not kept.")
        elif not text.strip():
            blank = "is empty" if not text else f"has only blanks ({len(text):,})"
            said.append(f"`{mark}` {blank}.")
        else:
            told, cut = _lines(text, detail.letters, markup)
            lines += [(f"{mark} ", line) for line in told]
            if cut:
                said.append(f"`{mark}` has {words.many(len(text), 'character')} in all.")
    block = difference(lines, markup) if lines else ""
    return joined([block, " ".join(said)])


def _lines(text: str, letters: int, markup: Markup) -> tuple[list[str], bool]:
    """The beginning of a text, line by line, and whether more follows."""
    start = text[:letters].strip("\r\n")
    lines = start.replace("\r\n", "\n").split("\n")
    kept = lines[:_MOST_LINES]
    cut = len(lines) > len(kept) or len(text) > letters
    if cut:  # a line of its own: one sign beyond ASCII would make a long line slow to look through
        kept.append(markup.signs.more)
    return kept, cut
