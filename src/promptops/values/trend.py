"""How a prompt did over its versions: quality, cost, tokens and latency (`promptops.trend/1`).

Fields are added, never renamed or taken away: other tools read them.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from promptops.values.report import Interval, Verdict

SCHEMA = "promptops.trend/1"

Standing = Literal["evaluated", "unevaluated", "broken"]
"""`broken`: the file of that commit cannot be read as a prompt, so it cannot be evaluated."""


class TrendScore(msgspec.Struct, frozen=True):
    """One gating metric on one version."""

    name: str
    level: float | None
    """Mean over cases in [0, 1]; None where not one sample could be scored."""
    baseline: float | None = None
    """The level of the version that it was compared with, in the same run."""
    delta: float | None = None
    """level − baseline: both of the same run, so of the same cases and scorers.

    Where the verdict rests on people's labels, the difference that they put right.
    """
    interval: Interval | None = None
    """Of the delta, never of the level: the one that the verdict of the run rests on."""
    verdict: Verdict | None = None


class Break(msgspec.Struct, frozen=True):
    """Something besides the prompt changed: levels before and after are not comparable."""

    what: str
    """In words: `the dataset changed`."""
    metrics: list[str] | None = None
    """Those that it concerns; None for all, and for cost, tokens and latency."""


class TrendPoint(msgspec.Struct, frozen=True):
    """One version, and what the run that counts says of it."""

    version: int
    """The author's number; 0 where the file is broken."""
    digest: str
    commit: str | None
    """None: not committed yet."""
    date: str
    """When it was authored: UTC, ISO 8601; "" where it is not committed."""
    author: str
    change: str
    """Why it exists: the file's own words, else the commit's subject."""
    standing: Standing
    dirty: bool = False
    path: str = ""
    broken: str = ""
    """Why the file cannot be read; "" where it can."""
    run: str | None = None
    run_created: str = ""
    """UTC, ISO 8601."""
    model: str = ""
    against: int | None = None
    """The version that it was compared with in that run; None where it was with none."""
    against_digest: str = ""
    verdict: Verdict | None = None
    """None where nothing was compared, or the version was only what a later one was held to."""
    scores: list[TrendScore] = []
    breaks: list[Break] = []
    """Since the evaluated version before it."""
    answers: int = 0
    """Samples with an answer; all that follows is of these."""
    failures: int = 0
    cost_usd: float | None = None
    """Of all answers; None: unknown."""
    cost_usd_per_1000: float | None = None
    """Of 1,000 answers; None: unknown."""
    input_tokens: float | None = None
    """Mean of an answer; None: unknown."""
    output_tokens: float | None = None
    latency_seconds: float | None = None
    """Median of an answer; None: unknown."""


class Trend(msgspec.Struct, frozen=True):
    """The versions of one prompt, oldest first, scored by one suite."""

    schema: str
    prompt: str
    suite: str | None
    """None where no run of any suite is kept."""
    model: str | None
    """The one that was asked for; None for each version's own."""
    metrics: list[str]
    """The gating ones, in the order of the newest run."""
    points: list[TrendPoint]
    certainty: float | None = None
    """Of each end of the intervals, where all runs have the same: 0.95."""
    notes: list[str] = []
    """What a reader must know: older versions that are left out, runs that say too little."""
