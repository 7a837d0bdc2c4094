"""What a trend shows one above the other: each metric, then cost, tokens and latency.

A panel has one value per version, oldest first.  Where nothing is known there is none, and nothing
is put in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from promptops.reports import words
from promptops.reports.symbols import Symbols
from promptops.values.report import Interval, Verdict
from promptops.values.trend import Trend, TrendPoint, TrendScore


@dataclass(frozen=True, slots=True)
class Mark:
    """One version in one panel."""

    value: float | None
    """None: unknown, or not evaluated."""
    reach: Interval | None = None
    """Of a level: where it lies, if the version that it was compared with stands exactly where that
    stood in the same run."""
    verdict: Verdict | None = None
    again: tuple[int, float] | None = None
    """At a break: which mark before it is of the version that it was compared with, and where that
    stands in the same run, so by the same measure."""
    broken_off: bool = False
    """It is not comparable with the marks before it."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One quantity over the versions."""

    name: str
    marks: Sequence[Mark]
    told: Callable[[float | None], str]
    """A value in words, with its unit."""
    is_score: bool = False

    @property
    def known(self) -> list[float]:
        """The values there are."""
        return [each.value for each in self.marks if each.value is not None]


def panels(trend: Trend) -> list[Panel]:
    """All panels that have anything to show; a model that is free has no cost to plot."""
    made = [_of_metric(trend, name) for name in trend.metrics]
    made += [
        _of(trend, "cost of 1,000 answers", lambda each: each.cost_usd_per_1000, words.money),
        _of(trend, "tokens an answer", tokens, token_count),
        _of(trend, "latency", lambda each: each.latency_seconds, words.seconds),
    ]
    return [each for each in made if (each.known if each.is_score else any(each.known))]


@dataclass(frozen=True, slots=True)
class Newest:
    """The last value of a panel, in words."""

    value: str
    version: str
    held: str = ""
    """Of a score: its difference to the version that it was compared with, and the interval."""
    verdict: Verdict | None = None


def newest(trend: Trend, panel: Panel, signs: Symbols) -> Newest:
    """What a panel, which has a value, says of the newest version that it knows."""
    at = next(at for at in range(len(panel.marks))[::-1] if panel.marks[at].value is not None)
    point, told = trend.points[at], panel.told(panel.marks[at].value)
    score = score_of(point, panel.name) if panel.is_score else None
    if score is None or score.delta is None or point.against is None:
        return Newest(told, name_of(point))
    held = f"{words.signed(score.delta, signs)} against v{point.against}"
    if score.interval:
        held += f" ({words.between(score.interval, signs)})"
    return Newest(told, name_of(point), held, score.verdict)


def tokens(point: TrendPoint) -> float | None:
    """Tokens in and out of one answer, mean; None where either is unknown."""
    if point.input_tokens is None or point.output_tokens is None:
        return None
    return point.input_tokens + point.output_tokens


def token_count(count: float | None) -> str:
    """A mean count of tokens: `112`, `8.4`."""
    if count is None:
        return "unknown"
    return f"{count:,.0f}" if count >= 99.95 else f"{count:.3g}"


def score_of(point: TrendPoint, name: str) -> TrendScore | None:
    """What a version scored on a metric."""
    return next((each for each in point.scores if each.name == name), None)


def before(points: Sequence[TrendPoint], at: int) -> int | None:
    """Which is the evaluated version before one."""
    return next((n for n in range(at)[::-1] if points[n].standing == "evaluated"), None)


def apart(points: Sequence[TrendPoint], at: int) -> bool:
    """Whether a version was compared with another than the one that stands before it."""
    point = points[at]
    if point.against is None:
        return False
    earlier = next((each for each in points[:at][::-1] if each.standing != "broken"), None)
    return earlier is None or earlier.digest != point.against_digest


def name_of(point: TrendPoint) -> str:
    """`v2`, `v3 (uncommitted)`, or that its file cannot be read."""
    if point.standing == "broken":
        return "unreadable"
    return words.numbered(point.version, dirty=point.dirty)


def short_name(point: TrendPoint, signs: Symbols) -> str:
    """`v2` below an axis."""
    return f"v{point.version}" if point.standing != "broken" else signs.none


def _of_metric(trend: Trend, name: str) -> Panel:
    marks = []
    for at, point in enumerate(trend.points):
        score = score_of(point, name)
        if score is None or score.level is None:
            marks.append(Mark(None))
            continue
        cut = any(each.metrics is None or name in each.metrics for each in point.breaks)
        reach = None
        if score.interval and score.baseline is not None:
            low, high = score.interval
            reach = (max(0.0, score.baseline + low), min(1.0, score.baseline + high))
        marks.append(
            Mark(
                score.level,
                reach,
                score.verdict,
                _again(trend, at, score) if cut else None,
                broken_off=cut,
            )
        )
    return Panel(name, marks, words.score, is_score=True)


def _again(trend: Trend, at: int, score: TrendScore) -> tuple[int, float] | None:
    earlier = before(trend.points, at)
    if earlier is None or score.baseline is None:
        return None
    same = trend.points[earlier].digest == trend.points[at].against_digest
    return (earlier, score.baseline) if same else None


def _of(
    trend: Trend,
    name: str,
    value: Callable[[TrendPoint], float | None],
    told: Callable[[float | None], str],
) -> Panel:
    marks = [
        Mark(value(point), broken_off=any(each.metrics is None for each in point.breaks))
        for point in trend.points
    ]
    return Panel(name, marks, told)
