"""What was measured, on both sides, and how sure it is."""

from __future__ import annotations

from promptops.reports import facts, remarks, words
from promptops.reports.markdown.blocks import bullets, folded, joined, table
from promptops.reports.markdown.inline import Markup, safe_money
from promptops.reports.markdown.standing import sign
from promptops.reports.votes import Votes
from promptops.values.report import EconomyReport, MetricReport, Report, SliceReport

_MOST_METRICS = 30
_MOST_SLICES = 8
_LEFT = "more in the report"


def metrics_block(report: Report, markup: Markup) -> str:
    """The table of metrics, gating ones first, then of what the gate limits."""
    measured = [
        metric
        for metric in report.metrics
        if metric.candidate is not None or metric.baseline is not None
    ]
    if not measured or not facts.had(report):
        return ""
    ordered = sorted(report.metrics, key=lambda metric: metric.role != "gate")[:_MOST_METRICS]
    left = len(report.metrics) - len(ordered)
    if report.baseline is None:
        rows = [
            [markup.cell(metric.name), _verdict(metric, markup), words.score(metric.candidate)]
            for metric in ordered
        ]
        told = table(["metric", "", ">score"], rows)
    else:
        rows = [row for metric in ordered for row in _metric_rows(report, metric, markup)]
        rows += [_limit_row(each, markup) for each in facts.limited(report)]
        heads = ["metric", "verdict", ">baseline", ">candidate", ">delta", "interval", ">pairs"]
        told = table(heads, rows)
    return joined([told, f"{words.number(left)} {_LEFT}" if left else ""])


def _metric_rows(report: Report, metric: MetricReport, markup: Markup) -> list[list[str]]:
    """The raw difference; below it the one that people's labels put right."""
    put_right = facts.put_right(metric)
    if put_right is None:
        return [_metric_row(report, metric, markup)]
    below = _metric_row(report, put_right, markup)
    below[:4] = [f"{markup.signs.arrow} corrected by labels", "", "", ""]
    return [_metric_row(report, metric, markup, raw=True), below]


def _metric_row(
    report: Report, metric: MetricReport, markup: Markup, *, raw: bool = False
) -> list[str]:
    signs = markup.signs
    delta = words.signed(metric.delta, signs)
    strong = metric.role == "gate" and metric.delta is not None and not raw
    return [
        markup.cell(metric.name),
        _verdict(metric, markup),
        words.score(metric.baseline),
        words.score(metric.candidate),
        f"**{delta}**" if strong else delta,
        words.between(facts.interval_of(report, metric), signs),
        words.number(metric.pairs),
    ]


def _verdict(metric: MetricReport, markup: Markup) -> str:
    if metric.verdict is None:
        return "observes" if metric.role == "observe" else markup.signs.none
    return f"{sign(metric.verdict, markup)} {metric.verdict}"


def _limit_row(each: EconomyReport, markup: Markup) -> list[str]:
    verdict = f"{sign(each.verdict, markup)} {each.verdict}" if each.verdict else markup.signs.none
    return [
        remarks.MEANS[each.name],
        verdict,
        safe_money(words.amount(each, each.baseline)),
        safe_money(words.amount(each, each.candidate)),
        f"**{words.increase(each, markup.signs)}**",
        words.increase_between(each, markup.signs),
        words.number(each.pairs),
    ]


def sure_block(report: Report, markup: Markup) -> str:
    """In small print: how sure, after how many looks, and what the gate lets rise."""
    if not facts.had(report) or report.baseline is None:
        return ""
    told = remarks.about_intervals(report)
    if told and report.budget and report.budget.looks:
        told.append(f"looks at the evidence: {remarks.looks(report, report.budget)}")
    told.append(words.many(report.calls.made, "call") + " made")
    told += filter(None, [remarks.about_corrections(report)])
    told += remarks.about_limits(report, markup.signs)
    return f"<sub>{markup.sentence(f' {markup.signs.dot} '.join(told))}</sub>"


def about_block(report: Report, markup: Markup, votes: Votes) -> str:
    """What else is known of each metric: its other interval, noise, judge and votes; folded."""
    if not facts.had(report):
        return ""
    lines = []
    for metric in sorted(report.metrics, key=lambda metric: metric.role != "gate")[:_MOST_METRICS]:
        about = remarks.about_metric(report, metric, markup.signs, votes)
        if about:
            lines.append(f"{markup.code(metric.name)}: {markup.sentence('; '.join(about))}")
    return folded("<b>About the metrics</b>", bullets(lines)) if lines else ""


def slices_block(report: Report, markup: Markup) -> str:
    """Parts of the dataset that surely fell. A diagnostic, never a gate."""
    fell = [part for part in report.slices if part.fell]
    if not fell or facts.itself(report):
        return ""
    fell.sort(key=lambda part: part.delta if part.delta is not None else 0.0)
    rows = [_slice_row(part, markup) for part in fell[:_MOST_SLICES]]
    told = table(
        ["tag that fell", "metric", ">cases", ">baseline", ">candidate", ">delta"],
        rows,
    )
    left = len(fell) - len(rows)
    meaning = "Surely worse there, though 1 in 10 such marks may be wrong: to look at, not to judge"
    more = f"; {words.number(left)} {_LEFT}" if left else ""
    return joined([told, f"<sub>{meaning} by{more}.</sub>"])


def _slice_row(part: SliceReport, markup: Markup) -> list[str]:
    return [
        markup.cell(part.tag),
        markup.cell(part.metric),
        words.number(part.cases),
        words.score(part.baseline),
        words.score(part.candidate),
        words.signed(part.delta, markup.signs),
    ]
