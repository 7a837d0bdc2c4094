"""What a run's judges said: who voted how, how often they differ, and how often they cannot tell.

Read out of what is behind a report, in one pass over its cases; of a report without a judge nothing
is read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from promptops.reports import words
from promptops.reports.case_words import (
    ARMS,
    CANNOT_TELL,
    NOTHING_SAID,
    People,
    case_words,
    judges_of,
    short,
)
from promptops.reports.judged_results import by_answer, judged
from promptops.values.details import Details
from promptops.values.judging import CaseWords, Judging, Said, Voter
from promptops.values.report import Report
from promptops.values.results import Results
from promptops.values.sample import Arm
from promptops.values.score import Scored, Unscorable, Vote

_BASELINE_FIRST, _CANDIDATE_FIRST = "baseline first", "candidate first"
_DECIDED = frozenset({"first", "second"})
_MOST_VOTERS = 8


@dataclass(frozen=True, slots=True)
class Votes:
    """What the judges behind one report said."""

    metrics: dict[str, Judging] = field(default_factory=dict)
    """Only those with a judge."""
    cases: dict[str, CaseWords] = field(default_factory=dict)
    """Case to what was said of it, for the cases that were asked for."""

    def of(self, case: str) -> CaseWords:
        """What was said of a case; nothing where nobody knows."""
        return self.cases.get(case, NOTHING_SAID)


def read_votes(results: Results, report: Report, wanted: Collection[str] = ()) -> Votes:
    """What judges and people said of a report's answers; `wanted` are cases to tell about.

    What is behind the report is looked up only where there may be something.
    """
    told = votes_said(judged(results).said(report))
    if told is not None:
        return told
    people = by_answer(judged(results).labels(report))
    if not judges_of(report) and not (people and wanted):
        return Votes()
    return votes_behind(results.details(report.run), report, people, wanted)


def votes_said(said: Said | None) -> Votes | None:
    """The same as it came with a report; None where it did not."""
    return None if said is None else Votes(said.judging, said.cases)


def votes_behind(
    details: Details | None, report: Report, people: People, wanted: Collection[str] = ()
) -> Votes:
    """The same where it is at hand what is behind the report, and what people said."""
    judges = judges_of(report)
    if details is None or not (judges or (people and wanted)):
        return Votes()
    counts = {name: {arm: _Counts() for arm in ARMS} for name in judges}
    found = Votes()
    for case in details.cases():
        for sample in case.samples:
            for name in judges:
                scored = sample.scores.get(name)
                if scored is not None:
                    counts[name][sample.arm].take(scored)
        if case.id in wanted:
            found.cases[case.id] = case_words(case, report, people)
    for name, arms in counts.items():
        # Both sides of a pair hold the same words.
        pairs = any(each.orders for each in arms.values())
        sides: tuple[Arm, ...] = ("candidate",) if pairs else ARMS
        made = _judging([arms[arm] for arm in sides])
        if made.answers:
            found.metrics[name] = made
    return found


@dataclass(slots=True)
class _Counts:
    """What was said of the answers of one side."""

    answers: int = 0
    cannot_tell: int = 0
    unscored: int = 0
    voted: int = 0
    divided: int = 0
    orders: bool = False
    position: Counter[str] = field(default_factory=Counter)
    voters: dict[str, list[float]] = field(default_factory=dict)
    silent: Counter[str] = field(default_factory=Counter)

    def take(self, scored: Scored) -> None:
        self.answers += 1
        if isinstance(scored, Unscorable):
            cannot = scored.reason.startswith(CANNOT_TELL)
            self.cannot_tell += cannot
            self.unscored += not cannot
            return
        for vote in scored.votes:
            values = self.voters.setdefault(vote.by, [])
            if vote.value is None:
                self.silent[vote.by] += 1
            else:
                values.append(vote.value)
        said = _values(scored.votes)
        self.voted += len(said) > 1
        self.divided += differ(scored.votes)
        self._orders(scored.votes)

    def _orders(self, votes: Sequence[Vote]) -> None:
        for one, other in zip(votes[::2], votes[1::2], strict=False):
            if (one.order, other.order) != (_BASELINE_FIRST, _CANDIDATE_FIRST):
                continue
            self.orders = True
            self.position["decided"] += sum(each.label in _DECIDED for each in (one, other))
            self.position["first"] += sum(each.label == "first" for each in (one, other))
            if one.value is not None and other.value is not None:
                self.position["pairs"] += 1
                self.position["flipped"] += abs(one.value - other.value) == 1.0


def differ(votes: Sequence[Vote]) -> bool:
    """Whether those who voted say different things; of pairs, each is taken over both orders."""
    return len(set(_values(votes))) > 1


def _values(votes: Sequence[Vote]) -> list[float]:
    """A value for each vote; of pairs one for both orders together, since the order may decide."""
    if any(each.order for each in votes):
        both = zip(votes[::2], votes[1::2], strict=False)
        return [
            (one.value + other.value) / 2
            for one, other in both
            if one.value is not None and other.value is not None
        ]
    return [each.value for each in votes if each.value is not None]


def _judging(sides: Sequence[_Counts]) -> Judging:
    voters = []
    for by in dict.fromkeys(name for side in sides for name in side.voters):
        values = [value for side in sides for value in side.voters.get(by, ())]
        mean = sum(values) / len(values) if values else None
        silent = sum(side.silent[by] for side in sides)
        voters.append(Voter(by, len(values), silent, mean))
    position = sum((side.position for side in sides), Counter[str]())
    return Judging(
        answers=sum(side.answers for side in sides),
        cannot_tell=sum(side.cannot_tell for side in sides),
        unscored=sum(side.unscored for side in sides),
        voted=sum(side.voted for side in sides),
        divided=sum(side.divided for side in sides),
        voters=voters,
        pairs=position["pairs"],
        flipped=position["flipped"],
        decided=position["decided"],
        first=position["first"],
    )


def judging_told(judging: Judging | None, note: str = "") -> list[str]:
    """What is worth knowing of it, in sentences; what `note` says already is left out."""
    if judging is None:
        return []
    unit = "pair" if judging.pairs else "answer"
    told = []
    if judging.cannot_tell:
        of = words.many(judging.answers, unit)
        told.append(f"the judge cannot tell of {judging.cannot_tell:,} of {of}")
    if judging.voted:
        of = words.many(judging.voted, unit)
        voters = [
            f"{short(each.by)} {words.score(each.mean)}" for each in judging.voters[:_MOST_VOTERS]
        ]
        left = len(judging.voters) - len(voters)
        voters += [f"and {left} more"] if left > 0 else []
        who = f" ({', '.join(voters)})" if len(judging.voters) > 1 else ""
        told.append(f"votes differ on {judging.divided:,} of {of}{who}")
    if judging.pairs and "flipped" not in note:
        told.append(f"{judging.flipped:,} of {judging.pairs:,} pairs flipped with the order")
    if judging.decided and "shown first" not in note:
        share = f"{judging.first / judging.decided:.0%} of {judging.decided:,} votes"
        told.append(f"the answer shown first won {share}")
    return told
