"""From a finished run to its report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from promptops.comparison.ledger import UNSCORABLE, Ledger
from promptops.comparison.verdicts import MetricComparison, exit_code
from promptops.datasets.slices import by_tag
from promptops.engine.plan import ArmPlan, Plan
from promptops.engine.running import Run
from promptops.engine.tally import ArmTally
from promptops.errors import ExitCode
from promptops.store.responses import Responses
from promptops.values.report import (
    SCHEMA,
    ArmReport,
    Calls,
    CaseReport,
    Change,
    Cost,
    MetricReport,
    Report,
    SliceReport,
    Tokens,
)
from promptops.values.sample import Arm
from promptops.values.score import Score

HELD = 0.5
LONGEST_OUTPUT = 4000
MOST_OUTPUTS = 500
"""Changed cases whose outputs the report carries; the store has all."""


def summarise(run: Run, responses: Responses, created: str, seconds: float) -> Report:
    """The report of a run that came to a decision."""
    plan, decision = run.plan, run.decision
    assert decision is not None
    verdict = decision.verdict
    code = exit_code(verdict, plan.policy)
    if plan.baseline is None and verdict == "inconclusive":
        code = ExitCode.OK
    tallies = list(run.tallies.values())
    return Report(
        schema=SCHEMA,
        run=run.id,
        suite=plan.suite.name,
        prompt=plan.candidate.loaded.name,
        verdict=verdict,
        exit_code=int(code),
        reasons=decision.reasons,
        baseline=_arm(plan.baseline, run.tallies["baseline"]) if plan.baseline else None,
        candidate=_arm(plan.candidate, run.tallies["candidate"]),
        metrics=[_metric(each, run) for each in decision.comparisons],
        calls=_calls(run),
        tokens=Tokens(
            sum(each.input_tokens for each in tallies),
            sum(each.output_tokens for each in tallies),
            sum(each.cached_input_tokens for each in tallies),
        ),
        cost=Cost(run.drawing.meter.incurred_usd, run.sources.evaluated_usd, run.sources.unpriced),
        cases=_cases(run, responses),
        model=plan.candidate.model,
        created=created,
        seconds=round(seconds, 3),
        slices=_slices(run),
        changes=plan.changes,
        warnings=_warnings(run),
        meta=_meta(plan),
    )


def _arm(arm: ArmPlan, tally: ArmTally) -> ArmReport:
    return ArmReport(
        version=arm.loaded.prompt.version,
        digest=arm.loaded.digest,
        commit=arm.provenance.commit,
        dirty=arm.provenance.dirty,
        samples=tally.samples,
        failures=tally.failures,
        own_failures=dict(tally.own_failures),
        tokens=tally.tokens,
        cost_usd=tally.known_cost_usd,
        latency_seconds=tally.median_latency_seconds,
        change=arm.loaded.prompt.change,
    )


def _metric(each: MetricComparison, run: Run) -> MetricReport:
    name = each.metric.name
    # Means of the few samples that could be scored, with no pair among them, would only mislead.
    blind = run.plan.baseline is not None and each.pairs == 0
    return MetricReport(
        name=name,
        role=each.metric.role,
        candidate=None if blind else each.candidate,
        baseline=None if blind else each.baseline,
        delta=each.delta,
        interval=each.interval,
        population_interval=each.population_interval,
        pairs=each.pairs,
        verdict=each.verdict if each.metric.role == "gate" and run.plan.baseline else None,
        unscorable=sum(run.ledger.count(arm, name, UNSCORABLE) for arm in run.tallies),
        judge=run.judges.get(name),
        note=_note(each, run),
    )


def _note(each: MetricComparison, run: Run) -> str:
    judged = any(s.name == each.metric.name and s.type == "judge" for s in run.plan.scorers)
    if not judged:
        return ""
    if each.metric.role == "gate":
        return "gates, though this judge's agreement with people has not been measured"
    return "observes: this judge's agreement with people has not been measured"


def _calls(run: Run) -> Calls:
    sources = run.sources.sources
    return Calls(
        planned=run.planned,
        made=run.drawing.meter.made,
        cached=sources["cached"],
        shared=len(run.shared) * run.plan.samples,
        retried=run.drawing.meter.retried,
        judge=run.services.judge_calls,
    )


def _slices(run: Run) -> list[SliceReport]:
    plan = run.plan
    slices = []
    for tag, cases in by_tag(plan.dataset).items():
        if len(cases) == len(plan.dataset):
            continue
        for metric in plan.policy.gating:
            new = run.ledger.mean("candidate", metric.name, cases)
            old = run.ledger.mean("baseline", metric.name, cases)
            delta = new - old if new is not None and old is not None else None
            slices.append(SliceReport(tag, metric.name, len(cases), new, old, delta))
    return slices


def _cases(run: Run, responses: Responses) -> list[CaseReport]:
    plan = run.plan
    reports, shown = [], 0
    for number in range(len(plan.dataset)):
        old, new = _level(run, "baseline", number), _level(run, "candidate", number)
        change = _change(old, new)
        case = plan.dataset.case(number)
        if change == "same" or shown >= MOST_OUTPUTS:
            reports.append(CaseReport(case.id, change, old, new, critical=case.critical))
            continue
        shown += 1
        reports.append(_changed(run, responses, number, CaseReport(case.id, change, old, new)))
    return reports


def _changed(run: Run, responses: Responses, number: int, bare: CaseReport) -> CaseReport:
    """A changed case with the sample on which its arms differ most."""
    plan, gating = run.plan, run.plan.policy.gating
    gaps: list[tuple[float, int]] = []
    falls = (bare.candidate or 0) < (bare.baseline or 0)
    for index in range(plan.samples):
        gap = 0.0
        for metric in gating:
            old = run.ledger.case_scores("baseline", metric.name, number)[index]
            new = run.ledger.case_scores("candidate", metric.name, number)[index]
            if old is not None and new is not None:
                gap += (old - new if falls else new - old) * metric.weight
        gaps.append((-gap, index))
    index = min(gaps)[1]
    scores = {
        metric.name: (
            run.ledger.case_mean("baseline", metric.name, number),
            run.ledger.case_mean("candidate", metric.name, number),
        )
        for metric in plan.policy.metrics
    }
    return CaseReport(
        bare.id,
        bare.change,
        bare.baseline,
        bare.candidate,
        baseline_output=_output(plan.arms[0], responses, number, index),
        candidate_output=_output(plan.arms[-1], responses, number, index),
        scores=scores,
        why=_why(run, "candidate" if falls else "baseline", bare.id, index),
        critical=plan.dataset.case(number).critical,
    )


def _output(arm: ArmPlan, responses: Responses, number: int, index: int) -> str | None:
    slot = (arm.key(number), index)
    response = responses.find([slot]).get(slot)
    if response is None:
        return None
    text = response.content
    return text if len(text) <= LONGEST_OUTPUT else text[:LONGEST_OUTPUT] + "…"


def _why(run: Run, arm: Arm, case_id: str, index: int) -> str:
    """What the gating scorer that liked the worse arm's sample least said of it."""
    try:
        _, record = run.runs.sample(run.id, arm, case_id, index)
    except KeyError:
        return ""
    gating = {metric.name for metric in run.plan.policy.gating}
    said = [
        (score.value, score.explanation or score.label)
        for name, score in record.scores.items()
        if name in gating and isinstance(score, Score)
    ]
    return min(said)[1] if said else ""


def _level(run: Run, arm: Arm, number: int) -> float | None:
    """The weighted mean of a case's gating metrics on one arm."""
    if arm not in run.tallies:
        return None
    return weighted_level(run.ledger, arm, number, run.plan.policy.gating)


def weighted_level(ledger: Ledger, arm: Arm, number: int, gating: Sequence[Any]) -> float | None:
    """The weighted mean of a case's metrics; None where nothing is scored."""
    total = weight = 0.0
    for metric in gating:
        mean = ledger.case_mean(arm, metric.name, number)
        if mean is not None:
            total, weight = total + metric.weight * mean, weight + metric.weight
    return total / weight if weight else None


def _change(old: float | None, new: float | None) -> Change:
    if old is None or new is None or abs(new - old) < 1e-9:
        return "same"
    if old >= HELD > new:
        return "broken"
    if new >= HELD > old:
        return "fixed"
    return "better" if new > old else "worse"


def _warnings(run: Run) -> list[str]:
    found = list(run.plan.dataset.notes)
    for arm, tally in run.tallies.items():
        for message, count in tally.failure_messages.most_common(3):
            found.append(f"{arm}: {count} calls failed: {message}")
        if tally.flags["empty"]:
            found.append(f"{arm}: {tally.flags['empty']} of {tally.samples} answers were empty")
        for model, count in tally.answering.most_common(2):
            found.append(f"{arm}: {count} answers came from {model}")
    return found


def _meta(plan: Plan) -> dict[str, Any]:
    """What a recomputation, or a later run's list of changes, needs."""
    gate = plan.suite.file.gate
    return {
        "seed": plan.seed,
        "samples": plan.samples,
        "margin": gate.margin,
        "alpha": gate.alpha,
        "inconclusive": gate.inconclusive,
        "dataset": plan.suite.dataset_path,
        "dataset_fingerprint": plan.dataset.fingerprint,
        "cases": len(plan.dataset),
        "scorers": {scorer.name: scorer.digest for scorer in plan.scorers},
        "baseline_chosen": plan.baseline.provenance.how if plan.baseline else "",
    }
