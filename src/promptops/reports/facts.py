"""What a report says of itself, read with care: a kept one may be older than a field, or wrong."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import structs

from promptops.values.report import (
    EconomyReport,
    Interval,
    MetricReport,
    Report,
    SliceReport,
    Verdict,
)

CLEAR: frozenset[Verdict] = frozenset({"improved", "passed", "regressed"})
"""The verdicts that answer the question."""


def alpha(report: Report) -> float | None:
    """The accepted error per direction, in (0, 1); None where the run does not say."""
    return _share(report, "alpha")


def margin(report: Report) -> float | None:
    """The largest drop that is no loss, in (0, 1); None where the run does not say."""
    return _share(report, "margin")


def _share(report: Report, name: str) -> float | None:
    value = report.meta.get(name)
    return value if isinstance(value, float) and 0 < value < 1 else None


def stopped(report: Report) -> bool:
    """Whether the run ended before it had all its samples: a budget, or a provider."""
    return report.meta.get("stopped") is True


def itself(report: Report) -> bool:
    """Whether both sides are the same version, so that all that differs is noise."""
    return report.meta.get("itself") is True


def over_population(report: Report) -> bool:
    """Whether the verdict is about cases like these, and not about these cases."""
    return report.meta.get("estimand") == "population"


def strict(report: Report) -> bool:
    """Whether the verdict rests on the test alone that holds at any time and for any scores."""
    return report.meta.get("guarantee") == "strict" and not over_population(report)


def first_impression(report: Report) -> bool:
    """Whether the run was to go less far than its plan."""
    drawn, planned = report.meta.get("samples"), report.meta.get("planned_samples")
    return isinstance(drawn, int) and isinstance(planned, int) and drawn < planned


def had(report: Report) -> int:
    """How many samples the run had an answer for, on both arms together."""
    arms = [arm for arm in (report.baseline, report.candidate) if arm]
    return sum(arm.samples - arm.failures for arm in arms)


def told_by_cause(report: Report, warning: str) -> bool:
    """Whether a warning says what every call failed with, and the finding says so already."""
    start = "every call failed: "
    causes = [each.removeprefix(start) for each in report.reasons if each.startswith(start)]
    return any(f" failed: {cause}" in warning for cause in causes)


def supplied(report: Report) -> str:
    """Where its answers were not drawn here: who supplied them, in words; "" where they were."""
    told = report.meta.get("supplied")
    return told if isinstance(told, str) else ""


def supplied_among(reports: Iterable[Report]) -> str:
    """The same of several reports; of which suites, where that is not true of all."""
    all_, told = set(), {}
    for report in reports:
        all_.add(report.suite)
        if supplied(report):
            told[report.suite] = supplied(report)
    words = "; ".join(dict.fromkeys(told.values()))
    return words if len(told) == len(all_) else f"{', '.join(told)}: {words}" if told else ""


def again(report: Report) -> str:
    """The command that shows it again; "" for one of supplied answers, which no store has."""
    return "" if supplied(report) else f"promptops report {report.run}"


def saved_calls(report: Report) -> int:
    """How many answers were planned and not needed; 0 where the run went to its end."""
    saved = report.budget.saved_calls if report.budget else 0
    return saved if 0 < saved < report.calls.planned else 0


def detectable(report: Report) -> float | None:
    """The smallest drop that the plan sees with probability 0.8; None where that is unknown.

    It is reckoned for pairs of these cases, so it says nothing of others like them.
    """
    return report.budget.detectable if report.budget and not over_population(report) else None


def gating(report: Report) -> list[MetricReport]:
    """The metrics that may stop a merge."""
    return [metric for metric in report.metrics if metric.role == "gate"]


def limited(report: Report) -> list[EconomyReport]:
    """What the gate has a limit for: cost, tokens, latency."""
    return [each for each in report.economy if each.limit is not None]


def scores_settled(report: Report) -> bool:
    """Whether a verdict is open for what the candidate uses, and not for its scores."""
    if report.verdict != "inconclusive":
        return False
    held = any(each.verdict == "inconclusive" for each in limited(report))
    return held and all(metric.verdict in CLEAR for metric in gating(report))


def open_by_labels(report: Report) -> bool:
    """Whether every metric that leaves the verdict open rests on people's labels."""
    left = [metric for metric in gating(report) if metric.verdict == "inconclusive"]
    return bool(left) and all(corrected(metric) for metric in left)


def interval_of(report: Report, metric: MetricReport) -> Interval | None:
    """The interval of the raw difference: over these cases, or over cases like these."""
    return metric.population_interval if over_population(report) else metric.interval


def corrected(metric: MetricReport) -> tuple[float, Interval] | None:
    """The difference put right by people's labels, and its interval; None where there is none.

    Where there is one, the metric's verdict rests on it.
    """
    if metric.corrected_delta is None or metric.corrected_interval is None:
        return None
    return metric.corrected_delta, metric.corrected_interval


def put_right(metric: MetricReport) -> MetricReport | None:
    """A metric with its corrected difference in the place of the raw one; None without one."""
    found = corrected(metric)
    if found is None:
        return None
    delta, interval = found
    return structs.replace(
        metric,
        delta=delta,
        interval=interval,
        population_interval=interval,
        pairs=metric.labels,
        corrected_delta=None,
    )


def evidence(report: Report, metric: MetricReport) -> tuple[float, Interval] | None:
    """The difference and the interval that the verdict on a metric rests on."""
    interval = interval_of(report, metric)
    if metric.delta is None or interval is None:
        return corrected(metric)
    return corrected(metric) or (metric.delta, interval)


def deciding_metric(report: Report) -> MetricReport | None:
    """The gating metric that the verdict rests on; the first one where none stands out."""
    gates = gating(report)
    told = [
        (found, metric)
        for metric in gates
        if metric.verdict == report.verdict and (found := evidence(report, metric))
    ]
    if not told:
        return gates[0] if gates else None
    if report.verdict == "improved":
        return max(told, key=lambda pair: pair[0][0])[1]
    return min(told, key=lambda pair: pair[0][1][0])[1]


def unneeded_cases(report: Report) -> int:
    """How many cases were never visited, because the answer was clear before.

    The first pass visits every case once.  Where something was lost or could not be scored, a case
    without scores may have been visited, and is counted only if there were too few samples for it.
    """
    if not saved_calls(report) or report.verdict not in CLEAR:
        return 0
    blank = sum(case.baseline is None and case.candidate is None for case in report.cases)
    arms = [arm for arm in (report.baseline, report.candidate) if arm]
    complete = not any(arm.failures for arm in arms) and not any(
        metric.unscorable for metric in gating(report)
    )
    if complete:
        return blank
    return min(blank, max(0, len(report.cases) - min(arm.samples for arm in arms)))


def slices(report: Report) -> list[SliceReport]:
    """Those with a score: what surely fell first, then the largest falls.

    Where none was compared, the lowest scores come first.
    """
    told = [part for part in report.slices if _measured(part)]
    return sorted(told, key=_moved if any_slice_compared(told) else _level)


def any_slice_compared(slices_: Iterable[SliceReport]) -> bool:
    """Whether there is a score of the baseline among them."""
    return any(part.baseline is not None for part in slices_)


def _measured(part: SliceReport) -> bool:
    return part.candidate is not None or part.baseline is not None


def _moved(part: SliceReport) -> tuple[bool, float]:
    return (not part.fell, part.delta if part.delta is not None else 0.0)


def _level(part: SliceReport) -> tuple[bool, float]:
    return (True, part.candidate if part.candidate is not None else 0.0)
