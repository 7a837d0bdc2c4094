"""What became of each case: broken, fixed, worse, better or the same, with its outputs."""

from __future__ import annotations

from promptops.comparison.critical import HELD
from promptops.engine.plan import ArmPlan
from promptops.engine.running import Run
from promptops.store.responses import Responses
from promptops.values.report import CaseReport, Change
from promptops.values.sample import Arm
from promptops.values.score import Score

LONGEST_OUTPUT = 4000
MOST_OUTPUTS = 500
"""Changed cases whose outputs the report carries; the store has all."""


def case_reports(run: Run, responses: Responses) -> list[CaseReport]:
    """Every case of a run; the first that changed come with their outputs."""
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
    plan, telling = run.plan, run.plan.policy.telling
    gaps: list[tuple[float, int]] = []
    falls = (bare.candidate or 0) < (bare.baseline or 0)
    for index in range(run.samples):
        gap = 0.0
        for metric in telling:
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
    slot = arm.slot(number, index)
    response = responses.find([slot]).get(slot)
    if response is None:
        return None
    text = response.content
    return text if len(text) <= LONGEST_OUTPUT else text[:LONGEST_OUTPUT] + "…"


def _why(run: Run, arm: Arm, case_id: str, index: int) -> str:
    """What the telling scorer that liked the worse arm's sample least said of it."""
    try:
        _, record = run.runs.sample(run.id, arm, case_id, index)
    except KeyError:
        return ""
    telling = {metric.name for metric in run.plan.policy.telling}
    said = [
        (score.value, score.explanation or score.label)
        for name, score in record.scores.items()
        if name in telling and isinstance(score, Score)
    ]
    return min(said)[1] if said else ""


def _level(run: Run, arm: Arm, number: int) -> float | None:
    """The weighted mean of a case's telling metrics on one arm; None where nothing is scored."""
    if arm not in run.tallies:
        return None
    total = weight = 0.0
    for metric in run.plan.policy.telling:
        mean = run.ledger.case_mean(arm, metric.name, number)
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
