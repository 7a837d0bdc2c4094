"""One of several judges picked by people's labels, and told by labels that it was not picked by.

The best of several is the best partly by luck: its agreement on the answers that it was picked by
is too high.  So cases are split; one half picks, the other tells, and only what was picked and the
judge as it is are asked about the other half.  Each further look at that half wears it out: the
interval of the gain is at 1 − .05/looks (Bonferroni).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil

from promptops.statistics.agreement import Agreement, alpha_of_two
from promptops.statistics.agreement_difference import alpha_difference
from promptops.statistics.proportion import clustered_share
from promptops.trust.agreement import BY_WILSON
from promptops.trust.gating import FEWEST_LABELS, MOST_MORE, MOST_UNSCORED
from promptops.trust.judged import CUT, Key, scale_of
from promptops.trust.people import ALPHA, BY_BOOTSTRAP
from promptops.values.trust import Measure, Scale
from promptops.values.tuning import Half, Outcome, Tried

FEWEST_OF_A_HALF = 20
"""Labelled answers: fewer pick by luck, and tell nothing."""
ERROR = 0.05
SHORTEST_QUOTE = 24
"""Characters: a shorter answer may stand in a rubric by chance."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """One answer of which people say something definite."""

    key: Key
    cluster: str
    people: float
    text: str = ""


@dataclass(slots=True)
class Candidate:
    """One way to write the judge, with what it said."""

    name: str
    about: str
    digest: str
    current: bool = False
    said: dict[Key, float | None] = field(default_factory=dict)
    """None where it could not tell or said nothing readable; absent where it could not be asked."""
    passed: list[str] = field(default_factory=list)
    """Canaries that it let pass."""
    unknown: list[str] = field(default_factory=list)
    """Canaries on which it could not be asked."""


@dataclass(frozen=True, slots=True)
class Halves:
    """What picks, and what tells."""

    picking: list[Labelled]
    held_out: list[Labelled]

    def problem(self) -> str | None:
        """Why nothing can be told by them, in one sentence, or None."""
        for name, half in (("picks", self.picking), ("is held out", self.held_out)):
            if len(half) < FEWEST_OF_A_HALF:
                had = f"{len(half)} labelled answers"
                return f"the half that {name} has {had}; {FEWEST_OF_A_HALF} are the least"
            if len({each.people for each in half}) < 2:
                return f"people say the same of every answer in the half that {name}"
        return None


def split(answers: Sequence[Labelled], seed: int) -> Halves:
    """By the case, so that answers to one question are never on both sides.

    Where a case lies depends on its name and the seed alone: it stays held out when more labels
    come.
    """
    halves = Halves([], [])
    for each in answers:
        drawn = hashlib.sha256(f"{seed}\0{each.cluster}".encode("utf-8", "replace")).digest()
        (halves.picking if drawn[0] % 2 else halves.held_out).append(each)
    return halves


def quoted(answers: Sequence[Labelled], texts: Sequence[str]) -> set[str]:
    """The clusters of answers that one of the texts quotes: a rubric with the solution in it."""
    squeezed = [" ".join(text.split()) for text in texts]
    found = set()
    for each in answers:
        answer = " ".join(each.text.split())
        if len(answer) >= SHORTEST_QUOTE and any(answer in text for text in squeezed):
            found.add(each.cluster)
    return found


def half(answers: Sequence[Labelled]) -> Half:
    """How much there is."""
    return Half(len(answers), len({each.cluster for each in answers}))


def common_scale(answers: Sequence[Labelled], candidates: Sequence[Candidate]) -> Scale:
    """One scale for all, so that their α can be set side by side."""
    given = [value for of in candidates for value in of.said.values() if value is not None]
    return scale_of([*(each.people for each in answers), *given])


def asked_of_all(
    answers: Sequence[Labelled], candidates: Sequence[Candidate]
) -> tuple[list[Labelled], dict[str, str]]:
    """The answers on which every candidate could be asked, and why some candidates are out.

    One that could not be asked too often is out, and does not take answers from the others.
    """
    out = {}
    for of in candidates:
        lacking = sum(each.key not in of.said for each in answers)
        if of.passed:
            out[of.name] = f"it lets pass what no judge may: {', '.join(of.passed)}"
        elif of.unknown or lacking > MOST_UNSCORED * len(answers):
            out[of.name] = "it could not be asked"
    left = [of for of in candidates if out.get(of.name) != "it could not be asked"]
    return [each for each in answers if all(each.key in of.said for of in left)], out


def told(
    candidate: Candidate, answers: Sequence[Labelled], scale: Scale, *, out: str = ""
) -> Tried:
    """How a candidate does on the half that is picked by."""
    had = [each for each in answers if each.key in candidate.said]
    hits = [float(_agrees(each, candidate)) for each in had]
    accuracy = Measure("accuracy", None, why="it could not be asked")
    if had:
        share = clustered_share(hits, [each.cluster for each in had])
        accuracy = Measure("accuracy", share.value, (share.low, share.high), BY_WILSON, share.size)
    return Tried(
        name=candidate.name,
        about=candidate.about,
        digest=candidate.digest,
        alpha=alpha(candidate, had, scale),
        accuracy=accuracy,
        silent=sum(candidate.said[each.key] is None for each in had),
        out=out,
        current=candidate.current,
    )


def pick(tried: Sequence[Tried]) -> Tried:
    """The highest α among those that may be picked; the judge as it is where that is no lower."""
    able = [each for each in tried if not each.out and each.alpha.value is not None]
    current = next(each for each in tried if each.current)
    return max(able or [current], key=lambda each: (each.alpha.value or 0.0, each.current))


def alpha(candidate: Candidate, answers: Sequence[Labelled], scale: Scale) -> Measure:
    """Its agreement with people; where it is silent it counts as wrong as can be."""
    if not answers:
        return Measure(ALPHA, None, why="it could not be asked")
    found = alpha_of_two(
        [each.people for each in answers],
        _values(candidate, answers),
        [each.cluster for each in answers],
        scale,
    )
    return _measure(ALPHA, found, len(answers))


@dataclass(frozen=True, slots=True)
class Gained:
    """What the held-out half says of the one that was picked."""

    outcome: Outcome
    reasons: list[str]
    settle: str
    before: Measure
    after: Measure
    gain: Measure
    level: float


def gained(
    current: Candidate,
    picked: Candidate,
    answers: Sequence[Labelled],
    scale: Scale,
    looks: int = 1,
) -> Gained:
    """The picked one beside the judge as it is, on answers that both were asked about."""
    both = [each for each in answers if each.key in current.said and each.key in picked.said]
    level = 1 - ERROR / looks
    found = None
    if both:
        found = alpha_difference(
            [each.people for each in both],
            _values(current, both),
            _values(picked, both),
            [each.cluster for each in both],
            scale,
            level=level,
        )
    gain = _measure("gain in alpha", found, len(both))
    outcome = _outcome(found)
    return Gained(
        outcome,
        _reasons(outcome, len(both)),
        _settle(found, len(both)) if outcome == "not known" else "",
        alpha(current, both, scale),
        alpha(picked, both, scale),
        gain,
        level,
    )


def _outcome(found: Agreement | None) -> Outcome:
    if found is None or found.low <= 0 <= found.high:
        return "not known"
    return "better" if found.low > 0 else "worse"


def _reasons(outcome: Outcome, answers: int) -> list[str]:
    words = {
        "better": "it surely agrees better with people than the judge as it is",
        "worse": "it surely agrees less with people than the judge as it is: it was picked by luck",
        "not known": "nobody knows whether it agrees better: the gain may be luck",
    }
    found = [f"{words[outcome]}, on {answers:,} held-out answers"]
    if answers < FEWEST_LABELS:
        found.append(f"{answers} held-out answers are few; intervals are rough below 50")
    return found


def _settle(found: Agreement | None, answers: int) -> str:
    """About how many more labels; an interval shrinks with the root of their number."""
    if found is None or found.value <= 0:
        return "keep the judge as it is, or try other words"
    needed = 2 * ceil(answers * ((found.value - found.low) / found.value) ** 2) - 2 * answers
    if needed > MOST_MORE:
        return "keep the judge as it is: more labels would hardly tell"
    return f"about {max(2, needed):,} more labels would settle it, if it goes on as it is"


def _values(candidate: Candidate, answers: Sequence[Labelled]) -> list[float]:
    return [_value(candidate.said[each.key], each.people) for each in answers]


def _value(said: float | None, people: float) -> float:
    return said if said is not None else float(people < CUT)


def _agrees(each: Labelled, candidate: Candidate) -> bool:
    return (_value(candidate.said[each.key], each.people) >= CUT) == (each.people >= CUT)


def _measure(name: str, found: Agreement | None, size: int) -> Measure:
    if found is None:
        return Measure(name, None, size=size, why="too few different answers to say")
    return Measure(name, found.value, (found.low, found.high), BY_BOOTSTRAP, size)
