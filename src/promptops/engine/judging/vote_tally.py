"""What the votes of a run say of its judges: their noise, the place they favour, who was silent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, variance

from promptops.judges.pairs import BASELINE_FIRST, CANDIDATE_FIRST, FIRST, SECOND
from promptops.scorers.discovery import Scorer
from promptops.values.sample import Arm
from promptops.values.score import Score, Scored, Vote

_MOST_TOLD = 3


@dataclass(frozen=True, slots=True)
class Position:
    """What a judge of pairs made of the order of the answers."""

    decided: int
    """Words for the one answer or the other."""
    first: int
    """Of them, for the one that was shown first."""
    asked: int
    """Pairs of words, one in each order, that both have a value."""
    flipped: int
    """Of them, for another answer in the other order."""


@dataclass(slots=True)
class VoteTally:
    """The votes of one metric so far."""

    pairs: bool
    """They are about pairs of answers."""
    averaged: bool
    """A score is their mean."""
    _noise: dict[Arm, list[float]] = field(
        default_factory=lambda: {"baseline": [], "candidate": []}
    )
    _repeated: bool = False
    _position: Counter[str] = field(default_factory=Counter)
    _silent: Counter[tuple[str, str]] = field(default_factory=Counter)
    _asked: Counter[str] = field(default_factory=Counter)

    def count(self, arm: Arm, scored: Scored, *, shared: bool = False) -> None:
        """Take in a score; of a pair, the candidate's side alone.

        The noise of an answer that both arms share cancels out.
        """
        if not isinstance(scored, Score):
            return
        if shared:
            self._noise[arm].append(0.0)
        elif self.averaged and (noise := noise_of_mean(scored.votes)) is not None:
            self._noise[arm].append(noise)
            self._repeated = True
        for vote in scored.votes:
            self._asked[vote.by] += 1
            if vote.value is None:
                self._silent[vote.by, vote.label] += 1
        if self.pairs:
            self._count_orders(scored.votes)

    @property
    def variance(self) -> float | None:
        """The judge's part of the variance of one paired difference; None where it is not known.

        Known where the same question was asked more than once, and a score is the mean.
        """
        if not self._repeated:
            return None
        if self.pairs:  # the difference is 2·value − 1
            return 4.0 * fmean(self._noise["candidate"])
        if not all(self._noise.values()):
            return None
        return sum(fmean(noise) for noise in self._noise.values())

    @property
    def position(self) -> Position | None:
        """None where nothing was asked in two orders."""
        found = self._position
        if not found["asked"] and not found["decided"]:
            return None
        return Position(found["decided"], found["first"], found["asked"], found["flipped"])

    def silence(self) -> list[str]:
        """Who had no word where others had: `openai/small: 4 of 20 votes are missing (down)`."""
        told = []
        for (by, why), count in self._silent.most_common(_MOST_TOLD):
            told.append(f"{by}: {count:,} of {self._asked[by]:,} votes are missing ({why})")
        return told

    def _count_orders(self, votes: Sequence[Vote]) -> None:
        for vote in votes:
            self._position["decided"] += vote.label in {FIRST, SECOND}
            self._position["first"] += vote.label == FIRST
        for one, other in zip(votes[::2], votes[1::2], strict=False):
            if (one.order, other.order) != (BASELINE_FIRST, CANDIDATE_FIRST):
                continue
            if one.value is not None and other.value is not None:
                self._position["asked"] += 1
                self._position["flipped"] += abs(one.value - other.value) == 1.0


def tallies(scorers: Iterable[Scorer]) -> dict[str, VoteTally]:
    """A tally for each scorer that asks a judge, by its name."""
    return {
        each.name: VoteTally(pairs=each.pairs, averaged=each.averages)
        for each in scorers
        if each.judge is not None
    }


def noise_of_mean(votes: Sequence[Vote]) -> float | None:
    """The variance of the mean of an answer's votes, from those that repeat one question.

    Voters are taken as they are and not as drawn from others, so that only what one says another
    time counts: Σ nᵥ·sᵥ² / n², over voters v (and orders) with nᵥ votes of variance sᵥ², n in all.
    None where some voter was asked once.
    """
    groups: dict[tuple[str, str], list[float]] = {}
    for vote in votes:
        if vote.value is not None:
            groups.setdefault((vote.by, vote.order), []).append(vote.value)
    if not groups or any(len(values) < 2 for values in groups.values()):
        return None
    total = sum(len(values) for values in groups.values())
    return sum(len(values) * variance(values) for values in groups.values()) / total**2


def position_told(position: Position) -> str:
    """`the answer shown first won 61% of 120 votes; 9 of 60 pairs flipped with the order`."""
    told = []
    if position.decided:
        share = position.first / position.decided
        told.append(f"the answer shown first won {share:.0%} of {position.decided:,} votes")
    if position.asked:
        told.append(f"{position.flipped:,} of {position.asked:,} pairs flipped with the order")
    return "; ".join(told)


def silences(found: Mapping[str, VoteTally]) -> list[str]:
    """What the report warns of, metric by metric."""
    return [f"{name}: {told}" for name, tally in found.items() for told in tally.silence()]
