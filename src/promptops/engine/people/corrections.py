"""People's labels beside a run: which of its pairs they know, and what its deltas come to by them.

Kept only where a suite has labels: a digest for each answer of the run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from promptops.comparison.decision import ByLabels
from promptops.comparison.ledger import ARMS, Ledger, Visit
from promptops.comparison.policy import Metric
from promptops.engine.people.labels import PeoplesLabels
from promptops.engine.plan import Plan
from promptops.engine.suite import MOST_SAMPLES
from promptops.store.responses import Responses
from promptops.trust.correction import (
    FEWEST_PAIRS,
    Corrected,
    Pair,
    corrected,
    outdated_cases,
    people_differences,
)
from promptops.trust.judged import Key, PeoplesWord, pair_key
from promptops.values.label import output_digest
from promptops.values.response import Failure, Outcome
from promptops.values.sample import Arm

_Outputs = dict[Pair, tuple[str, str]]
"""Digests of the baseline's answer and of the candidate's."""


@dataclass(slots=True)
class PeopleBeside:
    """What people know of a comparison."""

    plan: Plan
    labels: PeoplesLabels
    reachable: Mapping[str, int] = field(default_factory=dict)
    """Gating metric to how many labelled pairs the plan has, where they are enough."""
    outdated: dict[str, int] = field(default_factory=dict)
    """Metric to how many cases were labelled in other words, where too many to correct anything."""
    _kept: dict[str, _Outputs] = field(default_factory=dict)
    """By metric; what was kept before the run of the cases that people labelled."""
    _digests: dict[Visit, dict[Arm, bytes]] = field(default_factory=dict)
    _closed: bool = False

    def enter(self, arm: Arm, case: int, index: int, outcome: Outcome) -> None:
        """Take in one answer."""
        if not self._closed and not isinstance(outcome, Failure):
            digest = bytes.fromhex(output_digest(outcome))
            self._digests.setdefault((case, index), {})[arm] = digest

    def close(self) -> None:
        """Take in no more: what is drawn from here on is drawn of some cases for another reason."""
        self._closed = True

    def await_kept(self, responses: Responses) -> None:
        """Find out which labelled pairs are still to come: people label what was drawn before."""
        known = Kept(self.plan, responses)
        self._kept = {name: known.outputs(words) for name, words in self.labels.words.items()}
        self.reachable = {
            metric.name: count
            for scorer, metric in self.plan.judged_as
            if metric.role == "gate"
            and (words := self.labels.words.get(metric.name))
            and (count := _known(words, self._of_plan(metric.name), pairs=scorer.pairs))
            >= FEWEST_PAIRS
        }

    def _of_plan(self, metric: str) -> _Outputs:
        """What is kept and will be drawn: not of samples beyond those of this plan."""
        kept = self._kept[metric].items()
        return {pair: both for pair, both in kept if pair[1] < self.plan.limit}

    def awaited(self) -> set[str]:
        """The metrics of which labelled pairs are still to come.

        Those that are kept cost nothing: all of them are awaited.  Else as many as have a word,
        where by the share of those so far the plan has them.
        """
        if self._closed:
            return set()
        gating = [
            metric.name
            for _, metric in self.plan.judged_as
            if metric.role == "gate" and metric.name in self.labels.words
        ]
        return {
            name
            for name in gating
            if (known := self.labelled(name)) < self.reachable.get(name, self._expected(known))
        }

    def _expected(self, known: int) -> int:
        """How many labelled pairs to wait for where `known` were drawn and none is kept."""
        drawn = sum(1 for _ in self._whole())
        whole = len(self.plan.dataset) * self.plan.limit
        return FEWEST_PAIRS if known * whole >= FEWEST_PAIRS * drawn else 0

    def by_labels(self, ledger: Ledger) -> dict[str, ByLabels]:
        """The delta of each metric of which enough pairs are labelled, put right."""
        outputs = self._outputs()
        found = {}
        for scorer, metric in self.plan.judged_as:
            words = self.labels.words.get(metric.name)
            if words is None:
                continue
            told = self._of_metric(metric, words, outputs, ledger, pairs=scorer.pairs)
            if told is not None:
                found[metric.name] = told
        return found

    def labelled(self, metric: str) -> int:
        """How many pairs of a metric people know, enough or not."""
        words = self.labels.words.get(metric, {})
        pairs = {each.name for each in self.plan.scorers if each.pairs}
        # One that the judge cannot score is there as well: it is not waited for.
        return _known(words, self._outputs(), pairs=metric in pairs)

    def _of_metric(
        self,
        metric: Metric,
        words: Mapping[Key, PeoplesWord],
        outputs: _Outputs,
        ledger: Ledger,
        *,
        pairs: bool,
    ) -> ByLabels | None:
        people = _differences(words, outputs, pairs=pairs)
        if self._too_old(metric, words, outputs, people, pairs=pairs):
            return None
        judge = self._judged(metric.name, ledger)
        same = {pair for pair, (before, after) in outputs.items() if before == after}
        policy = self.plan.policy
        if policy.estimand == "population":  # those that share a group are one
            unit = _Units(self.plan)
            judge, people = unit.of(judge), unit.of(people)
            same = set(unit.of(dict.fromkeys(same, 0.0)))
        found = corrected(judge, people, policy.alpha, same)
        strict = corrected(judge, people, policy.share(metric), same)
        return None if found is None or strict is None else _verdict(found, strict, self.plan)

    def _too_old(
        self,
        metric: Metric,
        words: Mapping[Key, PeoplesWord],
        outputs: _Outputs,
        people: Mapping[Pair, float],
        *,
        pairs: bool,
    ) -> bool:
        """Whether too much of what people were shown was said otherwise here.

        Told only where the labels, had they stayed, would have been enough.
        """
        there: dict[str, set[str]] = {}
        for of in (outputs, self._kept.get(metric.name, {})):
            for (case, _), (before, after) in of.items():
                if before != after:
                    met = {pair_key(before, after)} if pairs else {before, after}
                    there.setdefault(case, set()).update(met)
        old = len(outdated_cases(words, there, people))
        whole = old + len({case for case, _ in people})
        if len(people) + old < FEWEST_PAIRS or old <= self.plan.policy.most_missing * whole:
            return False
        self.outdated[metric.name] = old
        return True

    def _judged(self, metric: str, ledger: Ledger) -> dict[Pair, float]:
        """Candidate − baseline of every pair that was scored."""
        found = {}
        for case, index in self._digests:
            both = [ledger.score_at(arm, metric, case, index) for arm in ARMS]
            before, after = both
            if before is not None and after is not None:
                found[self._name(case), index] = after - before
        return found

    def _outputs(self) -> _Outputs:
        return {
            (self._name(case), index): (of["baseline"].hex(), of["candidate"].hex())
            for (case, index), of in self._whole()
        }

    def _whole(self) -> Iterator[tuple[Visit, dict[Arm, bytes]]]:
        return ((visit, of) for visit, of in self._digests.items() if len(of) == len(ARMS))

    def _name(self, case: int) -> str:
        return self.plan.dataset.ids[case]


class _Units:
    """Pairs by the group of their case, or the case: the units of a population."""

    def __init__(self, plan: Plan) -> None:
        self._groups = {case.id: f"group {case.group}" for case in plan.dataset if case.group}
        self._numbers: dict[Pair, int] = {}

    def of(self, pairs: Mapping[Pair, float]) -> dict[Pair, float]:
        """The same pairs under other names, which are the same at every call."""
        return {
            (self._groups.get(pair[0], pair[0]), self._number(pair)): value
            for pair, value in pairs.items()
        }

    def _number(self, pair: Pair) -> int:
        return self._numbers.setdefault(pair, len(self._numbers))


class Kept:
    """The answers of a plan that are kept, of the cases that people labelled."""

    def __init__(self, plan: Plan, responses: Responses) -> None:
        self._plan = plan
        self._responses = responses
        self._places = {id_: at for at, id_ in enumerate(plan.dataset.ids)}

    def outputs(self, words: Mapping[Key, PeoplesWord]) -> _Outputs:
        """Digests of both sides of every pair that is kept, those of earlier, longer plans too."""
        found: _Outputs = {}
        for name in sorted({case for case, _ in words}):
            at = self._places.get(name)
            if at is None:
                continue
            for index in range(MOST_SAMPLES):
                slots = [arm.slot(at, index) for arm in self._plan.arms]
                there = self._responses.find(slots)
                if all(slot in there for slot in slots):
                    before, after = (output_digest(there[slot]) for slot in slots)
                    found[name, index] = before, after
                elif index >= self._plan.limit:
                    break
        return found


def _known(words: Mapping[Key, PeoplesWord], outputs: _Outputs, *, pairs: bool) -> int:
    return len(_differences(words, outputs, pairs=pairs))


def _differences(
    words: Mapping[Key, PeoplesWord], outputs: _Outputs, *, pairs: bool
) -> dict[Pair, float]:
    return differences_of_pairs(words, outputs) if pairs else people_differences(words, outputs)


def differences_of_pairs(words: Mapping[Key, PeoplesWord], outputs: _Outputs) -> dict[Pair, float]:
    """What a candidate's answer has over the baseline's, by labels of pairs: 1, 0 or −1.

    A word's 1 stands for the answer whose digest is lower.
    """
    found = {}
    for (case, index), (before, after) in outputs.items():
        word = words.get((case, pair_key(before, after)))
        if word is not None and word.value is not None:
            lower = 2 * word.value - 1
            found[case, index] = lower if after < before else -lower
    return found


def _verdict(found: Corrected, strict: Corrected, plan: Plan) -> ByLabels:
    """A change is told at the metric's part of the error, a pass at all of it.

    `strict` has the interval at that part.
    """
    policy = plan.policy
    changed = strict.verdict(policy.margin, policy.alpha)
    verdict = found.verdict(policy.margin, policy.alpha)
    if changed == "regressed" or verdict == "regressed":
        verdict = "regressed" if changed == "regressed" else "inconclusive"
    elif verdict == "improved" and changed != "improved":
        verdict = "passed"
    material = verdict == "regressed" and strict.interval[1] < -policy.margin
    return ByLabels(found.delta, found.interval, found.labels, verdict, material)
