"""How much of a suite is told, from all of it to the least that is still of use."""

from __future__ import annotations

from dataclasses import dataclass

from promptops.reports.surface import Surface


@dataclass(frozen=True, slots=True)
class Detail:
    """What is given up first stands first: outputs, their length, cases, lines, what they cost."""

    cases: int | None
    """How many changed cases are named; None for all."""
    outputs: int | None
    """How many of them with what each arm answered; None for all."""
    letters: int
    """Characters of any one output."""
    lines: int
    """Lines of the prompt's difference."""
    rest: bool = True
    """Whether usage, slices, notes and warnings are told."""


def levels(surface: Surface) -> list[Detail]:
    """From the richest to the barest; none names more cases than the surface wants."""
    most = surface.max_cases

    def at_most(count: int) -> int:
        return count if most is None else min(most, count)

    return [
        Detail(cases=most, outputs=None, letters=1_200, lines=160),
        Detail(cases=most, outputs=at_most(12), letters=600, lines=120),
        Detail(cases=at_most(200), outputs=at_most(6), letters=400, lines=80),
        Detail(cases=at_most(24), outputs=at_most(3), letters=300, lines=60),
        Detail(cases=at_most(8), outputs=at_most(1), letters=200, lines=40),
        Detail(cases=at_most(3), outputs=0, letters=0, lines=20),
        Detail(cases=0, outputs=0, letters=0, lines=0, rest=False),
    ]
