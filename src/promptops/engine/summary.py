"""From a finished run to its report."""

from __future__ import annotations

from typing import Any

from promptops.comparison.ledger import UNSCORABLE
from promptops.comparison.verdicts import MetricComparison, exit_code
from promptops.datasets.slices import by_tag
from promptops.engine.case_reports import case_reports
from promptops.engine.plan import ArmPlan, Plan
from promptops.engine.running import Run
from promptops.engine.tally import ArmTally
from promptops.errors import ExitCode
from promptops.store.responses import Responses
from promptops.values.report import (
    SCHEMA,
    ArmReport,
    Calls,
    Cost,
    MetricReport,
    Report,
    SliceReport,
    Tokens,
)


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
        cost=Cost(
            run.drawing.meter.incurred_usd,
            run.sources.evaluated_usd + run.services.sources.evaluated_usd,
            run.sources.unpriced + run.services.sources.unpriced,
        ),
        cases=case_reports(run, responses),
        model=plan.candidate.model,
        created=created,
        seconds=round(seconds, 3),
        slices=_slices(run),
        changes=plan.changes,
        warnings=_warnings(run),
        meta=_meta(plan) | ({"stopped": True} if run.stopped else {}),
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
        judge=run.services.calls,
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
        "dataset_fingerprint": plan.opened.fingerprint,
        "dataset_cases": len(plan.opened),
        "cases": len(plan.dataset),
        "tags": list(plan.tags),
        "alone": plan.alone,
        "scorers": {scorer.name: scorer.digest for scorer in plan.scorers},
        "baseline_chosen": plan.baseline.provenance.how if plan.baseline else "",
    }
