"""Which scorer comes first: a check that asks nobody spares a judge the answers that fail it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from promptops.errors import InputError, did_you_mean
from promptops.scorers.discovery import Scorer
from promptops.scorers.scorer import OptionError
from promptops.values.score import Score, Scored

_FAILED_BELOW = 0.5


def in_turn(scorers: Iterable[Scorer]) -> list[Scorer]:
    """Those that wait for others come last."""
    return sorted(scorers, key=lambda each: bool(each.after))


def spared(scorer: Scorer, scores: Mapping[str, Scored]) -> Score | None:
    """Zero where a check before it failed, which is one that scored below one half; else None.

    A check that could not say is no failure.
    """
    for name in scorer.after:
        said = scores.get(name)
        if isinstance(said, Score) and said.value < _FAILED_BELOW:
            why = f"{name} scored {said.value:.2f}, so no judge was asked"
            return Score(0.0, label=f"failed {name}", explanation=why)
    return None


def turn_faults(scorers: Sequence[Scorer]) -> list[InputError]:
    """What is wrong with the checks that are named, each at its place. After `preflight`."""
    known = {each.name: each for each in scorers}
    checks = [name for name, each in known.items() if not each.models and not each.pairs]
    return [
        scorer.fault(_fault(name, known.keys(), checks))
        for scorer in scorers
        for name in scorer.after
        if name not in checks
    ]


def _fault(name: str, known: Iterable[str], checks: Sequence[str]) -> OptionError:
    if name in known:
        problem = f"{name!r} asks a model itself, or compares two answers"
        hint = "name scorers that look at one answer and ask nobody"
        return OptionError(problem, option="after", hint=hint)
    problem = f"the suite has no scorer {name!r}"
    return OptionError(problem, option="after", hint=did_you_mean(name, checks))
