"""Whether judges still say what they said when they were measured.

A model behind the same name may change from one day to the next, and stored answers would never
show it.  So what is known of a judge is asked anew, at most once a day: canaries, and a few answers
that people labelled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

from promptops.engine.judging.asking_anew import Anew, of_day, of_state, shown_to
from promptops.engine.scoring import EngineServices, ScorerServices
from promptops.errors import NoVerdictError
from promptops.scorers.discovery import Scorer
from promptops.scorers.scorer import Subject
from promptops.trust.canaries import lets_pass
from promptops.values.score import Score, Scored, Unscorable

_MOST_NAMED = 3
_SAME = 1e-9
_ANEW = "; both versions were judged anew"
_IN_PART = "; what was already judged when that was found out stands as it was"
_NOT_KNOWN = "whether its judge changed is not known"


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
    passed: bool = False
    """A canary that it let pass then."""
    shown: str = ""
    """Digest of what it was shown then; empty where that was not kept."""

    @property
    def held(self) -> bool:
        """A canary that it did not let pass then, as far as is known."""
        return self.canary and not self.passed


@dataclass(frozen=True, slots=True)
class Reference:
    """One judge, and what it said."""

    scorer: Scorer
    measured: str
    """When: UTC, ISO 8601."""
    known: Sequence[Known]
    first: int = 0
    """The number of its first draw then."""


@dataclass(frozen=True, slots=True)
class Drift:
    """What became of the judges since."""

    warnings: list[str] = field(default_factory=list)
    faults: dict[str, str] = field(default_factory=dict)
    """Metric to why its scores mean nothing."""
    changed: dict[str, str] = field(default_factory=dict)
    """Metric to how much of what is known its judge judges otherwise, in words."""


@dataclass(slots=True)
class JudgeWatch:
    """Looks at the judges of one run: once, and as soon as the run asks anybody anything."""

    references: Sequence[Reference] = ()
    """What they said when they were measured, to be asked of them again."""
    today: date = field(default_factory=lambda: datetime.now(UTC).date())
    found: Drift = field(default_factory=Drift)
    _looked: bool = False
    _made: int | None = None
    """Calls that the run had made when it began, or went on."""

    async def look(self, services: EngineServices, *, surely: bool = False) -> None:
        """Ask them, where a call was made since the first look, or one `surely` will be.

        Raises:
            NoVerdictError: a judge cannot be asked any more, or the budget is spent.
        """
        drawing = services.drawing
        self._made = drawing.meter.made if self._made is None else self._made
        asking = surely or drawing.meter.made > self._made
        if self._looked or not asking or drawing.supplied:
            return
        self._looked = True
        heard, drawing.on_answer = drawing.on_answer, None  # no part of what a run rests on
        try:
            for each in self.references:
                lent = services.on_behalf_of(each.scorer)
                before = lent.first
                both = await self._asked(each, services)
                _enter(self.found, each, both, whole=surely)
                # Kept verdicts on one version beside new ones on the other would be the bias of a
                # judge that is lenient to one of them.
                state = of_state([_value(now) for _, now in both])
                if each.scorer.name in self.found.changed:
                    lent.first = state
                else:  # where not all could be asked, nothing says that it is as it was
                    lent.first = each.first if len(both) == len(each.known) else before
        finally:
            drawing.on_answer = heard

    async def _asked(
        self, reference: Reference, services: EngineServices
    ) -> list[tuple[Known, Scored]]:
        """All that is known of one judge, on the run's account and budget."""
        scorer = reference.scorer
        lent = services.on_behalf_of(scorer)
        lent.first = 0
        anew = Anew(lent, of_day(self.today))
        known = await _comparable(reference, lent)
        asked = [scorer.score(each.subject, anew) for each in known]
        said = await asyncio.gather(*asked, return_exceptions=True)
        for one in said:
            if isinstance(one, NoVerdictError):
                unknown = f"{scorer.name}: {_NOT_KNOWN}: {one.message}"
                self.found.warnings.append(unknown)
            if isinstance(one, BaseException):
                raise one
        scored = [one for one in said if not isinstance(one, BaseException)]
        return list(zip(known, scored, strict=True))


async def _comparable(reference: Reference, lent: ScorerServices) -> list[Known]:
    """What may be asked again: an edited prompt or dataset may put another question to a judge.

    What it says then is no sign of a change; canaries are asked about all the same.
    """
    found = []
    for each in reference.known:
        now = await shown_to(reference.scorer, each.subject, lent) if each.shown else ""
        if now == each.shown:
            found.append(each)
        elif each.canary:
            found.append(replace(each, kept=False))
    return found


def _enter(
    found: Drift,
    reference: Reference,
    both: Sequence[tuple[Known, Scored]],
    *,
    whole: bool,
) -> None:
    """`whole`: nothing was scored yet."""
    name = reference.scorer.name
    passed = [known.name for known, now in both if known.held and lets_pass(now)]
    if passed:
        what = f"its judge lets pass what no judge may: {_listed(passed)}"
        found.faults[name] = what
        found.warnings.append(f"{name}: {what}; its scores mean nothing")
    unknown = [known.name for known, now in both if _down(now)]
    if unknown:
        found.warnings.append(f"{name}: {_NOT_KNOWN}: {_listed(unknown)}")
    told = [pair for pair in both if pair[0].kept and not _down(pair[1])]
    moved = [f"{known.name} {_change(known, now)}" for known, now in told if _moved(known, now)]
    if moved:
        many = f"{len(moved)} of {len(told)} known answers are judged otherwise"
        found.changed[name] = many + (_ANEW if whole else _IN_PART)
        found.warnings.append(
            f"{name}: its judge changed since it was measured on {reference.measured[:10]}:"
            f" {many} ({_listed(moved)}); what it said before is not used"
        )


def _down(now: Scored) -> bool:
    return isinstance(now, Unscorable) and now.infrastructure


def _value(now: Scored) -> float | None:
    return now.value if isinstance(now, Score) else None


def _moved(known: Known, now: Scored) -> bool:
    value = _value(now)
    if known.value is None or value is None:
        return known.value is not value
    return abs(known.value - value) > _SAME


def _change(known: Known, now: Scored) -> str:
    def told(value: float | None) -> str:
        return "cannot tell" if value is None else f"{value:.2g}"

    return f"{told(known.value)} → {told(_value(now))}"


def _listed(names: Sequence[str]) -> str:
    more = f", and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more
