"""What the judges of a run said, in numbers and in words, as it goes with its report."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec


class Voter(msgspec.Struct, frozen=True):
    """One of those whose words make up the scores of a metric: a model, or a criterion."""

    by: str
    votes: int
    """With a value."""
    silent: int
    """Without one: it could not tell, could not be read, or could not be asked."""
    mean: float | None
    """Of its values, in [0, 1]; None where there is none."""


class Judging(msgspec.Struct, frozen=True):
    """What the judge of one metric said in a run; of a judge of pairs, a pair counts once."""

    answers: int
    """It was asked about, or would have been."""
    cannot_tell: int
    """No score, because it could not tell."""
    unscored: int
    """No score for another reason: it could not be read, shown the answer, or asked."""
    voted: int
    """Answers with two or more values."""
    divided: int
    """Of them, those whose values differ; of pairs, beyond what the order does."""
    voters: list[Voter]
    pairs: int = 0
    """Pairs of words, one in each order, that both have a value."""
    flipped: int = 0
    """Of them, for another answer in the other order."""
    decided: int = 0
    """Words for the one answer or the other."""
    first: int = 0
    """Of them, for the one that was shown first."""


@dataclass(frozen=True, slots=True)
class CaseWords:
    """What was said of one case, line by line."""

    votes: list[str] = field(default_factory=list)
    """One for each judge and version, of the sample on which the votes are widest apart."""
    people: list[str] = field(default_factory=list)
    """One for each label."""


class Said(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was said of the answers behind one report."""

    judging: dict[str, Judging] = {}
    """Metric to what its judge said in this run."""
    cases: dict[str, CaseWords] = {}
    """Case that changed to who voted how on it, and what people say, in words."""
