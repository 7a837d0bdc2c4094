"""Several words on one answer made into one score, with all of them kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Literal

from promptops.judges.asking import MAX_REASON, MOST_VOTES, Silence, Word
from promptops.judges.verdicts import JudgeOptionError, Reader, Verdict
from promptops.prompts.loading import LoadedPrompt
from promptops.values.score import Score, Scored, Unscorable, Vote

Combine = Literal["mean", "majority", "median"]

DIVIDED = "divided"
"""The label where no verdict has more votes than every other."""


@dataclass(frozen=True, slots=True)
class Panel:
    """Who is asked, how often, and how many words become one.

    Raises:
        JudgeOptionError: it does not fit together.
    """

    models: tuple[str, ...]
    repeats: int = 1
    """How often each model is asked the same question."""
    combine: Combine = "mean"

    def __post_init__(self) -> None:
        doubled = [model for model, count in Counter(self.models).items() if count > 1]
        if doubled:
            raise JudgeOptionError(
                f"{doubled[0]} sits twice on the panel",
                option="models",
                hint="ask every model more than once with  votes: 3",
            )
        if not 1 <= self.repeats <= MOST_VOTES:
            raise JudgeOptionError(f"votes: from 1 to {MOST_VOTES}", option="votes")

    @property
    def size(self) -> int:
        """How many words there are on one answer, at most."""
        return len(self.models) * self.repeats

    def check(self, reader: Reader) -> None:
        """Hold that its words can be combined so.

        Raises:
            JudgeOptionError: there is no majority among numbers, which seldom agree.
        """
        if self.combine == "majority" and not reader.countable:
            raise JudgeOptionError(
                "a majority needs verdicts that are labels or whole numbers",
                option="combine",
                hint="combine: median",
            )

    def notes(self, loaded: LoadedPrompt) -> list[str]:
        """What its author probably did not mean."""
        if self.repeats > 1 and loaded.prompt.params.temperature == 0:
            asked = f"{loaded.name} is asked {self.repeats} times at temperature 0"
            return [f"{asked}: repeated votes that cannot differ say nothing more"]
        return []


@dataclass(frozen=True, slots=True)
class Ballot:
    """One member's word."""

    word: Word
    votes: tuple[Vote, ...]
    """How it is kept."""


def ballot(word: Word, by: str) -> Ballot:
    """The word of a model."""
    return Ballot(word, (vote(word, by),))


def vote(word: Word, by: str, order: str = "") -> Vote:
    """A word as it is kept; without a value where there is none."""
    if isinstance(word, Silence):
        return Vote(None, word.kind, word.reason, by, order)
    return Vote(word.value, word.label, word.explanation, by, order)


def combined(ballots: Sequence[Ballot], how: Combine, digest: str) -> Scored:
    """One score out of one or more ballots.

    At least half of them must have a value; those decide.  With fewer the answer is unscorable, for
    the reason that most of the others have.
    """
    votes = tuple(vote for each in ballots for vote in each.votes)
    told = [each.word for each in ballots if isinstance(each.word, Verdict)]
    silent = [each.word for each in ballots if isinstance(each.word, Silence)]
    if 2 * len(told) < len(ballots) or not told:
        return _unscorable(silent, len(ballots), digest)
    label = _leading(told)
    value = _value(told, how)
    why = next((each.explanation for each in told if each.label == label), told[0].explanation)
    return Score(min(1.0, max(0.0, value)), label, why, digest, votes)


def _value(told: Sequence[Verdict], how: Combine) -> float:
    values = [each.value for each in told if each.value is not None]
    if how == "median":
        return median(values)
    if how == "majority":
        counts = Counter(values)
        most = max(counts.values())
        return fmean(value for value, count in counts.items() if count == most)
    return fmean(values)


def _leading(told: Sequence[Verdict]) -> str:
    counts = Counter(each.label for each in told).most_common(2)
    if len(counts) > 1 and counts[0][1] == counts[1][1]:
        return DIVIDED
    return counts[0][0]


def _unscorable(silent: Sequence[Silence], asked: int, digest: str) -> Unscorable:
    kinds = Counter(each.kind for each in silent)
    first = max(silent, key=lambda each: kinds[each.kind])
    reason = first.reason
    if asked > 1:
        begun, colon, rest = reason.partition(": ")
        reason = f"{begun} ({len(silent)} of {asked} votes are missing){colon}{rest}"
    down = kinds["down"]  # had they answered, there might be a score: it is worth asking again
    lost = down > 0 and 2 * (asked - len(silent) + down) >= asked
    return Unscorable(reason[:MAX_REASON], digest, infrastructure=lost)
