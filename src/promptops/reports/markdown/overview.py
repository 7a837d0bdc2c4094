"""The first lines: may it be merged, and all suites at a glance."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import get_args

from promptops.reports import facts, words
from promptops.reports.markdown.blocks import bullets, joined, table
from promptops.reports.markdown.inline import Markup, safe_money
from promptops.reports.markdown.section import finding, title
from promptops.reports.markdown.standing import (
    ALERT,
    BAD,
    GOOD,
    OPEN,
    described,
    drawn,
    report_sign,
    report_word,
    stands_against,
    verdict_word,
)
from promptops.values.gate import GateReport
from promptops.values.report import Report, Verdict

_MOST_REASONS = 6
_MOST_NAMES = 30
_LONGEST_NAME = 80

_BUILD = re.compile(
    r"https://github\.com/([a-zA-Z0-9_.-]+/){2}actions/runs/[0-9]+(/attempts/[0-9]+)?"
)
"""The only address that becomes a link: a gate's file may come from anybody."""


def first_line(reports: Sequence[Report], gate: GateReport | None, markup: Markup) -> str:
    """The verdict over all, as a heading."""
    if gate is not None:
        return f"## {_gate_sign(gate, reports, markup)} {_gate_title(gate, reports, markup)}"
    if not reports:
        return "Nothing was evaluated."
    if len(reports) == 1:
        return f"## {title(reports[0], markup)}: {finding(reports[0], markup)}"
    counts = _counts([report.verdict for report in reports])
    worst = min(reports, key=lambda report: report.exit_code == 0)
    return f"## {report_sign(worst, markup)} {words.many(len(reports), 'report')}: {counts}"


def _gate_sign(gate: GateReport, reports: Sequence[Report], markup: Markup) -> str:
    if not gate.may_merge:
        return drawn(ALERT if gate.exit_code == 3 else BAD, markup) or "x"
    undecided = any(
        report.verdict == "inconclusive" and not described(report) for report in reports
    )
    if gate.uncovered:
        return drawn(ALERT, markup) or "!"
    return drawn(OPEN if undecided else GOOD, markup) or ("?" if undecided else "+")


def _gate_title(gate: GateReport, reports: Sequence[Report], markup: Markup) -> str:
    told = "May merge" if gate.may_merge else "May not merge"
    against = [suite for suite in gate.suites if stands_against(suite)]
    if not gate.may_merge and len(against) == 1 and against[0].verdict:
        name = markup.code(against[0].suite, _LONGEST_NAME)
        return f"{told}: {name} {verdict_word(against[0].verdict)}{_of(gate, 1)}"
    if not gate.may_merge and not against:
        return f"{told}: {markup.sentence(gate.reasons[0], 200)}" if gate.reasons else told
    if len(reports) == 1:
        name = markup.code(reports[0].suite, _LONGEST_NAME)
        return f"{told}: {name} {report_word(reports[0])}{_of(gate, 1)}"
    verdicts = [suite.verdict for suite in gate.suites if suite.verdict]
    if verdicts:
        return f"{told}: {_counts(verdicts)}{_of(gate, len(verdicts))}"
    if gate.uncovered:
        return f"{told}: no suite evaluates what changed"
    return f"{told}: no suite is touched" if gate.suites else f"{told}: there is no suite"


def _of(gate: GateReport, told: int | None = None) -> str:
    """Of how many suites `told` are told, where there are more."""
    count = f"{told:,} of " if told else "of "
    return f" ({count}{len(gate.suites):,} suites)" if len(gate.suites) > (told or 1) else ""


def _counts(verdicts: Sequence[Verdict]) -> str:
    counts = Counter(verdicts)
    order = sorted(get_args(Verdict), key=("regressed", "invalid", "inconclusive").count)[::-1]
    return ", ".join(f"{counts[verdict]:,} {verdict}" for verdict in order if counts[verdict])


def supplied_block(gate: GateReport | None, reports: Sequence[Report], markup: Markup) -> str:
    """Where the answers were not drawn by this build: said before anything rests on them."""
    said = gate.supplied if gate else ""
    told = markup.sentence(said or facts.supplied_among(reports))
    if not told:
        return ""
    whose = "by this build" if gate else "here"
    return f"> [!WARNING]\n> **The answers were supplied, not drawn {whose}:** {told}"


def reasons_block(gate: GateReport | None, reports: Sequence[Report], markup: Markup) -> str:
    """Why the gate says what it says, but for what the table of suites tells."""
    if gate is None:
        return ""
    told = {f"{report.suite} {report.verdict}" for report in reports}
    lines = [
        markup.sentence(reason)
        for reason in gate.reasons
        if not any(reason.startswith(known) for known in told)
    ]
    lines = list(dict.fromkeys(filter(None, lines)))
    more = len(lines) - _MOST_REASONS
    if more > 0:
        lines[_MOST_REASONS:] = [f"{markup.signs.more} {words.number(more)} more"]
    return bullets(lines)


def suites_block(reports: Sequence[Report], most: int, markup: Markup) -> str:
    """One row a suite, at most so many of them, and how many are left out."""
    several = len({report.model for report in reports}) > 1
    heads = ["", "suite", "metric", ">score", ">delta", "interval", ">cost", ">calls"]
    if several:
        heads.insert(2, "model")
    rows = [_row(report, markup, several=several) for report in reports[:most]]
    shown = table(heads, rows) if rows else ""
    left = reports[most:]
    if not left:
        return shown
    counts = _counts([report.verdict for report in left])
    return joined([shown, f"{markup.signs.more} and {words.many(len(left), 'report')}: {counts}"])


def _row(report: Report, markup: Markup, *, several: bool) -> list[str]:
    signs, metric = markup.signs, facts.deciding_metric(report)
    row = [report_sign(report, markup), f"{markup.cell(report.suite)} {report_word(report)}"]
    if several:
        row.append(markup.cell(report.model) if report.model else signs.none)
    if metric is None:
        row += [signs.none] * 4
    else:
        told = facts.put_right(metric) or metric  # what the verdict rests on
        score, delta = words.score(metric.candidate), words.signed(told.delta, signs)
        if report.baseline is not None:
            score = f"{words.score(metric.baseline)} {signs.arrow} {score}"
        interval = facts.interval_of(report, told)
        by_labels = "" if told is metric else " by labels"
        row += [
            markup.cell(metric.name),
            score,
            delta if told.delta is None else f"**{delta}**{by_labels}",
            words.between(interval, signs) if interval else signs.none,
        ]
    return [*row, safe_money(_cost(report, markup)), words.number(report.calls.made)]


def _cost(report: Report, markup: Markup) -> str:
    """By how much the candidate is dearer; its cost where that has no meaning."""
    mean = next((each for each in report.economy if each.name == "cost"), None)
    if mean is not None and mean.increase is not None:
        return words.increase(mean, markup.signs)
    after = report.candidate.cost_usd
    before = report.baseline.cost_usd if report.baseline else None
    return words.relative(before, after, markup.signs) or words.money(after)


def others_block(gate: GateReport | None, markup: Markup) -> str:
    """Suites that were not asked, and prompts that none asks after: a line each."""
    if gate is None:
        return ""
    lines = [
        _names("No suite evaluates what changed in", gate.uncovered, markup, sign=ALERT),
        _names("Removed", [s.suite for s in gate.suites if s.status == "removed"], markup),
        _names(
            "Changed, and not evaluated",
            [s.suite for s in gate.suites if s.run is None and _changed(s.status)],
            markup,
        ),
        _names(
            "Untouched, nothing spent",
            [s.suite for s in gate.suites if s.status == "untouched"],
            markup,
        ),
    ]
    return joined(lines)


def _changed(status: str) -> bool:
    return status in {"compared", "described"}


def _names(lead: str, names: list[str], markup: Markup, *, sign: str = "") -> str:
    if not names:
        return ""
    told = ", ".join(markup.code(name, _LONGEST_NAME) for name in names[:_MOST_NAMES])
    if len(names) > _MOST_NAMES:
        told += f" and {words.number(len(names) - _MOST_NAMES)} more"
    strong = f"{drawn(sign, markup)} **{lead}:**".strip() if sign else f"{lead}:"
    return f"{strong} {told}."


def footer_block(gate: GateReport | None, markup: Markup) -> str:
    """What was compared with what, and where the build can be looked at."""
    if gate is None:
        return ""
    how = markup.sentence(gate.base_how, 200) if gate.base_how else ""
    commit = f"Compared with {markup.code(gate.base[:12])}" if gate.base else ""
    told = [each for each in [", ".join(filter(None, (commit, how)))] if each]
    if gate.head:
        told.append(f"head {markup.code(gate.head[:12])}")
    if gate.dirty:
        told.append("with changes that are not committed")
    if _BUILD.fullmatch(gate.url):
        told.append(f"[this build]({gate.url})")
    elif gate.url:
        told.append(f"build {markup.code(gate.url, 300)}")
    if not told:
        return ""
    return f"<sub>{f' {markup.signs.dot} '.join(told)}</sub>"
