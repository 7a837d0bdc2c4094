"""What came of trying a judge in other words (`judge tune --format json`: `promptops.tune/1`).

Fields are added, never renamed or taken away.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from promptops.values.trust import Measure, Scale

SCHEMA = "promptops.tune/1"

Outcome = Literal["better", "worse", "not known", "unchanged"]
"""Of what was picked beside the judge as it is, on the half that nobody picked by.  `unchanged`:
nothing agreed better than the judge as it is."""


class Half(msgspec.Struct, frozen=True):
    """Labelled answers that were looked at together."""

    answers: int
    cases: int
    """Cases, or groups of cases: they are never torn apart."""


class Tried(msgspec.Struct, frozen=True):
    """One way to write the judge, on the half that is picked by."""

    name: str
    about: str
    digest: str
    """Of its prompt."""
    alpha: Measure
    """With people; an answer that it says nothing of counts as said wrongly."""
    accuracy: Measure
    silent: int = 0
    """Answers of which it could not tell, or said nothing readable."""
    out: str = ""
    """Why it cannot be picked; empty where it can."""
    current: bool = False
    """It is the judge as it is."""


class TuneReport(msgspec.Struct, frozen=True):
    """Variants of one judge beside the labels of one suite."""

    schema: str
    judge: str
    version: int
    digest: str
    model: str
    suite: str
    metric: str
    seed: int
    """Of the split."""
    scale: Scale
    picking: Half
    held_out: Half
    tried: list[Tried]
    """The judge as it is first; the others by their α, the highest first."""
    picked: str
    """The name of the one with the highest α on the picking half."""
    outcome: Outcome
    reasons: list[str]
    """What was found; the weightiest first."""
    settle: str = ""
    """What would settle it, in one sentence; empty where it is settled."""
    before: Measure | None = None
    """α of the judge as it is, on the half that is held out."""
    after: Measure | None = None
    """α of what was picked, there."""
    gain: Measure | None = None
    """The one minus the other, with an interval at `level`."""
    optimism: float | None = None
    """α of what was picked on the half by which it was picked, minus that on the other."""
    looks: int = 1
    """How often this held-out half was looked at on this machine, this time included."""
    level: float = 0.95
    """Of the interval of `gain`: every further look makes it stricter."""
    left_out: int = 0
    """Labelled answers that a variant quotes: nothing is measured by them."""
    source: str = ""
    """The file of what was picked."""
    created: str = ""
    """UTC, ISO 8601."""
    calls: int = 0
    cost_usd: float | None = 0.0
    """None where it is unknown."""
