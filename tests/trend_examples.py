"""Example trends: a long life, a short one, breaks, gaps, nothing, and one that means harm."""

from __future__ import annotations

import hashlib
import math
from typing import Any

import msgspec

from promptops.values.report import Interval, Verdict
from promptops.values.trend import SCHEMA, Break, Standing, Trend, TrendPoint, TrendScore

CHANGES = [
    "Name the city that a message is about.",
    "Show three worked examples.",
    "Answer in one word.",
    "Say `unknown` where no city is named.",
    "Shorter examples.",
    "A smaller model.",
]


def digest(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def score(
    name: str = "exact",
    level: float | None = 0.82,
    baseline: float | None = 0.78,
    half: float = 0.04,
    verdict: Verdict | None = "passed",
) -> TrendScore:
    if level is None or baseline is None:
        return TrendScore(name, level)
    delta = round(level - baseline, 6)
    interval: Interval = (round(delta - half, 6), round(delta + half, 6))
    return TrendScore(name, level, baseline, delta, interval, verdict)


def point(number: int, *scores: TrendScore, **changes: Any) -> TrendPoint:
    standing: Standing = "evaluated" if scores else "unevaluated"
    made = TrendPoint(
        version=number,
        digest=digest(number),
        commit=digest(-number)[:40],
        date=f"2026-{1 + number // 28:02}-{1 + number % 28:02}T09:30:00Z",
        author="Ana Ficta",
        change=CHANGES[number % len(CHANGES)],
        standing=standing,
        path="prompts/extract-city.yaml",
    )
    if scores:
        held = scores[0].delta is not None
        made = msgspec.structs.replace(
            made,
            run=f"20260{1 + number // 28:02}{1 + number % 28:02}-0930-{digest(number)[:4]}",
            run_created=made.date,
            model="example/small-1",
            against=number - 1 if held else None,
            against_digest=digest(number - 1) if held else "",
            verdict=scores[0].verdict if held else None,
            scores=list(scores),
            answers=120,
            cost_usd=0.0123 + 0.0007 * number,
            cost_usd_per_1000=(0.0123 + 0.0007 * number) / 0.12,
            input_tokens=102.8 + 3 * number,
            output_tokens=10.1,
            latency_seconds=0.312 + 0.01 * (number % 5),
        )
    return msgspec.structs.replace(made, **changes)


def trend(*points: TrendPoint, **changes: Any) -> Trend:
    names = dict.fromkeys(each.name for point in points for each in point.scores)
    made = Trend(
        schema=SCHEMA,
        prompt="extract-city",
        suite="extract-city",
        model=None,
        metrics=[*names],
        points=list(points),
        certainty=0.95,
    )
    return msgspec.structs.replace(made, **changes)


def ordinary() -> Trend:
    """Twelve versions with all that can befall one."""
    return trend(
        point(1, score(level=0.41, baseline=None)),
        point(2, score(level=0.62, baseline=0.41, half=0.06, verdict="improved")),
        point(3, score(level=0.74, baseline=0.62, half=0.05, verdict="improved")),
        point(4, score(level=0.735, baseline=0.74)),
        point(5),
        point(6, score(level=0.78, baseline=0.735, half=0.07, verdict="inconclusive")),
        point(7, standing="broken", version=0, digest="", broken="line 7: bad indentation"),
        point(
            8,
            score(level=0.66, baseline=0.70),
            breaks=[Break("the dataset changed")],
            against=6,
            against_digest=digest(6),
        ),
        point(9, score(level=0.55, baseline=0.66, half=0.045, verdict="regressed")),
        point(10, score(level=0.71, baseline=0.55, half=0.05, verdict="improved")),
        point(11, score(level=0.70, baseline=0.71), cost_usd=None, cost_usd_per_1000=None),
        point(12, score(level=0.76, baseline=0.70, verdict="passed"), dirty=True, commit=None,
              date="", author=""),
    )  # fmt: skip


def two_metrics() -> Trend:
    """A judge beside an exact match, whose prompt changed on the way; a version held to v1."""
    return trend(
        point(1, score("exact", 0.80, None), score("faithful", 0.91, None)),
        point(2, score("exact", 0.82, 0.80), score("faithful", 0.90, 0.91)),
        point(
            3,
            score("exact", 0.84, 0.80, verdict="passed"),
            score("faithful", 0.72, 0.75, verdict="inconclusive"),
            breaks=[Break("the scorer faithful changed", ["faithful"])],
            against=1,
            against_digest=digest(1),
            verdict="inconclusive",
        ),
        point(4, score("exact", None), score("faithful", 0.74, 0.72), verdict="invalid",
              model="example/large-2", latency_seconds=None, against=3, against_digest=digest(3)),
    )  # fmt: skip


def many(count: int = 200) -> Trend:
    """A long life, with gaps."""
    points = []
    level = 0.5
    for number in range(1, count + 1):
        before, level = level, 0.7 + 0.2 * math.sin(number / 15) + 0.03 * math.cos(number * 2.4)
        verdict: Verdict = "improved" if level > before + 0.03 else "passed"
        verdict = "regressed" if level < before - 0.04 else verdict
        breaks = [Break("the dataset changed")] if number in {60, 140} else []
        points.append(
            point(number)
            if number % 17 == 0
            else point(number, score(level=level, baseline=before, verdict=verdict), breaks=breaks)
        )
    return trend(*points)


def single() -> Trend:
    return trend(point(1, score(level=0.41, baseline=None)))


def unevaluated() -> Trend:
    return trend(point(1), point(2), suite=None, certainty=None)


def empty() -> Trend:
    return trend(suite=None, certainty=None)


def hostile(text: str) -> Trend:
    """Every text that a trend can hold is this one."""
    held = point(
        2,
        score(text),
        author=text,
        change=text,
        path=text,
        run=text,
        run_created=text,
        model=text,
        commit=text,
        date=text,
        breaks=[Break(text, [text]), Break(text)],
    )
    broken = point(3, standing="broken", version=0, digest="", broken=text, change=text)
    return trend(
        point(1, score(text, 0.5, None), model="example/small-1"), held, broken,
        prompt=text, suite=text, model=text, notes=[text],
    )  # fmt: skip


def every_trend() -> dict[str, Trend]:
    return {
        "ordinary": ordinary(),
        "two_metrics": two_metrics(),
        "many": many(),
        "single": single(),
        "unevaluated": unevaluated(),
        "empty": empty(),
    }
