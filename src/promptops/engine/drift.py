"""Whether judges still say what they said when they were measured.

A model behind the same name may change from one day to the next, and stored answers would never
show it.  So what is known of a judge is asked anew, at most once a day: canaries, and a few answers
that people labelled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from promptops.engine.asking_anew import Anew, of_day
from promptops.engine.scoring import EngineServices
from promptops.scorers.discovery import Scorer
from promptops.scorers.scorer import Subject
from promptops.trust.judged import CUT
from promptops.values.score import Score, Scored, Unscorable

_MOST_NAMED = 3
_SAME = 1e-9


@dataclass(frozen=True, slots=True)
class Known:
    """One answer of which it is known what the judge said."""

    name: str
    subject: Subject
    canary: bool
    """No judge may let it pass."""
    value: float | None = None
    """What the judge gave then; None where it could not tell, or that was not kept."""
    kept: bool = True
    """It is known what it said then."""

    @property
    def held(self) -> bool:
        """A canary that it did not let pass then, as far as is known."""
        return self.canary and (self.value is None or self.value < CUT)


@dataclass(frozen=True, slots=True)
class Reference:
    """One judge, and what it said."""

    scorer: Scorer
    measured: str
    """When: UTC, ISO 8601."""
    known: Sequence[Known]


@dataclass(frozen=True, slots=True)
class Drift:
    """What became of the judges since."""

    warnings: list[str] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)
    """Metric to why its scores mean nothing."""


async def look_at(references: Sequence[Reference], services: EngineServices, day: date) -> Drift:
    """Ask all of them what is known of them, once a day; on the run's account and budget.

    Raises:
        NoVerdictError: a judge cannot be asked any more, or the budget is spent.
    """
    found = Drift()
    drawing = services.drawing
    heard, drawing.on_answer = drawing.on_answer, None  # no part of what a run rests on
    try:
        for each in references:
            anew = Anew(services.on_behalf_of(each.scorer), of_day(day))
            asked = [each.scorer.score(known.subject, anew) for known in each.known]
            said = await asyncio.gather(*asked, return_exceptions=True)
            for one in said:
                if isinstance(one, BaseException):
                    raise one
            _enter(found, each, [one for one in said if not isinstance(one, BaseException)])
    finally:
        drawing.on_answer = heard
    return found


def _enter(found: Drift, reference: Reference, said: Sequence[Scored]) -> None:
    name = reference.scorer.name
    both = list(zip(reference.known, said, strict=True))
    passed = [known.name for known, now in both if known.held and _passes(now)]
    if passed:
        what = f"its judge lets pass what no judge may: {_listed(passed)}"
        found.faults[name] = what
        found.warnings.append(f"{name}: {what}; its scores mean nothing")
    unknown = [known.name for known, now in both if _down(now)]
    if unknown:
        found.warnings.append(f"{name}: whether its judge changed is not known: {_listed(unknown)}")
    told = [pair for pair in both if pair[0].kept and not _down(pair[1])]
    moved = [f"{known.name} {_change(known, now)}" for known, now in told if _moved(known, now)]
    if moved:
        found.warnings.append(
            f"{name}: its judge changed since it was measured on {reference.measured[:10]}:"
            f" {len(moved)} of {len(told)} known answers are judged otherwise ({_listed(moved)})"
        )


def _passes(now: Scored) -> bool:
    return isinstance(now, Score) and now.value >= CUT


def _down(now: Scored) -> bool:
    return isinstance(now, Unscorable) and now.infrastructure


def _moved(known: Known, now: Scored) -> bool:
    value = now.value if isinstance(now, Score) else None
    if known.value is None or value is None:
        return known.value is not value
    return abs(known.value - value) > _SAME


def _change(known: Known, now: Scored) -> str:
    def told(value: float | None) -> str:
        return "cannot tell" if value is None else f"{value:.2g}"

    return f"{told(known.value)} → {told(now.value if isinstance(now, Score) else None)}"


def _listed(names: Sequence[str]) -> str:
    more = f", and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more
