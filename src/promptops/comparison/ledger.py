"""The scores of a run so far, by arm, metric, case and sample: all that a verdict rests on."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from promptops.values.sample import Arm

EMPTY, SCORED, UNSCORABLE, LOST = range(4)
ARMS: tuple[Arm, Arm] = ("baseline", "candidate")
Visit = tuple[int, int]
"""Case number and sample index."""


def _doubles() -> array[float]:
    return array("d")


def _numbers() -> array[int]:
    return array("q")


@dataclass(slots=True)
class Pairs:
    """Differences candidate − baseline of one metric, paired by case and sample index."""

    differences: array[float] = field(default_factory=_doubles)
    cases: array[int] = field(default_factory=_numbers)
    """The case number of each difference."""
    lowest: array[float] = field(default_factory=_doubles)
    """Of each pair with a side that was lost or could not be scored: the least that the difference
    may have been, given the other side."""
    highest: array[float] = field(default_factory=_doubles)
    """And the most."""
    missing_cases: array[int] = field(default_factory=_numbers)
    baselines: array[float] = field(default_factory=_doubles)
    """The baseline's score of each pair with a difference."""

    @property
    def missing(self) -> int:
        """Pairs without a difference."""
        return len(self.lowest)

    @property
    def count(self) -> int:
        """Pairs with a difference."""
        return len(self.differences)

    @property
    def baseline(self) -> float | None:
        """Mean of the baseline's scores over the pairs with a difference; None without any."""
        return sum(self.baselines) / self.count if self.count else None

    @property
    def candidate(self) -> float | None:
        """And of the candidate's."""
        if not self.count:
            return None
        return (sum(self.baselines) + sum(self.differences)) / self.count

    def extend(self, more: Pairs) -> None:
        """Take in further pairs."""
        self.differences.extend(more.differences)
        self.cases.extend(more.cases)
        self.lowest.extend(more.lowest)
        self.highest.extend(more.highest)
        self.missing_cases.extend(more.missing_cases)
        self.baselines.extend(more.baselines)


class Ledger:
    """Room for `cases` × `samples` scores per arm and metric: 9 bytes each.

    A cell is written once. `LOST` is the infrastructure's failure, `UNSCORABLE` a scorer's.
    """

    def __init__(self, cases: int, samples: int, metrics: Sequence[str]) -> None:
        self.cases, self.samples, self.metrics = cases, 0, tuple(metrics)
        self._values = {(arm, name): array("d") for arm in ARMS for name in self.metrics}
        self._states = {(arm, name): bytearray() for arm in ARMS for name in self.metrics}
        self.grow(samples)

    def grow(self, samples: int) -> None:
        """Make room for more samples per case."""
        more = self.cases * (samples - self.samples)
        for values, states in zip(self._values.values(), self._states.values(), strict=True):
            values.frombytes(bytes(8 * more))
            states.extend(bytes(more))
        self.samples = samples

    def score(self, arm: Arm, metric: str, case: int, index: int, value: float) -> None:
        """Enter a score in [0, 1]."""
        cell = index * self.cases + case
        self._values[arm, metric][cell] = value
        self._states[arm, metric][cell] = SCORED

    def unscorable(self, arm: Arm, metric: str, case: int, index: int) -> None:
        """Enter that a scorer could not say."""
        self._states[arm, metric][index * self.cases + case] = UNSCORABLE

    def lost(self, arm: Arm, case: int, index: int, metrics: Sequence[str] | None = None) -> None:
        """Enter that there is no response to score; of some metrics, or of all."""
        for metric in self.metrics if metrics is None else metrics:
            self._states[arm, metric][index * self.cases + case] = LOST

    def empty(self, arm: Arm, metric: str, case: int, index: int) -> bool:
        """Whether nothing was entered there yet."""
        return self._states[arm, metric][index * self.cases + case] == EMPTY

    def pairs(self, metric: str, visits: Iterable[Visit] | None = None) -> Pairs:
        """The pairs of some visits, or of all so far; a visit with an empty side is passed over."""
        base, cand = self._values["baseline", metric], self._values["candidate", metric]
        base_states = self._states["baseline", metric]
        cand_states = self._states["candidate", metric]
        found = Pairs()
        if visits is None:
            visits = ((case, index) for case in range(self.cases) for index in range(self.samples))
        for case, index in visits:
            cell = index * self.cases + case
            left, right = base_states[cell], cand_states[cell]
            if left == SCORED and right == SCORED:
                found.differences.append(cand[cell] - base[cell])
                found.cases.append(case)
                found.baselines.append(base[cell])
            elif left and right:
                old = (base[cell], base[cell]) if left == SCORED else (0.0, 1.0)
                new = (cand[cell], cand[cell]) if right == SCORED else (0.0, 1.0)
                found.lowest.append(new[0] - old[1])
                found.highest.append(new[1] - old[0])
                found.missing_cases.append(case)
        return found

    def score_at(self, arm: Arm, metric: str, case: int, index: int) -> float | None:
        """One score; None where there is none."""
        cell = index * self.cases + case
        scored = self._states[arm, metric][cell] == SCORED
        return self._values[arm, metric][cell] if scored else None

    def case_mean(self, arm: Arm, metric: str, case: int) -> float | None:
        """The mean of a case's scores; None where it has none."""
        values = list(self._scores(arm, metric, case))
        return sum(values) / len(values) if values else None

    def case_scores(self, arm: Arm, metric: str, case: int) -> list[float | None]:
        """A case's scores by sample index, None where there is none."""
        states, values = self._states[arm, metric], self._values[arm, metric]
        return [
            values[cell] if states[cell] == SCORED else None
            for cell in range(case, len(states), self.cases)
        ]

    def mean(self, arm: Arm, metric: str, cases: Sequence[int] | None = None) -> float | None:
        """The mean over cases of the case means; None where nothing is scored.

        `cases` limits it to some case numbers.
        """
        means = [
            mean
            for case in (range(self.cases) if cases is None else cases)
            if (mean := self.case_mean(arm, metric, case)) is not None
        ]
        return sum(means) / len(means) if means else None

    def count(self, arm: Arm, metric: str, state: int) -> int:
        """How many cells of an arm and metric are in a state."""
        return self._states[arm, metric].count(state)

    def _scores(self, arm: Arm, metric: str, case: int) -> Iterator[float]:
        states, values = self._states[arm, metric], self._values[arm, metric]
        for cell in range(case, len(states), self.cases):
            if states[cell] == SCORED:
                yield values[cell]
