"""The cases whose outcome changed: how many, which matter most, and which of them to show."""

from __future__ import annotations

from collections import Counter
from typing import get_args

from promptops.reports import facts, words
from promptops.reports.symbols import CHANGE_STYLES, Symbols
from promptops.values.report import CaseReport, Change, Report

NAMES: dict[Change, str] = {
    "broken": "broken",
    "worse": "somewhat worse",
    "fixed": "fixed",
    "better": "somewhat better",
    "same": "the same",
}

_RANK: dict[Change, int] = {"broken": 0, "worse": 1, "fixed": 2, "better": 3, "same": 4}


def changed(report: Report) -> list[CaseReport]:
    """Every case whose outcome is not the same on both sides."""
    return [case for case in report.cases if case.change != "same"]


def compared(case: CaseReport) -> bool:
    """Whether both sides of a case were scored."""
    return case.change != "same" or (case.baseline is not None and case.candidate is not None)


def any_compared(report: Report) -> bool:
    """Whether there is a case that was scored on both sides."""
    return report.baseline is not None and any(map(compared, report.cases))


def gravity(case: CaseReport) -> tuple[int, bool, float, str]:
    """A key that sorts the gravest case first: what broke, critical ones before others."""
    return (_RANK[case.change], not case.critical, -_moved(case), case.id)


def choose(cases: list[CaseReport], most: int | None) -> list[CaseReport]:
    """Which changed cases to show: what fell before what rose, critical ones first on each side.

    Then each worst or best first.  Of `most`, three eighths are kept for what rose; either side
    may use what the other leaves.
    """
    ordered = sorted(cases, key=lambda case: (not case.critical, *gravity(case)))
    fell = [case for case in ordered if case.change in {"broken", "worse"}]
    rose = [case for case in ordered if case.change in {"fixed", "better"}]
    if most is None:
        return fell + rose
    kept = min(len(rose), max(most * 3 // 8, most - len(fell)))
    return fell[: most - kept] + rose[:kept]


def _moved(case: CaseReport) -> float:
    return abs((case.candidate or 0.0) - (case.baseline or 0.0))


def tally(report: Report) -> list[tuple[str, str]]:
    """How many cases changed and how: `56 cases: 12 broken, 4 fixed, 40 the same`.

    In parts, each with the style that a terminal gives it; formats without styles join the texts.
    """
    cases, unneeded = report.cases, facts.unneeded_cases(report)
    counts = Counter(case.change for case in cases if compared(case))
    uncompared = len(cases) - counts.total() - unneeded
    total = words.many(len(cases), "case")
    parts = [(f"{len(cases) - unneeded:,} of {total}" if unneeded else total, "bold")]
    said = [change for change in get_args(Change) if counts[change]]
    for at, change in enumerate(said):
        parts.append((", " if at else ": ", ""))
        parts.append((f"{words.number(counts[change])} {NAMES[change]}", CHANGE_STYLES[change]))
    if uncompared:
        parts.append((f", {words.number(uncompared)} not compared", "dim"))
    if facts.itself(report) and set(said) - {"same"}:
        parts.append(("; by chance alone", "dim"))
    if unneeded:
        other = "one was" if unneeded == 1 else f"{unneeded:,} were"
        parts.append((f"; the other {other} not needed", "dim"))
    return parts


def levels(baseline: float | None, candidate: float | None, signs: Symbols) -> str:
    """A mean on both sides: `1.00 → 0.40`."""
    return f"{words.score(baseline)} {signs.arrow} {words.score(candidate)}"


def moved_scorers(case: CaseReport, signs: Symbols) -> dict[str, str]:
    """Of a case with several scorers, those whose mean reads differently: name to its levels."""
    if len(case.scores) < 2:
        return {}
    return {
        name: levels(before, after, signs)
        for name, (before, after) in case.scores.items()
        if words.score(before) != words.score(after)
    }
