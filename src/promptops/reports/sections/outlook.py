"""What would settle an open question, and what could have been seen at all."""

from __future__ import annotations

from promptops.reports import facts, words
from promptops.reports.page import Page
from promptops.values.report import Budget, NextStep, Report

_SETTLED = (
    "the scores are clear, so no more is drawn; a wider limit settles it, or a smaller margin,"
    " which takes more pairs"
)


def write_outlook(page: Page, report: Report) -> None:
    """For a comparison without an answer: what it could see, and the command that goes on."""
    if report.baseline is None or facts.itself(report):
        return
    if facts.scores_settled(report):
        page.item((page.signs.dot, "dim"), _SETTLED)
        return
    undecided = report.verdict == "inconclusive"
    if undecided and report.budget:
        seen = _seen(report, report.budget)
        if seen:
            page.item((page.signs.dot, "dim"), seen)
    if report.next_step:
        lead = _lead(report, report.next_step)
        page.command(lead, (report.next_step.command, "bold"), indent=2)
    elif undecided and report.budget:
        page.item((page.signs.dot, "dim"), _without_step(report))


def _seen(report: Report, budget: Budget) -> str:
    detectable = facts.detectable(report)
    if detectable is None or budget.pairs > budget.planned_pairs:
        return ""
    planned = words.many(budget.planned_pairs, "pair")
    if detectable >= 1:
        return f"{planned} are too few to see any drop reliably"
    drop = f"a drop of {words.points_up(detectable)} points or more"
    if budget.pairs < budget.planned_pairs:
        return f"all {planned} of the plan can see {drop}, 8 times in 10"
    return f"{planned} can see {drop}, 8 times in 10"


def _lead(report: Report, step: NextStep) -> str:
    first = facts.first_impression(report)
    told = "the rest of the plan may settle it" if first else "to settle it"
    told += f": about {words.number(step.calls)} more {'call' if step.calls == 1 else 'calls'}"
    if report.calls.judge:
        told += " and those to score"
    if step.usd is None:
        return f"{told}, at an unknown price: "
    return f"{told}, {words.money(step.usd)}: " if step.usd else f"{told}: "


def _without_step(report: Report) -> str:
    if facts.over_population(report):
        return "more cases would settle it; more samples of these hardly would"
    return (
        "too near the line for more samples of this comparison to settle it; let the next version"
        f" plan for more pairs: promptops plan {report.suite}"
    )
