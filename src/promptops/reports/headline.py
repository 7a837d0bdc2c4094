"""The finding of a report in one sentence, no stronger than the evidence."""

from __future__ import annotations

from promptops.reports import facts, words
from promptops.reports.symbols import Symbols
from promptops.values.report import Interval, MetricReport, Report

FIRST = "first version: nothing to compare with yet"
ALONE = "scored alone: compared with nothing"

Evidence = tuple[MetricReport, float, Interval]
"""The metric that decided, its delta, and the interval that the verdict rests on."""


def headline(report: Report, signs: Symbols) -> str:
    """The finding, and what an early end saved.

    `exact is worse by 11 points (16 to 6), sure at 95%; stopped after 236 of 400 calls, saving
    $0.41`.
    """
    found = finding(report, signs)
    if report.verdict not in facts.CLEAR or facts.itself(report) or _by_reason(report):
        return found
    return found + _saved(report)


def finding(report: Report, signs: Symbols) -> str:
    """The finding alone."""
    if report.verdict == "invalid":
        return _invalid(report)
    if report.baseline is None:
        metric = facts.deciding_metric(report)
        absolute = f"; {metric.name} is {words.score(metric.candidate)}" if metric else ""
        return (ALONE if report.meta.get("alone") is True else FIRST) + absolute
    if facts.itself(report):
        return _noise(report, signs)
    if _by_reason(report):
        return report.reasons[0]
    evidence = _evidence(report)
    if evidence is None:
        return "no metric could be compared"
    return _sentence(report, _Found(report, evidence, signs))


def told_by(finding: str, reason: str, report: Report) -> bool:
    """Whether a finding says what a reason says, or the table of metrics does."""
    if report.baseline is None and reason in {FIRST, ALONE}:
        return True
    if finding.endswith(reason):
        return True
    if report.verdict == "invalid" or _by_reason(report):
        return False
    verbs = (" fell by ", " rose by ", " surely did not fall by ", " lies between ")
    named = [_named(metric) + verb for metric in facts.gating(report) for verb in verbs]
    named += [each.name + " surely rose by no more than " for each in facts.limited(report)]
    return reason.startswith(tuple(named))


def _named(metric: MetricReport) -> str:
    """How a reason names a metric: with the labels, where its verdict rests on them."""
    if facts.corrected(metric) is None:
        return metric.name
    return f"{metric.name}, by people's labels of {metric.labels:,} pairs,"


def _invalid(report: Report) -> str:
    reason = report.reasons[0] if report.reasons else "the evidence cannot be used"
    tell_it = facts.stopped(report) and not reason.startswith("stopped")
    return f"stopped before its end: {reason}" if tell_it else reason


def _by_reason(report: Report) -> bool:
    """Whether no metric tells why the verdict is what it is, so that a reason must."""
    if not report.reasons or facts.itself(report):
        return False
    if facts.scores_settled(report):
        return True
    evidence = _evidence(report)
    if evidence is None:
        return True
    metric, _, (low, _) = evidence
    if report.verdict == "regressed":
        return metric.verdict != "regressed"  # a critical case broke, or a cost rose
    # Passed without such an interval: not one request differs.
    return report.verdict == "passed" and low <= -(facts.margin(report) or 1.0)


def _evidence(report: Report) -> Evidence | None:
    metric = facts.deciding_metric(report)
    found = facts.evidence(report, metric) if metric else None
    return (metric, *found) if metric and found else None


def _saved(report: Report) -> str:
    saved = facts.saved_calls(report)
    if not saved or report.budget is None:
        return ""
    planned = report.calls.planned
    told = f"; stopped after {planned - saved:,} of {words.many(planned, 'call')}"
    usd = report.budget.saved_usd
    return f"{told}, saving {words.money(usd)}" if usd else told


def _noise(report: Report, signs: Symbols) -> str:
    """What a comparison of a version with itself found."""
    same = "the same version on both sides"
    evidence = _evidence(report)
    if evidence is None:
        return same + (f": {report.reasons[0]}" if report.reasons else "")
    found = _Found(report, evidence, signs)
    if report.verdict in {"regressed", "improved"}:
        what = "a false alarm" if report.verdict == "regressed" else "a rise that is none"
        if found.metric.verdict != report.verdict:  # a critical case broke
            return f"{same}, so this is {what}" + "".join(f": {why}" for why in report.reasons[:1])
        alpha = facts.alpha(report)
        rate = f", which happens at most {100 * alpha:.4g}% of the time" if alpha else ""
        return f"{same}: {found.name} {found.moved} {found.ends} is {what}{rate}"
    told = f"{same}, so what differs is noise: {found.name} {found.moved} {found.ends}"
    seen = facts.detectable(report)
    if seen is None or seen >= 1:
        return told
    return f"{told}; a drop of {words.points_up(seen)} points or more would stand out of it"


def _sentence(report: Report, found: _Found) -> str:
    if report.verdict == "improved":
        return f"{found.name} is better by {found.size}{found.where}{found.sure}"
    if report.verdict == "regressed":
        told = f"{found.name} is worse by {found.size}{found.where}"
        if not (found.metric.material and found.margin):
            return told + found.sure
        at = f", at {found.level}" if found.level else ""
        return f"{told}, surely more than {found.margin}{at}"
    if report.verdict == "passed":
        within = f", within {found.margin}" if found.margin else ""
        if found.metric.small_drop or found.fell:
            drop = f"a small real drop of {found.size}"
            return f"{found.name} has {drop}{found.where}{within}{found.sure}"
        under = f"; any drop is under {found.margin}" if found.margin else ""
        held = f"{found.name} is no worse{found.where}: {found.moved} {found.ends}"
        return held + under + found.sure
    each = f", each end sure at {found.level}" if found.level else ""
    told = f"{found.name} is undecided{found.where}: {found.moved} {found.ends}"
    return told + each + found.undecided


class _Found:
    """The parts of a sentence about one metric."""

    def __init__(self, report: Report, evidence: Evidence, signs: Symbols) -> None:
        self.metric, delta, interval = evidence
        margin = facts.margin(report)
        apart = (0.0,) if margin is None else (0.0, -margin)
        low, high = interval
        self.name = self.metric.name
        self.level = words.certainty(report)
        self.sure = f", sure at {self.level}" if self.level else ""
        self.where = " over cases like these" if facts.over_population(report) else ""
        if facts.corrected(self.metric):
            self.where = f", corrected by {words.many(self.metric.labels, 'labelled pair')}"
        self.margin = f"the margin of {100 * margin:g}" if margin else ""
        self.moved = words.moved_points(delta, signs)
        ends = [words.signed_points(end, signs, apart) for end in interval]
        self.ends = f"({ends[0]} to {ends[1]})"
        sizes = [words.points(end, apart) for end in interval]
        self.fell = high < 0
        """Even at its best end."""
        self.size = words.many_points(delta) + (
            f" ({sizes[0]} to {sizes[1]})" if self.fell or low > 0 else f" {self.ends}"
        )
        """`11 points (16 to 6)`, for a change whose direction is told."""
        self.undecided = ""
        if margin and low <= -margin and high >= 0:
            self.undecided = f"; it may be worse by {100 * margin:g} or more, or no worse at all"
