"""Numbers and findings in plain words: what every format for people says alike."""

from __future__ import annotations

from promptops.reports.symbols import Symbols
from promptops.values.report import ArmReport, Cost, MetricReport, Report

FIRST = "first version: nothing to compare with yet"
ALONE = "scored alone: compared with nothing"


def score(value: float | None) -> str:
    """A mean in [0, 1]. What is not quite 0 or 1 never reads as if it were."""
    if value is None:
        return "unscored"
    text = f"{value:.2f}"
    if text in {"0.00", "1.00"} and value not in {0.0, 1.0}:
        text = f"{value:.3f}"
    if text == "1.000":
        return ">0.999"
    return "<0.001" if text == "0.000" else text


def signed(value: float | None, signs: Symbols) -> str:
    """A difference, with its sign; three decimals where two would hide it."""
    if value is None:
        return signs.none
    if value == 0:
        return "0.00"
    text = f"{abs(value):.2f}"
    if text == "0.00":
        text = f"{abs(value):.3f}"
    return (signs.minus if value < 0 else "+") + text


def between(interval: tuple[float, float] | None, signs: Symbols) -> str:
    """An interval of a difference: `−0.04 to +0.06`."""
    if interval is None:
        return signs.none
    return f"{signed(interval[0], signs)} to {signed(interval[1], signs)}"


def money(usd: float | None) -> str:
    """US dollars with two significant digits at least. None is unknown, never nothing."""
    if usd is None:
        return "unknown"
    if usd == 0:
        return "$0"
    if usd >= 0.1:
        return f"${usd:,.2f}"
    return "$" + f"{usd:.12f}"[: _second_digit(usd)]


def _second_digit(usd: float) -> int:
    """How long the text of a small amount must be to show two significant digits."""
    decimals = f"{usd:.12f}"[2:]
    zeros = len(decimals) - len(decimals.lstrip("0"))
    return 2 + min(zeros + 2, len(decimals))


def seconds(value: float | None) -> str:
    """A duration at a glance: `310 ms`, `1.2 s`, `2 min 05 s`."""
    if value is None:
        return "unknown"
    if value < 0.9995:
        return f"{value * 1000:.0f} ms"
    if value < 99.95:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest:02d} s"


def relative(before: float | None, after: float | None, signs: Symbols) -> str:
    """By how many percent something changed; nothing where that has no meaning."""
    if before is None or after is None or before <= 0:
        return ""
    change = round(100 * (after - before) / before)
    if change == 0:
        return "same"
    return f"{signs.minus if change < 0 else '+'}{abs(change):,}%"


def number(count: int) -> str:
    """A count with its thousands apart."""
    return f"{count:,}"


def many(count: int, one: str, several: str | None = None) -> str:
    """A count and its noun: `1 case`, `2 cases`."""
    return f"{count:,} {one if count == 1 else several or one + 's'}"


UNCOMMITTED = "uncommitted"
"""What every command calls a meaning that is on disk and not in git."""


def numbered(number: int, *, dirty: bool) -> str:
    """`v2`, and whether it is not committed yet."""
    return f"v{number} ({UNCOMMITTED})" if dirty else f"v{number}"


def version(arm: ArmReport) -> str:
    """The version of an arm: `v2`, `v3 (uncommitted)`."""
    return numbered(arm.version, dirty=arm.dirty)


def versions(report: Report, signs: Symbols) -> str:
    """`v1 → v2`, or the candidate alone."""
    if report.baseline is None:
        return version(report.candidate)
    return f"{version(report.baseline)} {signs.arrow} {version(report.candidate)}"


def paid(cost: Cost) -> str:
    """What this run cost, honest about what is not known."""
    if not cost.unpriced_calls:
        return f"{money(cost.incurred_usd)} paid now"
    calls = many(cost.unpriced_calls, "call")
    if cost.incurred_usd == 0:
        return f"unknown: {calls} without a known price"
    return f"at least {money(cost.incurred_usd)} paid now, and {calls} without a known price"


def sureness(report: Report) -> str:
    """`95% sure`, where the run says at what level; each end of an interval has it by itself."""
    alpha = report.meta.get("alpha")
    if not isinstance(alpha, float) or not 0 < alpha < 1:
        return ""
    return f"{100 * (1 - alpha):.4g}% sure"


def stopped(report: Report) -> bool:
    """Whether the run ended before it had all its samples: a budget, or a provider."""
    return report.meta.get("stopped") is True


def had(report: Report) -> int:
    """How many samples the run had an answer for, on both arms together."""
    arms = [arm for arm in (report.baseline, report.candidate) if arm]
    return sum(arm.samples - arm.failures for arm in arms)


def samples_had(report: Report) -> str:
    """How many samples a run had of those it was to have: `14 of 120 samples were had`."""
    arms = 2 if report.baseline else 1
    cases, each = report.meta.get("cases"), report.meta.get("samples")
    if isinstance(cases, int) and isinstance(each, int):
        return f"{number(had(report))} of {many(arms * cases * each, 'sample')} were had"
    return f"{many(had(report), 'sample')} {'was' if had(report) == 1 else 'were'} had"


def deciding_metric(report: Report) -> MetricReport | None:
    """The gating metric that the verdict rests on; the first one where none stands out."""
    gates = [metric for metric in report.metrics if metric.role == "gate"]
    told = [metric for metric in gates if metric.verdict == report.verdict and metric.interval]
    if not told:
        return gates[0] if gates else None
    if report.verdict == "improved":
        return max(told, key=lambda metric: metric.delta or 0.0)
    return min(told, key=lambda metric: metric.interval[0] if metric.interval else 0.0)


def headline(report: Report, signs: Symbols) -> str:
    """The finding in one sentence, no stronger than the evidence."""
    metric = deciding_metric(report)
    if report.verdict == "invalid":
        reason = report.reasons[0] if report.reasons else "the evidence cannot be used"
        tell_it = stopped(report) and not reason.startswith("stopped")
        return f"stopped before its end: {reason}" if tell_it else reason
    if report.baseline is None:
        absolute = f"; {metric.name} is {score(metric.candidate)}" if metric else ""
        return (ALONE if report.meta.get("alone") is True else FIRST) + absolute
    if metric is None or metric.delta is None or metric.interval is None:
        return report.reasons[0] if report.reasons else "no metric could be compared"
    if report.verdict == "regressed" and metric.verdict != "regressed":
        return report.reasons[0] if report.reasons else "a case that must hold broke"
    return _sentence(report, metric, metric.delta, metric.interval, signs)


def _sentence(
    report: Report,
    metric: MetricReport,
    delta: float,
    interval: tuple[float, float],
    signs: Symbols,
) -> str:
    low, high = interval
    sure = sureness(report)
    aside = f", {sure}" if sure else ""
    moved = f"{metric.name} {signed(delta, signs)}"
    if report.verdict == "improved" and low > 0:
        return f"{moved}: at least {signed(low, signs)}{aside}"
    if report.verdict == "regressed" and high < 0:
        return f"{moved}: {signed(high, signs)} or worse{aside}"
    if report.verdict == "passed":
        drop = "a small real drop, " if high < 0 else ""
        return f"{moved}: {drop}no worse than {signed(low, signs)}{aside}"
    ends = f", each end {sure}" if sure else ""
    return f"{moved}: anything from {between(interval, signs)}{ends}"
