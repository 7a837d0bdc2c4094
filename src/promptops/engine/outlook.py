"""What a run may cost and what it could see, told before anything is spent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

import msgspec

from promptops.comparison.detection import ASSUMED_VARIANCE, detectable, pairs_to_pass
from promptops.comparison.policy import Metric, Policy
from promptops.documents.tree import Tree
from promptops.engine.demand import Counts, demand
from promptops.engine.expenses import Expenses
from promptops.engine.judging.demand import JudgingDemand, judging_demand
from promptops.engine.pace import least_seconds
from promptops.engine.plan import ArmPlan, Plan
from promptops.engine.schedule import look_shares
from promptops.engine.suite import MOST_SAMPLES, Budget
from promptops.store.store import Store
from promptops.values.report import Report, VarianceReport

ASSUMED = "assumed: nothing was measured yet"
RUNS_LOOKED_AT = 20
FEW_CASES = 20
"""So few cases want `SAMPLES_OF_FEW` samples each, or they tell little."""
SAMPLES_OF_FEW = 20


@dataclass(frozen=True, slots=True)
class Noise:
    """How much the differences of one gating metric vary."""

    metric: Metric
    variance: VarianceReport
    """Of one difference, in squared score units."""
    source: str
    """Where it comes from, in words."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """A run before it starts, as a person wants to know it."""

    suite: str
    model: str
    cases: int
    units: int
    """Cases, or groups of them where the verdict is about a population."""
    samples: int
    """Per case and version, as the looks are laid out."""
    limit: int
    """Per case and version, at most in this run."""
    looks: int
    """How often the evidence is looked at, as planned; 0 where nothing is compared."""
    calls: int
    """Answers that may have to be drawn: at most, further attempts after a failure aside."""
    kept: int
    """Answers that are in the store already."""
    judge_calls: int
    """What scorers may have to ask about answers, at most; a malformed verdict is asked again."""
    further_calls: int
    """What an extension may add; 0 where none was asked for."""
    usd: float | None
    """About what all calls cost; 0 where they are free, None where a price is unknown."""
    usd_basis: str
    budget: Budget
    """What the suite lets a run spend."""
    policy: Policy
    noises: tuple[Noise, ...]
    """Of each gating metric; none where nothing is compared, or nothing can differ."""
    compared: bool
    """With an earlier version, or with itself."""
    itself: bool
    identical: bool
    """Every request is the same on both versions."""
    settled: str
    """The run that settled this very comparison: the same again draws nothing.  Empty for none."""
    requests_per_minute: int | None = None
    """What the suite holds each model to."""
    least_seconds: float = 0.0
    """How long all calls take at least by that; 0 where nothing bounds it."""

    @property
    def pairs(self) -> int:
        """Cases × planned samples; 0 where nothing is compared."""
        return self.cases * self.samples if self.compared else 0

    @property
    def detectable(self) -> float | None:
        """The smallest drop that the plan sees with probability 0.8, of the metric that hides most.

        None where nothing is compared.
        """
        return self.sees(self.cases, self.samples)

    @property
    def noise(self) -> Noise | None:
        """Of the metric that hides most."""
        return max(self.noises, key=lambda each: self._seen(each, 1, self.samples), default=None)

    @property
    def pairs_to_pass(self) -> int | None:
        """About how many pairs pass what did not change at the margin; None where none do."""
        size = self.cases * self.samples / self.units if self.units else self.samples
        needed = [pairs_to_pass(each.variance, self.policy, samples=size) for each in self.noises]
        known = [each for each in needed if each is not None]
        return max(known) if known and len(known) == len(needed) else None

    @property
    def can_pass(self) -> bool:
        """Whether the plan has the pairs that a pass at the margin needs."""
        needed = self.pairs_to_pass
        return needed is not None and needed <= self.pairs

    @property
    def broken_off(self) -> bool:
        """Whether the budget ends it before its plan is worked through."""
        calls, usd = self.budget.calls, self.budget.usd
        if calls is not None and self.calls + self.judge_calls > calls:
            return True
        return usd is not None and self.usd is not None and self.usd > usd

    @property
    def few(self) -> bool:
        """Whether the cases are so few that each wants more samples."""
        of_dataset = self.compared and self.policy.estimand == "dataset"
        return of_dataset and self.cases <= FEW_CASES and self.samples < SAMPLES_OF_FEW

    def sees(self, cases: float, samples: int) -> float | None:
        """The smallest drop that another number of cases and samples would see."""
        if not self.noises:
            return None
        return max(self._seen(each, cases / self.cases, samples) for each in self.noises)

    def _seen(self, noise: Noise, share: float, samples: int) -> float:
        """With `share` times the cases."""
        pairs = max(1, round(self.cases * share * samples))
        units = max(1, round(self.units * share))
        return detectable(pairs, noise.variance, self.policy, noise.metric, units=units)


def outlook(
    plan: Plan, store: Store, tree: Tree, *, most_further: int = 0, most_usd: float | None = None
) -> Outlook:
    """The outlook of a plan that was checked.

    `tree` is where the judges' prompts are; `most_further` how many times the planned samples an
    extension may add; `most_usd` what the command may spend, where that is limited too.
    """
    budget = plan.suite.file.budget
    dollars = [each for each in (budget.usd, most_usd) if each is not None]
    budget = msgspec.structs.replace(budget, usd=min(dollars, default=None))
    last = store.runs.last_of_suite(plan.suite.name)
    wanted, missing = demand(plan, store.responses)
    calls, kept = sum(missing.values()), sum(wanted.values()) - sum(missing.values())
    before = last.meta.get("scorers", {}) if last else {}
    same = all(before.get(each.name) == each.digest for each in plan.scorers if each.models)
    judging = judging_demand(plan, calls, kept, same=same)
    usd, basis = _expected(plan, missing, judging, Expenses(plan, store.responses, last, tree))
    compared = plan.baseline is not None
    noises = _noises(plan, store) if compared and not plan.identical else ()
    return Outlook(
        suite=plan.suite.name,
        model=plan.candidate.model,
        cases=len(plan.dataset),
        units=_units(plan),
        samples=plan.samples,
        limit=plan.limit,
        looks=_looks(plan),
        calls=calls,
        kept=kept,
        judge_calls=judging.calls,
        further_calls=_further(plan, sum(wanted.values()), most_further),
        usd=usd,
        usd_basis=basis,
        budget=budget,
        policy=plan.policy,
        noises=noises,
        compared=compared,
        itself=plan.itself,
        identical=plan.identical,
        settled=last.run if last and settled_by(plan, last) else "",
        requests_per_minute=plan.suite.file.limits.requests_per_minute,
        least_seconds=least_seconds(plan, missing, judging.by_model),
    )


def settled_by(plan: Plan, last: Report) -> bool:
    """Whether a run had a verdict on this very comparison, so that the same again draws nothing."""
    if plan.lacking or plan.baseline is None or last.baseline is None:
        return False
    meta = last.meta
    return last.verdict in {"passed", "improved", "regressed"} and (
        last.model,
        last.baseline.digest,
        last.candidate.digest,
        meta.get("dataset_fingerprint"),
        meta.get("tags"),
        meta.get("scorers"),
        meta.get("held_back", []),
        (meta.get("margin"), meta.get("alpha"), meta.get("estimand"), meta.get("guarantee")),
        meta.get("itself"),
        meta.get("planned_samples"),
        meta.get("samples", 0) <= plan.limit,
    ) == (
        plan.candidate.model,
        plan.baseline.loaded.digest,
        plan.candidate.loaded.digest,
        plan.opened.fingerprint,
        list(plan.tags),
        {scorer.name: scorer.digest for scorer in plan.scorers},
        [each.name for each in plan.policy.metrics if each.held_back],
        (plan.policy.margin, plan.policy.alpha, plan.policy.estimand, plan.policy.guarantee),
        plan.itself,
        plan.samples,
        True,
    )


def _further(plan: Plan, wanted: int, most_further: int) -> int:
    """Answers that an extension may add, whatever of them is kept."""
    if not plan.extend:
        return 0
    return wanted // plan.limit * min(MOST_SAMPLES - plan.limit, most_further * plan.samples)


def _looks(plan: Plan) -> int:
    if plan.baseline is None:
        return 0
    once = plan.policy.estimand == "population"
    return 1 if once else len(look_shares(len(plan.dataset), plan.samples))


def _units(plan: Plan) -> int:
    cases = len(plan.dataset)
    if plan.policy.estimand != "population":
        return cases
    return len({case.group or (number,) for number, case in enumerate(plan.dataset)})


def _expected(
    plan: Plan, missing: Counts, judging: JudgingDemand, expenses: Expenses
) -> tuple[float | None, str]:
    """US dollars of all calls, None where unknown; and what that rests on."""
    total: float | None = 0.0
    bases: dict[str, None] = {}
    for arm, each, basis in _prices(plan, missing, expenses):
        bases.setdefault(basis)
        total = None if total is None or each is None else total + missing[arm.arm] * each
    if judging.calls:
        more = expenses.of_judging(judging)
        total = None if total is None or more is None else total + more
        bases.setdefault("judging included" if more is not None else "no price of a judge is known")
    if len(bases) > 1:
        bases.pop("free", None)
    return total, "; ".join(bases)


def _prices(
    plan: Plan, missing: Counts, expenses: Expenses
) -> Iterator[tuple[ArmPlan, float | None, str]]:
    for arm in plan.arms:
        if missing[arm.arm]:
            yield arm, *expenses.of_answer(arm)


def _noises(plan: Plan, store: Store) -> tuple[Noise, ...]:
    """The noise of each gating metric, from the newest run that measured it."""
    reports = [
        summary.report
        for summary in store.runs.newest(name=plan.suite.name, limit=RUNS_LOOKED_AT)
        # Two draws of one version differ less than two versions do.
        if summary.suite == plan.suite.name
        and bool(summary.report.meta.get("itself")) <= plan.itself
    ]
    reports.sort(key=lambda report: report.model != plan.candidate.model)
    return tuple(_noise(metric, reports) for metric in plan.policy.gating)


def _noise(metric: Metric, reports: list[Report]) -> Noise:
    for report in reports:
        for each in report.metrics:
            if each.name == metric.name and each.variance is not None and each.pairs:
                source = f"measured in run {report.run}, {each.pairs:,} pairs"
                return Noise(metric, _cautious(each.variance, each.pairs), source)
    return Noise(metric, ASSUMED_VARIANCE, ASSUMED)


def _cautious(found: VarianceReport, pairs: int) -> VarianceReport:
    """The variance with a difference of +1 and one of −1 added: few pairs that agree prove little.

    The same guard as in the tests themselves (Bonett and Price 2012); its parts grow alike.
    """
    total = (pairs * found.total + 2) / (pairs + 2)
    if found.between is None or found.within is None or not found.total:
        return VarianceReport(total)
    factor = total / found.total
    return VarianceReport(total, found.between * factor, found.within * factor)


def samples_to_pass(seen: Outlook) -> int | None:
    """How many samples of each of these cases a pass needs; None where more samples do not help."""
    needed = seen.pairs_to_pass
    if needed is None or seen.policy.estimand == "population" or not seen.cases:
        return None
    return ceil(needed / seen.cases)
