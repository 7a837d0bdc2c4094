"""What was measured: every metric on both arms, the difference, and how sure it is."""

from __future__ import annotations

from promptops.reports import words
from promptops.reports.page import Cell, Page, Part
from promptops.reports.symbols import VERDICT_STYLES
from promptops.values.report import MetricReport, Report, SliceReport

_ROOM_FOR_ROLE = 74
_ROOM_FOR_FOREST = 96
_MOST_SLICES = 12


def write_metrics(page: Page, report: Report) -> None:
    """The table of metrics, gating ones first, and what must be known to read it."""
    if not report.metrics or (words.stopped(report) and not any(map(_measured, report.metrics))):
        return
    page.blank()
    ordered = sorted(report.metrics, key=lambda metric: metric.role != "gate")
    if report.baseline is None:
        _write_absolute(page, ordered)
    else:
        _write_compared(page, report, ordered)
    for metric in ordered:
        _write_notes(page, metric)


def _measured(part: MetricReport | SliceReport) -> bool:
    return part.candidate is not None or part.baseline is not None


def _write_absolute(page: Page, metrics: list[MetricReport]) -> None:
    rows: list[list[Cell]] = [
        [_sign(page, metric), metric.name, (metric.role, "dim"), words.score(metric.candidate)]
        for metric in metrics
    ]
    page.table(["", "metric", "role", ">score"], rows, flexible=1)


def _write_compared(page: Page, report: Report, metrics: list[MetricReport]) -> None:
    with_role = page.width >= _ROOM_FOR_ROLE
    forest = Forest(page, report) if page.width >= _ROOM_FOR_FOREST else None
    heads = ["", "metric", ">baseline", ">candidate", ">delta", ">interval"]
    if forest:
        heads.append(forest.head)
    if with_role:
        heads[2:2] = ["role"]
        heads.append(">pairs")
    rows: list[list[Cell]] = []
    for metric in metrics:
        row: list[Cell] = [
            _sign(page, metric),
            metric.name,
            words.score(metric.baseline),
            words.score(metric.candidate),
            (words.signed(metric.delta, page.signs), _style(metric)),
            words.between(metric.interval, page.signs),
        ]
        if forest:
            row.append(forest.mark(metric))
        if with_role:
            row[2:2] = [(metric.role, "dim")]
            row.append(words.number(metric.pairs))
        rows.append(row)
    page.table(heads, rows, flexible=1)
    _write_legend(page, report, metrics, with_margin=forest is not None)


def _write_legend(
    page: Page, report: Report, metrics: list[MetricReport], *, with_margin: bool
) -> None:
    told: list[str] = []
    sure = words.sureness(report)
    if sure and any(metric.interval for metric in metrics):
        told.append(f"each end of an interval is {sure}, on these cases")
    margin = _margin(report)
    if margin and with_margin:
        told.append(f"{page.signs.limit} the margin, {page.signs.minus}{margin:g}")
    if told:
        page.paragraph((f" {page.signs.dot} ".join(told), "dim"), indent=4)
    for metric in metrics:
        if metric.population_interval and metric.role == "gate":
            wider = words.between(metric.population_interval, page.signs)
            page.paragraph(
                (f"over other cases like these, {metric.name}: {wider}", "dim"), indent=4
            )


def _write_notes(page: Page, metric: MetricReport) -> None:
    notes = [metric.note] if metric.note else []
    if metric.unscorable:
        notes.append(f"{words.many(metric.unscorable, 'sample')} could not be scored")
    if metric.judge:
        notes.append(f"judge {metric.judge[:8]}")
    if notes:
        page.paragraph((f"{metric.name}: " + "; ".join(notes), "dim"), indent=4)


def _sign(page: Page, metric: MetricReport) -> Part:
    if metric.verdict is None:
        return (page.signs.observe if metric.role == "observe" else page.signs.dot, "dim")
    return (page.signs.verdicts[metric.verdict], _style(metric))


def _style(metric: MetricReport) -> str:
    return VERDICT_STYLES[metric.verdict] if metric.verdict else ""


def _margin(report: Report) -> float:
    margin = report.meta.get("margin")
    return margin if isinstance(margin, float) and 0 < margin < 1 else 0.0


class Forest:
    """Intervals drawn on one scale for all metrics, with zero in the middle."""

    def __init__(self, page: Page, report: Report) -> None:
        self._signs = page.signs
        self._margin = _margin(report)
        self._half = min(20, 8 + (page.width - _ROOM_FOR_FOREST) // 2)
        ends = [abs(end) for metric in report.metrics for end in metric.interval or ()]
        self._reach = max([*ends, self._margin, 1e-9])
        pad = max(0, self._half - len("worse "))
        self.head = " " * pad + f"worse {self._signs.bar} better"

    def mark(self, metric: MetricReport) -> Cell:
        """One interval: its reach, the difference found, zero, and the margin."""
        cells: list[tuple[str, str]] = [(" ", "")] * (2 * self._half + 1)
        if self._margin:
            cells[self._at(-self._margin)] = (self._signs.limit, "dim")
        cells[self._half] = (self._signs.bar, "dim")
        if metric.interval:
            low, high = (self._at(end) for end in metric.interval)
            for at in range(low, high + 1):
                cells[at] = (self._signs.reach, _style(metric) or "dim")
        if metric.delta is not None:
            cells[self._at(metric.delta)] = (self._signs.point, _style(metric) or "dim")
        return list(cells)

    def _at(self, value: float) -> int:
        place = round(value / self._reach * self._half)
        return self._half + max(-self._half, min(self._half, place))


def write_slices(page: Page, slices: list[SliceReport]) -> None:
    """Gating metrics by tag, the largest falls first. A diagnostic, never a gate.

    Where no slice was compared, the lowest scores come first.
    """
    slices = [part for part in slices if _measured(part)]
    if not slices:
        return
    compared = any(part.baseline is not None for part in slices)
    page.blank()
    page.paragraph(("by tag", "bold"), (" (to look at, not to judge by)", "dim"), indent=2)
    ordered = sorted(slices, key=_moved if compared else _level)
    rows: list[list[Cell]] = []
    for part in ordered[:_MOST_SLICES]:
        row: list[Cell] = [part.tag, part.metric, words.number(part.cases)]
        if compared:
            baseline = part.baseline
            row.append(page.signs.none if baseline is None else words.score(baseline))
        row.append(words.score(part.candidate))
        if compared:
            row.append(words.signed(part.delta, page.signs))
        rows.append(row)
    outcome = [">baseline", ">candidate", ">delta"] if compared else [">score"]
    page.table(["tag", "metric", ">cases", *outcome], rows, flexible=0)
    if len(slices) > _MOST_SLICES:
        left = words.number(len(slices) - _MOST_SLICES)
        page.paragraph((f"{page.signs.more} {left} more in --format json", "dim"), indent=2)


def _moved(part: SliceReport) -> float:
    return part.delta if part.delta is not None else 0.0


def _level(part: SliceReport) -> float:
    return part.candidate if part.candidate is not None else 0.0
