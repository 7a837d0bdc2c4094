"""Labels as a table of reviewers and what they labelled, for the measures of agreement."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import Literal

from promptops.labels.files import Key, Labels
from promptops.values.label import Label, PairLabel

Kind = Literal["answer", "pair"]

_BETTER = {"first": 1.0, "tie": 0.5, "second": 0.0}


@dataclass(frozen=True, slots=True)
class Ratings:
    """Who said what for one metric."""

    metric: str
    kind: Kind
    reviewers: dict[str, int]
    """Reviewer to how many labels; those who cannot tell count."""
    table: list[list[float]]
    """A row per reviewer, in the order of `reviewers`, and a column per answer or pair: values in
    [0, 1], NaN where there is no label or the reviewer could not tell.  Of a pair 1 stands for the
    answer whose digest comes first."""
    cases: list[str]
    """The case of each column."""

    @property
    def shared(self) -> int:
        """How many answers or pairs two or more reviewers gave a value."""
        return sum(
            sum(not math.isnan(value) for value in column) >= 2
            for column in zip(*self.table, strict=True)
        )

    @property
    def values(self) -> set[float]:
        """Every value that was given."""
        return {value for row in self.table for value in row if not math.isnan(value)}


def ratings(labels: Labels, metric: str | None = None) -> list[Ratings]:
    """A table for each metric and kind that has labels, sorted; of one metric if it is named."""
    groups: dict[tuple[str, Kind], list[tuple[Key, str, float]]] = {}
    for label in labels.all:
        if metric is None or label.metric == metric:
            kind: Kind = "answer" if isinstance(label, Label) else "pair"
            given = ((label.case, *_outputs(label)), label.reviewer, _value(label))
            groups.setdefault((label.metric, kind), []).append(given)
    return [_table(name, kind, given) for (name, kind), given in sorted(groups.items())]


def _outputs(label: Label | PairLabel) -> tuple[str, ...]:
    if isinstance(label, Label):
        return (label.output,)
    return tuple(sorted((label.first, label.second)))


def _value(label: Label | PairLabel) -> float:
    if isinstance(label, Label):
        return math.nan if label.value is None else label.value
    if label.better is None:
        return math.nan
    value = _BETTER[label.better]
    return value if label.first < label.second else 1 - value


def _table(metric: str, kind: Kind, given: list[tuple[Key, str, float]]) -> Ratings:
    counts = Counter(reviewer for _, reviewer, _ in given)
    reviewers = dict(sorted(counts.items()))
    units = {unit: at for at, unit in enumerate(sorted({unit for unit, _, _ in given}))}
    rows = {reviewer: [math.nan] * len(units) for reviewer in reviewers}
    for unit, reviewer, value in given:
        rows[reviewer][units[unit]] = value
    cases = [unit[0] for unit in units]
    return Ratings(metric, kind, reviewers, list(rows.values()), cases)
