"""What one scorer says of one sample."""

from __future__ import annotations

from typing import Literal

import msgspec

Role = Literal["gate", "observe"]


class Score(msgspec.Struct, frozen=True, tag="score"):
    """A value in [0, 1], a label and why."""

    value: float
    label: str = ""
    explanation: str = ""
    judge: str | None = None
    """Digest of the judge prompt that said so, where a judge did."""

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
