"""From readings to verdicts.

The rule per gating metric: *passed* when its drop is surely smaller than the margin, *improved*
when it then also surely rose, *regressed* when it surely dropped and did not pass.  A regression of
any gating metric is one of the suite (the error is shared among them, Bonferroni); a pass needs all
of them at the same look (each at the full error, an intersection-union test).  The first of these
to be reached ends the run.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from promptops.comparison import reasons
from promptops.comparison.critical import Critical
from promptops.comparison.decision import Decision, MetricComparison
from promptops.comparison.ledger import SCORED, Ledger
from promptops.comparison.monitor import Reading
from promptops.comparison.policy import Policy
from promptops.errors import ExitCode
from promptops.values.report import Verdict


def of_dataset(
    compared: MetricComparison, reading: Reading, policy: Policy, *, last: bool
) -> MetricComparison:
    """The comparison with its verdict on these cases."""
    verdict: Verdict = "inconclusive"
    if too_much_missing(compared, policy):
        verdict = "invalid" if last else "inconclusive"
    elif reading.passed:
        verdict = "improved" if reading.rose else "passed"
    elif reading.dropped:
        verdict = "regressed"
    return replace(
        compared,
        verdict=verdict,
        material=reading.material and verdict == "regressed",
        small_drop=verdict == "passed" and reading.interval[1] < 0,
    )


def too_much_missing(each: MetricComparison, policy: Policy) -> bool:
    """Whether more pairs miss a side than a verdict may bear."""
    return each.missing > policy.most_missing * (each.pairs + each.missing)


def of_suite(
    found: Sequence[MetricComparison], ledger: Ledger, policy: Policy, *, identical: bool
) -> Decision:
    """The verdict of a suite on all its metrics, with the reasons.

    Where nothing may gate there is none: it is invalid where a judge that is held back could not
    say enough either, and else inconclusive, with why each judge is held back.
    """
    gating = [each for each in found if each.metric.role == "gate"]
    if gating or identical:
        return combine(gating, ledger, policy, identical=identical)
    blind = [each for each in found if each.metric.held_back and each.verdict == "invalid"]
    if blind:
        return Decision("invalid", [reasons.missing(each, ledger) for each in blind])
    return Decision("inconclusive", reasons.nothing_gates(policy))


def combine(
    gating: Sequence[MetricComparison], ledger: Ledger, policy: Policy, *, identical: bool
) -> Decision:
    """The verdict of a suite on its gating metrics, with the reasons."""
    fallen = [each for each in gating if each.verdict == "regressed"]
    if fallen:
        told = [reasons.fallen(each, policy) for each in fallen]
        return Decision("regressed", told, settled=True)
    invalid = [each for each in gating if each.verdict == "invalid"]
    if invalid:
        return Decision("invalid", [reasons.missing(each, ledger) for each in invalid])
    undecided = [each for each in gating if each.verdict == "inconclusive"]
    if undecided:
        told = [reasons.undecided(each, policy) for each in undecided if each.pairs]
        return Decision("inconclusive", told)
    return _held(gating, policy, identical=identical)


def _held(gating: Sequence[MetricComparison], policy: Policy, *, identical: bool) -> Decision:
    """The verdict where every gating metric passes."""
    if identical:
        same = "every request is the same on both versions: nothing can differ"
        return Decision("passed", [same], settled=True)
    risen = [each for each in gating if each.verdict == "improved"]
    if risen:
        told = [reasons.risen(each, policy) for each in risen]
        return Decision("improved", told, settled=True)
    return Decision("passed", [reasons.held(each, policy) for each in gating], settled=True)


def with_critical(decision: Decision, critical: Critical) -> Decision:
    """The decision once the critical cases are known.

    One that broke is a regression; one that may have broken lets nothing pass.
    """
    if decision.verdict == "invalid":
        return decision
    if critical.broken:
        before = decision.reasons if decision.verdict == "regressed" else []
        told = [*before, *(f"critical case {case} broke" for case in critical.broken)]
        return replace(decision, verdict="regressed", reasons=told, settled=True)
    if critical.unsure and decision.verdict in {"passed", "improved"}:
        told = [
            f"critical case {case} lost samples, and may have broken" for case in critical.unsure
        ]
        return replace(decision, verdict="invalid", reasons=told)
    return decision


def describe_first(
    ledger: Ledger, policy: Policy, *, alone: bool = False, of_pairs: Collection[str] = ()
) -> Decision:
    """What can be said of a version that nothing comes before: its scores, without a verdict.

    Metrics `of_pairs` compare two versions, and have nothing to say of one.
    """
    described = [
        MetricComparison(
            metric=metric,
            baseline=None,
            candidate=ledger.mean("candidate", metric.name),
            delta=None,
            interval=None,
            population_interval=None,
            pairs=0,
            missing=ledger.cases * ledger.samples - ledger.count("candidate", metric.name, SCORED),
            verdict="inconclusive",
        )
        for metric in policy.metrics
    ]
    blind = [
        each
        for each in described
        if (each.metric.role == "gate" or each.metric.held_back)
        and each.candidate is None
        and each.metric.name not in of_pairs
    ]
    if blind:
        told = [f"{each.metric.name}: nothing was scored" for each in blind]
        return Decision("invalid", told, described)
    why = "scored alone: compared with nothing"
    if not alone:
        why = "first version: nothing to compare with yet"
    return Decision("inconclusive", [why], described)


def exit_code(verdict: Verdict, policy: Policy) -> ExitCode:
    """What the gate makes of a verdict."""
    if verdict == "regressed":
        return ExitCode.REGRESSED
    if verdict == "invalid" or (verdict == "inconclusive" and policy.inconclusive == "fail"):
        return ExitCode.NO_VERDICT
    return ExitCode.OK
