"""The scores of a run so far, by arm, metric, case and sample: all that a verdict rests on."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from promptops.values.sample import Arm

EMPTY, SCORED, UNSCORABLE, LOST = range(4)
ARMS: tuple[Arm, Arm] = ("baseline", "candidate")


@dataclass(frozen=True, slots=True)
class Pairs:
    """Differences candidate − baseline of one metric, paired by case and sample index."""

    differences: array[float]
    cases: array[int]
    """The case number of each difference."""
    missing: int
    """Pairs of which at least one side the infrastructure lost or a judge could not score."""


class Ledger:
    """Room for `cases` × `samples` scores per arm and metric: 9 bytes each.

    A cell is written once. `LOST` is the infrastructure's failure, `UNSCORABLE` a scorer's.
    """

    def __init__(self, cases: int, samples: int, metrics: Sequence[str]) -> None:
        self.cases, self.samples, self.metrics = cases, samples, tuple(metrics)
        size = cases * samples
        self._values = {
            (arm, name): array("d", bytes(8 * size)) for arm in ARMS for name in self.metrics
        }
        self._states = {(arm, name): bytearray(size) for arm in ARMS for name in self.metrics}

    def score(self, arm: Arm, metric: str, case: int, index: int, value: float) -> None:
        """Enter a score in [0, 1]."""
        cell = case * self.samples + index
        self._values[arm, metric][cell] = value
        self._states[arm, metric][cell] = SCORED

    def unscorable(self, arm: Arm, metric: str, case: int, index: int) -> None:
        """Enter that a scorer could not say."""
        self._states[arm, metric][case * self.samples + index] = UNSCORABLE

    def lost(self, arm: Arm, case: int, index: int) -> None:
        """Enter that there is no response to score."""
        for metric in self.metrics:
            self._states[arm, metric][case * self.samples + index] = LOST

    def pairs(self, metric: str) -> Pairs:
        """All pairs of a metric so far, in the order of cases."""
        base, cand = self._values["baseline", metric], self._values["candidate", metric]
        base_states, cand_states = (
            self._states["baseline", metric],
            self._states["candidate", metric],
        )
        differences, cases, missing = array("d"), array("q"), 0
        for cell, (left, right) in enumerate(zip(base_states, cand_states, strict=True)):
            if left == SCORED and right == SCORED:
                differences.append(cand[cell] - base[cell])
                cases.append(cell // self.samples)
            elif left and right:
                missing += 1
        return Pairs(differences, cases, missing)

    def case_mean(self, arm: Arm, metric: str, case: int) -> float | None:
        """The mean of a case's scores; None where it has none."""
        values = list(self._scores(arm, metric, case))
        return sum(values) / len(values) if values else None

    def case_scores(self, arm: Arm, metric: str, case: int) -> list[float | None]:
        """A case's scores by sample index, None where there is none."""
        first = case * self.samples
        states, values = self._states[arm, metric], self._values[arm, metric]
        return [
            values[cell] if states[cell] == SCORED else None
            for cell in range(first, first + self.samples)
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
        first = case * self.samples
        states, values = self._states[arm, metric], self._values[arm, metric]
        for cell in range(first, first + self.samples):
            if states[cell] == SCORED:
                yield values[cell]
