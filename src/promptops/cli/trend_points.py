"""One version of a trend, and where levels cease to be comparable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from promptops.history.versions import Version
from promptops.reports import facts
from promptops.values.report import ArmReport, MetricReport, Report
from promptops.values.trend import Break, TrendPoint, TrendScore

_PER = 1_000


def point(version: Version, report: Report | None, metrics: Sequence[str]) -> TrendPoint:
    """A version as a point, with what a run says of it where there is one."""
    bare = TrendPoint(
        version=version.number,
        digest=version.digest,
        commit=version.commit,
        date=version.date,
        author=version.author,
        change=version.change or version.subject,
        standing="broken" if version.broken else "unevaluated",
        dirty=version.dirty,
        path=version.path,
        broken=str(version.broken or ""),
    )
    if report is None:
        return bare
    new = report.candidate.digest == version.digest
    arm = report.candidate if new else report.baseline
    return _evaluated(bare, report, arm or report.candidate, metrics, new=new)


def _evaluated(
    bare: TrendPoint, report: Report, arm: ArmReport, metrics: Sequence[str], *, new: bool
) -> TrendPoint:
    answers = max(0, arm.samples - arm.failures)
    metered = max(0, answers - arm.tokens.unmetered)
    other = report.baseline if new else None
    cost = arm.cost_usd if answers else None
    gating = {each.name: each for each in facts.gating(report)}
    return msgspec.structs.replace(
        bare,
        standing="evaluated",
        run=report.run,
        run_created=report.created,
        model=report.model,
        against=other.version if other else None,
        against_digest=other.digest if other else "",
        verdict=report.verdict if other else None,
        scores=[_score(report, gating[name], new=new) for name in metrics if name in gating],
        answers=answers,
        failures=arm.failures,
        cost_usd=cost,
        cost_usd_per_1000=None if cost is None else _PER * cost / answers,
        input_tokens=arm.tokens.input / metered if metered else None,
        output_tokens=arm.tokens.output / metered if metered else None,
        latency_seconds=arm.latency_seconds if answers else None,
    )


def _score(report: Report, metric: MetricReport, *, new: bool) -> TrendScore:
    if not new:  # it was what a later version was held to: the difference is the later one's
        return TrendScore(metric.name, metric.baseline)
    told = facts.put_right(metric) or metric
    return TrendScore(
        name=metric.name,
        level=metric.candidate,
        baseline=metric.baseline,
        delta=told.delta,
        interval=facts.interval_of(report, told),
        verdict=metric.verdict,
    )


@dataclass(slots=True)
class _Known:
    """What the levels so far rest on."""

    dataset: tuple[str, str] | None = None
    """Its path and its fingerprint."""
    scorers: dict[str, str] = field(default_factory=dict)
    """Metric to digest."""


def with_breaks(
    points: Sequence[TrendPoint], reports: Sequence[Report | None], metrics: Sequence[str]
) -> list[TrendPoint]:
    """The points, oldest first, each with what changed besides the prompt since the last level.

    What a run does not say is no change: there is nothing to tell of it.
    """
    known = _Known()
    made = []
    for each, report in zip(points, reports, strict=True):
        breaks = _breaks(known, report, metrics) if report else []
        made.append(msgspec.structs.replace(each, breaks=breaks) if breaks else each)
    return made


def _breaks(known: _Known, report: Report, metrics: Sequence[str]) -> list[Break]:
    found = []
    dataset = _dataset(report)
    if dataset and known.dataset and dataset[1] != known.dataset[1]:
        moved = dataset[0] != known.dataset[0]
        names = f": {known.dataset[0]} → {dataset[0]}" if moved else ""
        found.append(Break(f"the dataset changed{names}"))
    known.dataset = dataset or known.dataset
    scorers = report.meta.get("scorers")
    digests = scorers if isinstance(scorers, dict) else {}
    changed = []
    for name in metrics:
        digest = digests.get(name)
        if isinstance(digest, str):
            if known.scorers.get(name, digest) != digest:
                changed.append(name)
            known.scorers[name] = digest
    if changed:
        noun = "scorer" if len(changed) == 1 else "scorers"
        found.append(Break(f"the {noun} {', '.join(changed)} changed", changed))
    return found


def _dataset(report: Report) -> tuple[str, str] | None:
    path, fingerprint = report.meta.get("dataset"), report.meta.get("dataset_fingerprint")
    if not isinstance(fingerprint, str):
        return None
    return path if isinstance(path, str) else "", fingerprint
