"""The cases whose outcome changed, the worst first, with what each arm said."""

from __future__ import annotations

from collections import Counter
from typing import get_args

from promptops.reports import facts, words
from promptops.reports.page import Page, Part
from promptops.reports.symbols import CHANGE_STYLES
from promptops.values.report import CaseReport, Change, Report

_ROOM_FOR_TWO = 76
_MOST_LINES = 5
_LONGEST_WHY = 300


def write_cases(page: Page, report: Report) -> None:
    """How many cases changed and how; then the worst of them and the best, one by one."""
    changed = [case for case in report.cases if case.change != "same"]
    if report.baseline is None or all(map(_uncompared, report.cases)):
        return
    page.blank()
    page.paragraph(*_tally(report), indent=2)
    shown = choose(changed, page.surface.max_cases)
    for case in shown:
        page.blank()
        _write_case(page, report, case)
    left = len(changed) - len(shown)
    if left:
        page.blank()
        again = f"promptops report {report.run} --cases all"
        page.command((f"{page.signs.more} {left:,} more: ", "dim"), (again, "dim"), indent=2)


def choose(changed: list[CaseReport], most: int | None) -> list[CaseReport]:
    """Which changed cases to show: what fell before what rose, each worst or best first.

    Of `most`, three eighths are kept for what rose; either side may use what the other leaves.
    """
    rank: dict[Change, int] = {"broken": 0, "worse": 1, "fixed": 0, "better": 1}
    fell = [case for case in changed if case.change in {"broken", "worse"}]
    rose = [case for case in changed if case.change in {"fixed", "better"}]
    fell.sort(key=lambda case: (not case.critical, rank[case.change], _moved(case), case.id))
    rose.sort(key=lambda case: (not case.critical, rank[case.change], -_moved(case), case.id))
    if most is None:
        return fell + rose
    kept = min(len(rose), max(most * 3 // 8, most - len(fell)))
    return fell[: most - kept] + rose[:kept]


def _moved(case: CaseReport) -> float:
    return (case.candidate or 0.0) - (case.baseline or 0.0)


def _uncompared(case: CaseReport) -> bool:
    return case.change == "same" and (case.baseline is None or case.candidate is None)


def _tally(report: Report) -> list[Part]:
    cases, unneeded = report.cases, facts.unneeded_cases(report)
    counts = Counter(case.change for case in cases if not _uncompared(case))
    uncompared = len(cases) - counts.total() - unneeded
    total = words.many(len(cases), "case")
    parts: list[Part] = [(f"{len(cases) - unneeded:,} of {total}" if unneeded else total, "bold")]
    said = [change for change in get_args(Change) if counts[change]]
    for at, change in enumerate(said):
        name = {"worse": "somewhat worse", "better": "somewhat better", "same": "the same"}
        style = CHANGE_STYLES[change]
        parts.append(", " if at else ": ")
        parts.append((f"{words.number(counts[change])} {name.get(change, change)}", style))
    if uncompared:
        parts.append((f", {words.number(uncompared)} not compared", "dim"))
    if facts.itself(report) and set(said) - {"same"}:
        parts.append(("; by chance alone", "dim"))
    if unneeded:
        other = "one was" if unneeded == 1 else f"{unneeded:,} were"
        parts.append((f"; the other {other} not needed", "dim"))
    return parts


def _write_case(page: Page, report: Report, case: CaseReport) -> None:
    style = CHANGE_STYLES[case.change]
    title: list[Part] = [
        (f"{page.signs.changes[case.change]} {case.change}", style),
        "  ",
        (page.cut(case.id, page.width - 44), "bold"),
        f"  {_pair(page, case.baseline, case.candidate)}",
    ]
    if case.critical:
        title.append(("  critical", "bold red" if case.change in {"broken", "worse"} else "bold"))
    page.line(*title, indent=2)
    moved = {
        name: pair
        for name, pair in case.scores.items()
        if words.score(pair[0]) != words.score(pair[1])
    }
    if len(case.scores) > 1 and moved:
        each = [f"{name} {_pair(page, *pair)}" for name, pair in moved.items()]
        page.paragraph((f" {page.signs.dot} ".join(each), "dim"), indent=4)
    _write_outputs(page, report, case)
    if case.why:
        page.item(("why", "dim"), (page.cut(case.why, _LONGEST_WHY), "dim"), indent=4)


def _pair(page: Page, baseline: float | None, candidate: float | None) -> str:
    return f"{words.score(baseline)} {page.signs.arrow} {words.score(candidate)}"


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
