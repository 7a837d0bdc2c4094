"""One response drawn for (version, case, index), and what the scorers said of it."""

from __future__ import annotations

from typing import Literal

import msgspec

from promptops.values.response import Outcome
from promptops.values.score import Scored

Arm = Literal["baseline", "candidate"]
Source = Literal["made", "cached", "shared"]


class Sample(msgspec.Struct, frozen=True):
    """The atom of evidence."""

    arm: Arm
    case_id: str
    index: int
    """Which draw of the case this is, from 0."""
    request_key: str
    outcome: Outcome
    source: Source
    """Drawn now and paid for, found in the store, or shared with the other arm."""
    retries: int = 0
    scores: dict[str, Scored] = {}
    """Scorer name to what it said; empty when the outcome is a failure."""
