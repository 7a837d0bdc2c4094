"""From a finished run to its report."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from promptops.comparison.decision import Decision, MetricComparison
from promptops.comparison.ledger import UNSCORABLE
from promptops.comparison.slices import slices
from promptops.comparison.verdicts import exit_code
from promptops.datasets.slices import by_tag
from promptops.engine.case_reports import case_reports
from promptops.engine.judging.notes import about_labels, labelled_pairs, note
from promptops.engine.judging.states import JUDGED_FROM, judged_from
from promptops.engine.judging.vote_tally import silences
from promptops.engine.plan import ArmPlan
from promptops.engine.prospects import budget, next_step
from promptops.engine.running import STOPPED, Run
from promptops.engine.tally import ArmTally, every_call_failed, rounded_usd
from promptops.errors import ExitCode
from promptops.store.details import ENDED, TEXTS
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
    VarianceReport,
)
from promptops.values.sample import Arm

_FLAGS = {
    "cut": "cut at the length that is kept of one",
    "usage_missing": "without a count of tokens, so of unknown cost",
    "redacted": "with a secret of the environment, which was taken out",
}
"""What is odd about answers, in words for the report."""


def summarise(
    run: Run, responses: Responses, created: str, seconds: float, texts: Mapping[Arm, str]
) -> Report:
    """The report of a run that came to a decision; `texts` are the ids of its prompts' texts."""
    plan, decision = run.plan, run.decision
    assert decision is not None
    verdict = decision.verdict
    code = exit_code(verdict, plan.policy)
    if plan.baseline is None and verdict == "inconclusive":
        code = ExitCode.OK
    if plan.itself and verdict == "regressed":
        code = ExitCode.OK  # a false alarm, and nothing that could be merged
    tallies, most = list(run.tallies.values()), run.drawing.meter.limits.usd
    return Report(
        schema=SCHEMA,
        run=run.id,
        suite=plan.suite.name,
        prompt=plan.candidate.loaded.name,
        verdict=verdict,
        exit_code=int(code),
        reasons=_reasons(run, decision),
        baseline=_arm(plan.baseline, run.tallies["baseline"]) if plan.baseline else None,
        candidate=_arm(plan.candidate, run.tallies["candidate"]),
        metrics=[_metric(each, run) for each in decision.comparisons],
        calls=_calls(run),
        tokens=Tokens(
            sum(each.input_tokens for each in tallies),
            sum(each.output_tokens for each in tallies),
            sum(each.cached_input_tokens for each in tallies),
            sum(each.unmetered for each in tallies),
        ),
        cost=Cost(
            run.drawing.meter.incurred_usd,
            rounded_usd(run.sources.evaluated_usd + run.services.sources.evaluated_usd),
            run.sources.unpriced + run.services.sources.unpriced,
            run.drawing.meter.at_risk_usd,
            None if most is None else rounded_usd(most),
        ),
        cases=case_reports(run, responses),
        model=plan.candidate.model,
        created=created,
        seconds=round(seconds, 3),
        slices=_slices(run),
        economy=run.economy,
        budget=budget(run, responses),
        next_step=next_step(run),
        changes=plan.changes,
        warnings=_warnings(run),
        meta=_meta(run, texts) | ({"stopped": True} if run.stopped else {}),
    )


def _reasons(run: Run, decision: Decision) -> list[str]:
    """Why; where every call failed, what they failed with, and where a judge did, whose it is.

    That a verdict rests on a judge that changed stands beside it, and not only among the warnings.
    """
    if run.stopped:
        return [_whose(each, run) for each in decision.reasons]
    cause = every_call_failed(run.tallies.values())
    if cause and decision.verdict == "invalid":
        return [cause]
    gating = {each.name for each in run.plan.policy.gating} - run.faults.keys()
    return decision.reasons + [
        f"{name} rests on a judge that changed since it was measured: {many}"
        for name, many in run.judges.found.changed.items()
        if name in gating and decision.reasons
    ]


def _whose(reason: str, run: Run) -> str:
    asked = {arm.model for arm in run.plan.arms}
    for scorer in run.plan.scorers:
        for model in scorer.models:
            start = f"{STOPPED}{model}: "
            if model not in asked and reason.startswith(start):
                who = "the judge's model" if scorer.judge else f"the model of {scorer.name}"
                return f"{STOPPED}{who} {model}: {reason.removeprefix(start)}"
    return reason


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
        judge=run.entries.judges.get(name),
        note=note(each, run),
        material=each.material,
        small_drop=each.small_drop,
        p_value=each.p_value,
        variance=_variance(each, run),
        path=list(each.path),
        corrected_delta=each.by_labels.delta if each.by_labels else None,
        corrected_interval=each.by_labels.interval if each.by_labels else None,
        labels=labelled_pairs(each, run),
    )


def _variance(each: MetricComparison, run: Run) -> VarianceReport | None:
    """With the judge's part of it, where the judge was asked the same more than once."""
    tally = run.entries.votes.get(each.metric.name)
    judged = tally.variance if tally else None
    if each.variance is None or judged is None:
        return each.variance
    return msgspec.structs.replace(each.variance, judge=min(judged, each.variance.total))


def _calls(run: Run) -> Calls:
    sources = run.sources.sources
    return Calls(
        planned=run.planned,
        made=run.drawing.meter.made,
        cached=sources["cached"],
        shared=run.sources.sources["shared"],
        retried=run.drawing.meter.retried,
        judge=run.services.calls,
        unscored=run.unscored,
    )


def _slices(run: Run) -> list[SliceReport]:
    plan = run.plan
    tags = {
        tag: cases for tag, cases in by_tag(plan.dataset).items() if len(cases) < len(plan.dataset)
    }
    if plan.baseline is None:
        return [
            SliceReport(
                tag, metric.name, len(cases), run.ledger.mean("candidate", metric.name, cases)
            )
            for tag, cases in tags.items()
            for metric in plan.policy.telling
        ]
    return [
        SliceReport(
            tag=each.tag,
            metric=each.metric,
            cases=each.cases,
            candidate=each.candidate,
            baseline=each.baseline,
            delta=each.delta,
            e_value=each.e_value,
            fell=each.fell,
        )
        for each in slices(run.ledger, plan.policy.telling, tags)
    ]


def _warnings(run: Run) -> list[str]:
    found, dataset = [*run.judges.found.warnings, *run.plan.dataset.notes], run.plan.dataset

    def name(case: int) -> str:
        return dataset.case(case).id

    found += [note for scorer in run.plan.scorers for note in scorer.notes]
    found += silences(run.entries.votes)
    found += about_labels(run)
    if run.plan.extend and run.looks and run.samples == run.plan.limit and not run.stopped:
        found.append("nothing was extended: the answer is clear without")
    for arm, tally in run.tallies.items():
        found += [
            f"{arm}: {each}"
            for each in tally.failures_told(lambda at: run.plan.dataset.case(at).id)
        ]
        if tally.flags["empty"]:
            found.append(f"{arm}: {tally.flags['empty']} of {tally.samples} answers were empty")
        found += [
            f"{arm}: {_answers(tally.flags[flag])} {said}"
            for flag, said in _FLAGS.items()
            if tally.flags[flag]
        ]
        for model, count in tally.answering.most_common(2):
            found.append(f"{arm}: {count} answers came from {model}")
    return found


def _answers(count: int) -> str:
    return "1 answer" if count == 1 else f"{count:,} answers"


def _meta(run: Run, texts: Mapping[Arm, str]) -> dict[str, Any]:
    """What a recomputation, a later run's list of changes, or a reader of the details needs."""
    plan = run.plan
    gate = plan.suite.file.gate
    return {
        "seed": plan.seed,
        "samples": run.samples,
        "planned_samples": plan.samples,
        "margin": gate.margin,
        "alpha": gate.alpha,
        "inconclusive": gate.inconclusive,
        "estimand": gate.estimand,
        "guarantee": gate.guarantee,
        "cost_increase": gate.cost_increase,
        "token_increase": gate.token_increase,
        "latency_increase": gate.latency_increase,
        "dataset": plan.suite.dataset_path,
        "dataset_fingerprint": plan.opened.fingerprint,
        "dataset_cases": len(plan.opened),
        "cases": len(plan.dataset),
        "tags": list(plan.tags),
        "alone": plan.alone,
        "itself": plan.itself,
        "scorers": {scorer.name: scorer.digest for scorer in plan.scorers},
        "held_back": [each.name for each in plan.policy.metrics if each.held_back],
        "baseline_chosen": plan.baseline.provenance.how if plan.baseline else "",
        JUDGED_FROM: judged_from(plan, run.services),
        TEXTS: dict(texts),
        ENDED: datetime.now(UTC).isoformat(timespec="seconds"),
    }
