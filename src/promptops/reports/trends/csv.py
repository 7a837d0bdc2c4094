"""Trends as a table of cells, one row a version, for a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator

from promptops.reports.spreadsheet import number_cell, text_cell, written
from promptops.reports.surface import Surface
from promptops.reports.trend_panels import score_of
from promptops.values.trend import Trend, TrendPoint

_LEADING = (
    *("version", "digest", "commit", "date", "author", "change", "standing", "uncommitted"),
    *("run", "run_created", "model", "against", "verdict"),
)
_OF_METRIC = ("", " baseline", " delta", " delta low", " delta high", " verdict")
_TRAILING = (
    *("answers", "failures", "cost_usd", "cost_usd_per_1000", "input_tokens", "output_tokens"),
    *("latency_seconds", "breaks", "broken"),
)


def render(trend: Trend, surface: Surface) -> str:
    """One row a version, oldest first; RFC 4180, so lines end in CR LF.

    A cell of what is not known is empty.  The surface changes nothing.
    """
    del surface
    return written(_table(trend))


def _table(trend: Trend) -> Iterator[list[str]]:
    columns = [text_cell(name + part) for name in trend.metrics for part in _OF_METRIC]
    yield [*_LEADING, *columns, *_TRAILING]
    for point in trend.points:
        scores = [cell for name in trend.metrics for cell in _of_metric(point, name)]
        yield [*_leading(point), *scores, *_trailing(point)]


def _leading(point: TrendPoint) -> list[str]:
    number = str(point.version) if point.version else ""
    against = str(point.against) if point.against is not None else ""
    texts = [point.digest, point.commit or "", point.date, point.author, point.change]
    run = [point.run or "", point.run_created, point.model]
    return [
        number,
        *map(text_cell, texts),
        point.standing,
        "yes" if point.dirty else "",
        *map(text_cell, run),
        against,
        point.verdict or "",
    ]


def _of_metric(point: TrendPoint, name: str) -> list[str]:
    score = score_of(point, name)
    if score is None:
        return [""] * len(_OF_METRIC)
    numbers = (score.level, score.baseline, score.delta, *(score.interval or (None, None)))
    return [*map(number_cell, numbers), score.verdict or ""]


def _trailing(point: TrendPoint) -> list[str]:
    there = point.standing == "evaluated"
    counts = [str(point.answers), str(point.failures)] if there else ["", ""]
    amounts = (
        *(point.cost_usd, point.cost_usd_per_1000, point.input_tokens, point.output_tokens),
        point.latency_seconds,
    )
    breaks = "; ".join(each.what for each in point.breaks)
    return [*counts, *map(number_cell, amounts), text_cell(breaks), text_cell(point.broken)]
