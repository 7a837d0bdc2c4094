"""What trust is made of: answers that people labelled, with what the judge says of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from promptops.values.label import Label, PairLabel
from promptops.values.trust import Scale

CUT = 0.5
"""At or above it a score is a yes."""

MOST_STEPS = 12
"""A judge of at most so many different values has a scale of steps; of more, a measure."""

Key = tuple[str, str]
"""Case and digest of the output."""


@dataclass(frozen=True, slots=True)
class PeoplesWord:
    """What people say of one answer, taken together."""

    value: float | None
    """None: as many say yes as no, or nobody could tell."""
    given: Mapping[str, float] = field(default_factory=dict)
    """Reviewer to value."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One labelled answer that the judge scored."""

    case: str
    cluster: str
    """What it goes together with: the group of its case, or the case."""
    people: float
    judge: float
    answer: str
    tags: tuple[str, ...] = ()
    label: str = ""
    explanation: str = ""
    askings: tuple[float, ...] = ()
    """All that it said of it, where it was asked the same several times; empty where once."""


def said_by_people(labels: Sequence[Label]) -> dict[Key, PeoplesWord]:
    """The reviewers' words on each answer as one: the majority's, or the middle of a scale.

    Where all values are 0 or 1 a tie has no value.  The labels are those of one metric.
    """
    given: dict[Key, dict[str, float]] = {}
    for each in labels:
        of = given.setdefault((each.case, each.output), {})
        if each.value is not None:
            of[each.reviewer] = each.value
    return {key: PeoplesWord(_together(list(of.values())), of) for key, of in given.items()}


def as_label(pair: PairLabel) -> Label:
    """A word on two answers as one on their pair: 1 where the one whose digest is lower is better.

    The output is `pair_key` of both, whichever of them stood first.
    """
    values = {"first": 1.0, "tie": 0.5, "second": 0.0}
    value = None if pair.better is None else values[pair.better]
    if value is not None and pair.first > pair.second:
        value = 1 - value
    output = pair_key(pair.first, pair.second)
    return Label(pair.metric, pair.case, output, value, pair.reviewer, pair.at)


def pair_key(first: str, second: str) -> str:
    """What stands for two answers, in either order."""
    return "/".join(sorted((first, second)))


def scale_of(values: Sequence[float]) -> Scale:
    """What kind of values a judge gives, by those that it and people gave."""
    different = len({round(each, 9) for each in values})
    if different <= 2:
        return "nominal"
    return "ordinal" if different <= MOST_STEPS else "interval"


def _together(values: list[float]) -> float | None:
    if not values:
        return None
    middle = median(values)
    binary = all(each in {0.0, 1.0} for each in values)
    return None if binary and middle == CUT else float(middle)
