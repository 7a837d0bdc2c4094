"""What both arms used, what the run did, and what else must be known about it."""

from __future__ import annotations

from promptops.reports import facts, words
from promptops.reports.page import Cell, Page
from promptops.values.report import ArmReport, Budget, Report

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
    labels = sorted({label for arm in arms for label in arm.own_failures})
    for label in labels[:_MOST_TOLD]:
        counts = [arm.own_failures.get(label, 0) for arm in arms]
        rows.append(_row(page, f"{label.replace('_', ' ')}, scored 0", counts, compare=False))
    if any(arm.failures for arm in arms):
        rows.append(_row(page, "lost to failures", [arm.failures for arm in arms], compare=False))
    page.table(heads, rows, flexible=0)


def _dearer(page: Page, report: Report) -> Cell:
    """How much more the new version costs, and the interval of that where there is room."""
    assert report.baseline is not None
    told = words.relative(report.baseline.cost_usd, report.candidate.cost_usd, page.signs)
    mean = next((each for each in report.economy if each.name == "cost" and each.increase), None)
    between = words.increase_between(mean, page.signs) if mean else page.signs.none
    if between != page.signs.none and page.width >= _ROOM_FOR_INTERVALS:
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
    calls = report.calls
    told = [_answers(report)] if calls.planned else []
    made = words.many(calls.made, "call") + " made"
    if 0 < calls.judge <= calls.made:
        made += f", {words.number(calls.judge)} of them to score"
    told.append(made)
    told += [
        f"{words.number(count)} {name}"
        for count, name in (
            (calls.cached, "kept"),
            (calls.shared, "shared by both arms"),
            (calls.retried, "retried"),
        )
        if count
    ]
    page.blank()
    between = f" {page.signs.dot} "
    page.item(("calls", "dim"), between.join(told))
    if report.budget and report.budget.looks:
        page.item(("looks", "dim"), _looks(report, report.budget))
    page.item(("cost ", "dim"), _cost(report, between))


def _cost(report: Report, between: str) -> str:
    """What was paid, and what the answers cost once where that is another amount."""
    cost, made = report.cost, report.calls.made
    told, once = words.paid(cost, made=made), words.money(cost.evaluated_usd)
    if not made and cost.unpriced_calls:
        least = f"at least {once}, and not known in full" if cost.evaluated_usd else "unknown"
        return f"{told}; what its answers cost once is {least}"
    if once != words.money(cost.incurred_usd):
        told += f"{between}{once} is what it costs when nothing is kept"
    return told


def _answers(report: Report) -> str:
    planned, saved = report.calls.planned, facts.saved_calls(report)
    if not saved:
        return words.many(planned, "answer") + " planned at most"
    why = "the answer was clear"
    if report.verdict not in facts.CLEAR:
        why = "no verdict was in reach any more"
    return f"{planned - saved:,} of {words.many(planned, 'answer')} drawn; {why}"


def _looks(report: Report, budget: Budget) -> str:
    """How often the evidence was looked at, and of how many planned looks."""
    pairs = f"{budget.pairs:,} of {words.many(budget.planned_pairs, 'pair')}"
    if budget.pairs > budget.planned_pairs:
        pairs = f"{words.many(budget.pairs, 'pair')}, {budget.planned_pairs:,} of them planned"
    if facts.over_population(report):
        return f"one, at the end, after {pairs}"
    further = budget.looks - budget.planned_looks
    if further <= 0:
        return f"{budget.looks:,} of {budget.planned_looks:,}, after {pairs}"
    return f"{budget.planned_looks:,} planned and {further:,} beyond the plan, after {pairs}"


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
    page.command(("see it again: ", "dim"), f"promptops report {report.run}", indent=2)
