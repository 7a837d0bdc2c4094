"""Two arms under comparison: asked after every round whether the answer is clear."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from promptops.comparison import reasons
from promptops.comparison.decision import Decision, MetricComparison
from promptops.comparison.ledger import Ledger, Pairs, Visit
from promptops.comparison.levels import Levels
from promptops.comparison.monitor import Monitor
from promptops.comparison.policy import Metric, Policy
from promptops.comparison.population import of_population
from promptops.comparison.verdicts import of_dataset, of_suite, too_much_missing
from promptops.statistics.multiplicity import holm
from promptops.statistics.population import population_interval
from promptops.statistics.variance import variance_parts
from promptops.values.report import Interval, LookReport, VarianceReport, Verdict


@dataclass(frozen=True, slots=True)
class Look:
    """Which look a decision is asked for at."""

    planned: bool = True
    """As the plan has it; no other look may spend the planned part of the error."""
    last: bool = False
    """No further pairs will come."""
    fixed: bool = False
    """It is the one look that a verdict about the population has: at all that was planned."""


class Comparison:
    """Two arms under comparison: asked after every round whether the answer is clear."""

    def __init__(
        self,
        policy: Policy,
        groups: Sequence[int],
        shares: Sequence[float],
        *,
        identical: bool = False,
    ) -> None:
        """`groups` has the number of each case's group, its own where it shares none; `shares` the
        parts of the budget at which it will be looked; `identical` says that every request is the
        same on both arms.
        """
        self.policy = policy
        self.monitors = {
            metric.name: Monitor(_levels(policy, metric), shares) for metric in policy.metrics
        }
        self._groups = groups
        self._identical = identical
        self._levels: dict[str, float] = {}
        """How strict the last look at each metric was, as a one-sided error."""
        self._paths: dict[str, list[LookReport]] = {metric.name: [] for metric in policy.metrics}

    @property
    def looks(self) -> int:
        """How often it was looked."""
        return max(len(path) for path in self._paths.values())

    @property
    def taken(self) -> int:
        """How many pairs have been taken in, the missing ones too."""
        pairs = [monitor.pairs for monitor in self.monitors.values()]
        return max(each.count + each.missing for each in pairs)

    def look(self, ledger: Ledger, visits: Iterable[Visit], look: Look) -> Decision:
        """Take in the pairs of some visits, and decide."""
        visits = list(visits)
        found = [
            self._compare(metric, ledger.pairs(metric.name, visits), look)
            for metric in self.policy.metrics
        ]
        decision = of_suite(found, ledger, self.policy, identical=self._identical)
        return replace(decision, comparisons=found)

    def given_up(self, decision: Decision, ledger: Ledger) -> Decision:
        """The decision of a run of which too much is missing for any verdict."""
        found = [
            replace(each, verdict="invalid") if too_much_missing(each, self.policy) else each
            for each in decision.comparisons
        ]
        decision = of_suite(found, ledger, self.policy, identical=self._identical)
        return replace(decision, comparisons=found, settled=True)

    def detailed(self, decision: Decision) -> Decision:
        """The decision with what takes longer to find and changes no verdict of the suite.

        Where the variance comes from, and what may be over other cases; where several metrics gate
        and one regressed, their p-values, and every other that regressed by Holm's procedure.
        """
        found = [self._with_spread(each) for each in decision.comparisons]
        gating = [each for each in found if each.metric.role == "gate"]
        # Of a verdict about other cases, or by labels, these are not the p-values.
        of_others = self.policy.estimand == "population" or any(each.by_labels for each in gating)
        if of_others or len(gating) < 2 or not any(each.verdict == "regressed" for each in gating):
            return replace(decision, comparisons=found)
        raw = [self.monitors[each.metric.name].repeated_p() for each in gating]
        adjusted = holm(raw, [each.metric.weight for each in gating])
        p_values = {each.metric.name: p for each, p in zip(gating, adjusted, strict=True)}
        after = [self._stepped_down(each, p_values) for each in found]
        told = [
            reasons.fallen(each, self.policy)
            for each, before in zip(after, found, strict=True)
            if each.verdict != before.verdict
        ]
        return replace(decision, reasons=[*decision.reasons, *told], comparisons=after)

    def _stepped_down(self, each: MetricComparison, p_values: dict[str, float]) -> MetricComparison:
        p_value = p_values.get(each.metric.name)
        if p_value is None:
            return each
        falls = each.verdict == "inconclusive" and p_value <= self.policy.alpha
        return replace(each, p_value=p_value, verdict="regressed" if falls else each.verdict)

    def _with_spread(self, each: MetricComparison) -> MetricComparison:
        pairs = self.monitors[each.metric.name].pairs
        if not pairs.count:
            return each
        parts = variance_parts(pairs.differences, pairs.cases)
        variance = VarianceReport(parts.total, parts.between, parts.within)
        wider = each.population_interval or self._wider(each, pairs)
        return replace(each, variance=variance, population_interval=wider)

    def _wider(self, each: MetricComparison, pairs: Pairs) -> Interval | None:
        """The interval over other cases like these, as strict as the look; never the narrower."""
        units = array("q", (self._groups[case] for case in pairs.cases))
        over = population_interval(pairs.differences, units, self._levels[each.metric.name])
        if over is None or each.interval is None:
            return None
        return min(over[0], each.interval[0]), max(over[1], each.interval[1])

    def _compare(self, metric: Metric, new: Pairs, look: Look) -> MetricComparison:
        monitor = self.monitors[metric.name]
        reading = monitor.look(new, planned=look.planned)
        pairs, path = monitor.pairs, self._paths[metric.name]
        if not reading.pairs:
            verdict: Verdict = "invalid" if look.last else "inconclusive"
            return MetricComparison(
                metric, None, None, None, None, None, 0, reading.missing, verdict
            )
        path.append(LookReport(reading.pairs, reading.delta, reading.interval))
        self._levels[metric.name] = reading.level
        compared = MetricComparison(
            metric=metric,
            baseline=pairs.baseline,
            candidate=pairs.candidate,
            delta=reading.delta,
            interval=reading.interval,
            population_interval=None,
            pairs=reading.pairs,
            missing=reading.missing,
            verdict="inconclusive",
            units=reading.pairs,
            path=tuple(path),
        )
        if self._identical and not reading.missing:
            return replace(compared, verdict="passed")
        if self.policy.estimand == "population":
            return of_population(compared, pairs, self._groups, self.policy, fixed=look.fixed)
        return of_dataset(compared, reading, self.policy, last=look.last)


def _levels(policy: Policy, metric: Metric) -> Levels:
    planned = policy.planned(policy.alpha) / policy.alpha
    margin = policy.margin_of(metric)
    return Levels(margin, policy.alpha, policy.share(metric), planned, loss=policy.margin)
