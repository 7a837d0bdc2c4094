"""What the person at the keyboard chose for a run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Choices:
    """Over what the suite says. None: as it says."""

    against: str | None = None
    model: str | None = None
    samples: int | None = None
    tags: Sequence[str] = ()
    seed: int | None = None
    alone: bool = False
    """Evaluate the candidate by itself, without a baseline."""
    itself: bool = False
    """Compare the candidate with itself, drawn a second time."""
    extend: bool = False
    """Go on beyond what was planned, until the answer is clear or hopeless."""
