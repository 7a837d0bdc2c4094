"""The cases whose outcome changed, the worst first, with what each arm said."""

from __future__ import annotations

from promptops.reports import changed_cases, facts, words
from promptops.reports.page import Page, Part
from promptops.reports.symbols import CHANGE_STYLES
from promptops.reports.votes import Votes
from promptops.values.judging import CaseWords
from promptops.values.report import CaseReport, Report

_ROOM_FOR_TWO = 76
_MOST_LINES = 5
_LONGEST_WHY = 300
_MOST_WORDS = 6


def shown_cases(page: Page, report: Report) -> list[CaseReport]:
    """The cases that are shown one by one."""
    if not changed_cases.any_compared(report):
        return []
    return changed_cases.choose(changed_cases.changed(report), page.surface.max_cases)


def write_cases(page: Page, report: Report, votes: Votes) -> None:
    """How many cases changed and how; then the worst of them and the best, one by one."""
    if not changed_cases.any_compared(report):
        return
    page.blank()
    page.paragraph(*changed_cases.tally(report), indent=2)
    changed, shown = changed_cases.changed(report), shown_cases(page, report)
    for case in shown:
        page.blank()
        _write_case(page, report, case)
        _write_words(page, votes.of(case.id))
    left = len(changed) - len(shown)
    if left:
        page.blank()
        again = f"{facts.again(report)} --cases all".strip()
        page.command((f"{page.signs.more} {left:,} more: ", "dim"), (again, "dim"), indent=2)


def _write_case(page: Page, report: Report, case: CaseReport) -> None:
    style = CHANGE_STYLES[case.change]
    title: list[Part] = [
        (f"{page.signs.changes[case.change]} {case.change}", style),
        "  ",
        (page.cut(case.id, page.width - 44), "bold"),
        f"  {changed_cases.levels(case.baseline, case.candidate, page.signs)}",
    ]
    if case.critical:
        title.append(("  critical", "bold red" if case.change in {"broken", "worse"} else "bold"))
    page.line(*title, indent=2)
    moved = changed_cases.moved_scorers(case, page.signs)
    if moved:
        each = [f"{name} {levels}" for name, levels in moved.items()]
        page.paragraph((f" {page.signs.dot} ".join(each), "dim"), indent=4)
    _write_outputs(page, report, case)
    if case.why:
        page.item(("why", "dim"), (page.cut(case.why, _LONGEST_WHY), "dim"), indent=4)


def _write_words(page: Page, told: CaseWords) -> None:
    """Who voted how, and what people say."""
    for title, lines in (("votes", told.votes), ("people", told.people)):
        for line in lines[:_MOST_WORDS]:
            page.item((title, "dim"), (page.cut(line, _LONGEST_WHY), "dim"), indent=4)
        left = len(lines) - _MOST_WORDS
        if left > 0:
            page.item((title, "dim"), (f"and {left:,} more", "dim"), indent=4)


def _write_outputs(page: Page, report: Report, case: CaseReport) -> None:
    if case.baseline_output is None and case.candidate_output is None:
        return
    heads = [words.version(arm) if arm else "" for arm in (report.baseline, report.candidate)]
    if page.width < _ROOM_FOR_TWO:
        room = (page.width - 20) * _MOST_LINES
        outputs = [
            _output(page, text, room) for text in (case.baseline_output, case.candidate_output)
        ]
        for head, output in zip(heads, outputs, strict=True):
            page.item((f"{head} {page.signs.bar}", "dim"), *output, indent=4)
        return
    room = (page.width // 2 - 6) * _MOST_LINES
    left, right = (
        _output(page, text, room) for text in (case.baseline_output, case.candidate_output)
    )
    page.beside((heads[0], "dim"), (heads[1], "dim"))
    page.beside(left, right)


def _output(page: Page, text: str | None, room: int) -> list[Part]:
    if text is None:
        return [("not kept", "dim italic")]
    if not text.strip():
        return [("empty" if not text else f"only blanks ({len(text)})", "dim italic")]
    cut = page.cut(text, room)
    parts: list[Part] = [cut]
    if cut != text:
        parts.append((f" ({words.many(len(text), 'character')})", "dim"))
    return parts
