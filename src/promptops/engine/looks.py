"""The looks of a run: which rounds are drawn, and what is asked after each."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence

from promptops.comparison.by_labels import with_labels
from promptops.comparison.comparison import Comparison, Look
from promptops.comparison.critical import judge_critical
from promptops.comparison.decision import Decision
from promptops.comparison.forecast import pairs_to_settle
from promptops.comparison.ledger import Ledger, Visit
from promptops.comparison.verdicts import with_critical
from promptops.engine.people.corrections import PeopleBeside
from promptops.engine.plan import Plan
from promptops.engine.schedule import look_shares, rounds
from promptops.engine.suite import MOST_SAMPLES

Visits = list[tuple[int, int, bool]]

MOST_FURTHER = 4
"""An extension adds at most this many times what was planned."""


class Looks:
    """The rounds of a comparison, until its answer is clear or nothing more may be drawn."""

    def __init__(self, plan: Plan, ledger: Ledger, people: PeopleBeside | None = None) -> None:
        self.plan = plan
        self.people = people
        self.ledger = ledger
        self._groups, self._critical = _kinds(plan)
        cases = len(plan.dataset)
        self.comparison = Comparison(
            plan.policy, self._groups, look_shares(cases, plan.samples), identical=plan.identical
        )
        self.decision: Decision | None = None
        self.samples = plan.limit
        """Per case, at most; grows when the run is extended."""
        self._may_extend = plan.extend
        self._drawn = 0
        self._round: Visits = []
        self._look = Look()

    def rounds(self) -> Iterator[Visits]:
        """The rounds to be drawn; after each, `look` must be called."""
        plan = self.plan
        yield from self._passes(0)
        if self.samples > plan.samples:
            yield from self._passes(self.samples - plan.samples)
        if self._may_extend and not self.settled:
            reached, self.samples = self.samples, self._further()
            self._may_extend = False
            self.ledger.grow(self.samples)
            yield from self._passes(self.samples - plan.samples, after=reached)

    @property
    def settled(self) -> bool:
        """Whether the answer is clear."""
        return self.decision is not None and self.decision.settled

    @property
    def _over(self) -> bool:
        """Whether nothing more need be drawn: it is clear, and no labels would say otherwise."""
        decision = self.decision
        if decision is None or not decision.settled:
            return False
        awaited = self.people.awaited() if self.people else set()
        return not awaited or any(
            each.verdict == "regressed" and each.metric.name not in awaited
            for each in decision.comparisons
            if each.metric.role == "gate"
        )

    def look(self) -> Decision:
        """Decide on the round that has been drawn, and all before it."""
        decision = self.comparison.look(self.ledger, self._taken(), self._look)
        if self._hopeless(decision):
            decision = self.comparison.given_up(decision, self.ledger)
        self.decision = decision
        return decision

    def look_unplanned(self) -> Decision:
        """Decide in the middle of a round that cannot be finished."""
        self.decision = self.comparison.look(self.ledger, self._taken(), Look(planned=False))
        return self.decision

    def put_right(self, faults: Mapping[str, str]) -> Decision:
        """The decision with people's word where they labelled enough, and without judges that
        let pass what none may.  It is for the final look alone.
        """
        assert self.decision is not None
        self.decision = with_labels(
            self.decision,
            self.people.by_labels(self.ledger) if self.people else {},
            faults,
            ledger=self.ledger,
            policy=self.plan.policy,
            identical=self.plan.identical,
        )
        return self.decision

    def critical_left(self) -> Visits:
        """What is still to be drawn of the critical cases before a pass may be told."""
        assert self.decision is not None
        if self.decision.verdict not in {"passed", "improved"} or self.plan.identical:
            return []
        first = self.plan.policy.gating[0].name
        return [
            (case, index, True)
            for case, _ in self._critical
            for index in range(self.plan.samples)
            if self.ledger.empty("candidate", first, case, index)
        ]

    def conclude(self) -> Decision:
        """The decision with what became of the critical cases."""
        assert self.decision is not None
        plan = self.plan
        if self.decision.verdict != "regressed":
            found = judge_critical(self.ledger, plan.policy.gating, self._critical, plan.samples)
            self.decision = with_critical(self.decision, found)
        return self.decision

    def _taken(self) -> list[Visit]:
        """The visits of the round at hand, once."""
        visits, self._round = [(case, index) for case, index, _ in self._round], []
        return visits

    def _passes(self, beyond: int, after: int = 0) -> Iterator[Visits]:
        """The rounds of the planned passes, or of those beyond, as far as the run may go.

        `after` passes over what a first extension has drawn.
        """
        cases, planned = len(self.plan.dataset), self.plan.samples
        for visits in rounds(cases, planned, self.plan.seed, beyond=beyond):
            kept = [visit for visit in visits if after <= visit[1] < self.samples]
            if self._over or (not kept and visits[0][1] >= after):
                return
            if not kept:
                continue
            self._drawn += len(kept)
            last = self._drawn == cases * self.samples and not self._may_extend
            # A round that is cut short ends at no planned share of the budget.
            self._look = Look(
                planned=not beyond and len(kept) == len(visits),
                last=last,
                fixed=self._drawn == cases * planned,
            )
            self._round = kept
            yield kept

    def _further(self) -> int:
        """Up to how many samples per case an extension goes."""
        assert self.decision is not None
        cases = len(self.plan.dataset)
        needed = pairs_to_settle(
            self.decision.comparisons, self.comparison.monitors, self.plan.policy
        )
        most = MOST_FURTHER * self.plan.samples
        passes = most if needed is None else max(1, min(most, -(-needed // cases)))
        return min(MOST_SAMPLES, self.samples + passes)

    def _hopeless(self, decision: Decision) -> bool:
        """Whether so much is missing that no end of this run can have a verdict."""
        policy = self.plan.policy
        most = policy.most_missing * len(self.plan.dataset) * self.samples
        gating = [each for each in decision.comparisons if each.metric.role == "gate"]
        return not self._look.last and any(each.missing > most for each in gating)


def _kinds(plan: Plan) -> tuple[Sequence[int], list[tuple[int, str]]]:
    """A number for each case, the same for cases that share a group; and the critical cases."""
    named: dict[str, int] = {}
    numbers = array("q")
    critical = []
    for number in range(len(plan.dataset)):
        case = plan.dataset.case(number)
        numbers.append(number if case.group is None else named.setdefault(case.group, number))
        if case.critical:
            critical.append((number, case.id))
    return numbers, critical
