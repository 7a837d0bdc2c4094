"""What one scorer says of one sample."""

from __future__ import annotations

from typing import Literal

import msgspec

Role = Literal["gate", "observe"]


class Vote(msgspec.Struct, frozen=True, omit_defaults=True):
    """One of several words that made a score: of a panel, a repeated question, a criterion."""

    value: float | None
    """In [0, 1]; None where it could not tell, or could not be read."""
    label: str = ""
    explanation: str = ""
    by: str = ""
    """Who said it: a model, or the criterion that was asked about."""
    order: str = ""
    """Of a judge of pairs: `baseline first` or `candidate first`."""


class Score(msgspec.Struct, frozen=True, tag="score"):
    """A value in [0, 1], a label and why."""

    value: float
    label: str = ""
    explanation: str = ""
    judge: str | None = None
    """Digest of the judge prompt that said so, where a judge did."""
    votes: tuple[Vote, ...] = ()
    """The words that it was made of, where there are several."""

    def __post_init__(self) -> None:
        if not 0.0 <= self.value <= 1.0:  # also refuses NaN
            raise ValueError(f"a score lies in [0, 1], not {self.value!r}")


class Unscorable(msgspec.Struct, frozen=True, tag="unscorable"):
    """No score can be given, and why. Never zero, never left out in silence."""

    reason: str
    judge: str | None = None
    infrastructure: bool = False
    """True when asking failed (a judge that is down) and not the answer."""


Scored = Score | Unscorable


def negated(scored: Scored) -> Scored:
    """The opposite, votes and all; what cannot be told stays so."""
    if isinstance(scored, Unscorable):
        return scored
    votes = tuple(
        vote if vote.value is None else msgspec.structs.replace(vote, value=1.0 - vote.value)
        for vote in scored.votes
    )
    return msgspec.structs.replace(scored, value=1.0 - scored.value, votes=votes)
