"""What both arms used, what the run did, and what else must be known about it."""

from __future__ import annotations

from promptops.reports import facts, remarks, words
from promptops.reports.page import Cell, Page
from promptops.values.report import ArmReport, Report

_MOST_TOLD = 12
_ROOM_FOR_INTERVALS = 72


def write_arms(page: Page, report: Report) -> None:
    """Samples, tokens, cost and latency of both arms; nothing where nothing was had."""
    if not facts.had(report):
        return
    page.blank()
    arms = [arm for arm in (report.baseline, report.candidate) if arm]
    heads = ["", *(f">{words.version(arm)}" for arm in arms)]
    rows: list[list[Cell]] = [
        _row(page, "samples", [arm.samples for arm in arms], compare=False),
        _tokens(page, "tokens in", arms, [arm.tokens.input for arm in arms]),
        _tokens(page, "tokens out", arms, [arm.tokens.output for arm in arms]),
        ["cost", *(words.money(arm.cost_usd) for arm in arms)],
        ["median latency", *(words.seconds(arm.latency_seconds) for arm in arms)],
    ]
    if any(arm.tokens.cached_input for arm in arms):
        cached = [arm.tokens.cached_input for arm in arms]
        rows[2:2] = [_tokens(page, "  of them cached", arms, cached)]
    if len(arms) == 2:
        heads.append("")
        before, after = arms
        rows[-2].append(_dearer(page, report))
        rows[-1].append(_relative(page, before.latency_seconds, after.latency_seconds))
    for failure, counts in remarks.own_failures(report)[:_MOST_TOLD]:
        rows.append(_row(page, f"{failure}, scored 0", counts, compare=False))
    if any(arm.failures for arm in arms):
        rows.append(_row(page, "lost to failures", [arm.failures for arm in arms], compare=False))
    page.table(heads, rows, flexible=0)


def _dearer(page: Page, report: Report) -> Cell:
    """How much more the new version costs, and the interval of that where there is room."""
    assert report.baseline is not None
    told = words.relative(report.baseline.cost_usd, report.candidate.cost_usd, page.signs)
    between = remarks.dearer_between(report, page.signs)
    if between and page.width >= _ROOM_FOR_INTERVALS:
        told += f" ({between})"
    return (told, "dim")


def _tokens(page: Page, name: str, arms: list[ArmReport], counts: list[int]) -> list[Cell]:
    told = [words.tokens(count, arm) for count, arm in zip(counts, arms, strict=True)]
    row: list[Cell] = [name, *told]
    if len(arms) == 2:
        whole = not any(arm.tokens.unmetered for arm in arms)
        row.append(_relative(page, counts[0], counts[1]) if whole else "")
    return row


def _row(page: Page, name: str, counts: list[int], *, compare: bool = True) -> list[Cell]:
    row: list[Cell] = [name, *(words.number(count) for count in counts)]
    if len(counts) == 2:
        row.append(_relative(page, counts[0], counts[1]) if compare else "")
    return row


def _relative(page: Page, before: float | None, after: float | None) -> Cell:
    return (words.relative(before, after, page.signs), "dim")


def write_calls(page: Page, report: Report) -> None:
    """Calls by where their answer came from, and what was paid."""
    page.blank()
    between = f" {page.signs.dot} "
    page.item(("calls", "dim"), between.join(remarks.calls(report, brackets=False)))
    if report.budget and report.budget.looks:
        page.item(("looks", "dim"), remarks.looks(report, report.budget))
    page.item(("cost ", "dim"), between.join(remarks.cost(report)))


def write_surroundings(page: Page, report: Report) -> None:
    """What else changed between the arms, and what is odd."""
    _write_list(page, "what else changed", report.changes, page.signs.dot, "")
    warnings = [each for each in report.warnings if not facts.told_by_cause(report, each)]
    _write_list(page, "warnings", warnings, "!", "yellow")


def _write_list(page: Page, title: str, told: list[str], sign: str, style: str) -> None:
    if not told:
        return
    page.blank()
    page.paragraph((title, f"bold {style}".strip()), indent=2)
    for one in told[:_MOST_TOLD]:
        page.item((sign, style or "dim"), one)
    if len(told) > _MOST_TOLD:
        left = words.number(len(told) - _MOST_TOLD)
        page.paragraph((f"{page.signs.more} {left} more in --format json", "dim"), indent=2)


def write_again(page: Page, report: Report) -> None:
    """The run's name, when it was, and how to see it again."""
    told = [f"run {report.run}"]
    if report.created:
        told.append(report.created[:19].replace("T", " ") + " UTC")
    if report.seconds:
        told.append(f"took {words.seconds(report.seconds)}")
    page.blank()
    page.paragraph((f" {page.signs.dot} ".join(told), "dim"), indent=2)
    again = facts.again(report)
    if again:
        page.command(("see it again: ", "dim"), again, indent=2)
