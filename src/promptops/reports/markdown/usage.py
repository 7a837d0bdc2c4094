"""What both sides used, and what the run did."""

from __future__ import annotations

from promptops.reports import facts, remarks, words
from promptops.reports.markdown.blocks import folded, joined, table
from promptops.reports.markdown.inline import Markup, safe_money
from promptops.values.report import ArmReport, Report

_MOST_LABELS = 8


def usage_block(report: Report, markup: Markup) -> str:
    """Samples, tokens, cost and latency of both sides, folded below the cost of the run."""
    paid = words.paid(report.cost, made=report.calls.made)
    made = words.many(report.calls.made, "call")
    summary = f"<b>Cost, tokens, latency</b>: {made}, {safe_money(paid)}"
    arms = [arm for arm in (report.baseline, report.candidate) if arm]
    told = [f"Calls: {', '.join(remarks.calls(report, brackets=True))}."]
    if report.budget and report.budget.looks:
        told.append(f"Looks at the evidence: {remarks.looks(report, report.budget)}.")
    told.append(f"Cost: {safe_money('; '.join(remarks.cost(report)))}.")
    shown = _table(report, arms, markup) if facts.had(report) else ""
    return folded(summary, joined([shown, "<br>\n".join(told)]))


def _table(report: Report, arms: list[ArmReport], markup: Markup) -> str:
    rows = [
        ["samples", *(words.number(arm.samples) for arm in arms)],
        ["tokens in", *(words.tokens(arm.tokens.input, arm) for arm in arms)],
        ["tokens out", *(words.tokens(arm.tokens.output, arm) for arm in arms)],
        ["cost", *(safe_money(words.money(arm.cost_usd)) for arm in arms)],
        ["median latency", *(words.seconds(arm.latency_seconds) for arm in arms)],
    ]
    if any(arm.tokens.cached_input for arm in arms):
        cached = (words.tokens(arm.tokens.cached_input, arm) for arm in arms)
        rows[2:2] = [["tokens in, cached", *cached]]
    for failure, counts in remarks.own_failures(report)[:_MOST_LABELS]:
        rows.append([f"{markup.cell(failure)}, scored 0", *map(words.number, counts)])
    if any(arm.failures for arm in arms):
        rows.append(["lost to failures", *(words.number(arm.failures) for arm in arms)])
    heads = ["", *(f">{words.version(arm)}" for arm in arms)]
    if len(arms) == 2:
        heads.append(">change")
        changes = _changes(report, markup)
        rows = [[*row, changes.get(row[0], "")] for row in rows]
    return table(heads, rows)


def _changes(report: Report, markup: Markup) -> dict[str, str]:
    before, after = report.baseline, report.candidate
    assert before is not None
    signs = markup.signs
    told = {
        "cost": words.relative(before.cost_usd, after.cost_usd, signs),
        "median latency": words.relative(before.latency_seconds, after.latency_seconds, signs),
    }
    if not (before.tokens.unmetered or after.tokens.unmetered):
        told["tokens in"] = words.relative(before.tokens.input, after.tokens.input, signs)
        told["tokens out"] = words.relative(before.tokens.output, after.tokens.output, signs)
    between = remarks.dearer_between(report, signs)
    if between:
        told["cost"] += f" ({between})"
    return told


def run_line(report: Report, markup: Markup, again: str) -> str:
    """The run's name, when it was, and the command `again` that shows it, if there is one."""
    told = [f"run {markup.code(report.run)}"]
    if report.created:
        when = report.created[:19].replace("T", " ")
        told.append(f"{markup.code(when)} UTC")
    if report.seconds:
        told.append(f"took {words.seconds(report.seconds)}")
    if again:
        told.append(f"see it again: {markup.code(again, 200)}")
    return f"<sub>{f' {markup.signs.dot} '.join(told)}</sub>"
