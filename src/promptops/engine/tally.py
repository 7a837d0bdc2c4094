"""Counts of a run that are no scores: tokens, cost, latency, failures, by arm."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from statistics import median

from promptops.values.report import Tokens
from promptops.values.response import Failure, Outcome
from promptops.values.sample import Source

CASES_NAMED = 3


@dataclass(slots=True)
class ArmTally:
    """One arm's samples so far."""

    samples: int = 0
    failures: int = 0
    own_failures: Counter[str] = field(default_factory=Counter)
    failure_messages: Counter[str] = field(default_factory=Counter)
    failed_cases: dict[str, list[int]] = field(default_factory=dict)
    """Message to the first cases that were lost with it."""
    flags: Counter[str] = field(default_factory=Counter)
    answering: Counter[str] = field(default_factory=Counter)
    """Which model said it answered, where it is not the asked one."""
    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int = 0
    unmetered: int = 0
    """Answers without a count of tokens."""
    cost_usd: float = 0.0
    unpriced: int = 0
    latencies: array[float] = field(default_factory=lambda: array("d"))

    def count(self, outcome: Outcome, case: int | None = None) -> None:
        """Count one sample, of a case by its number."""
        self.samples += 1
        if isinstance(outcome, Failure):
            self._count_failure(f"{outcome.kind}: {outcome.message}", case)
            return
        self.latencies.append(outcome.latency_seconds)
        self.flags.update(outcome.flags)
        if "model_differs" in outcome.flags and outcome.response_model:
            self.answering[outcome.response_model] += 1
        if outcome.usage is not None:
            self.input_tokens += outcome.usage.input_tokens
            self.output_tokens += outcome.usage.output_tokens
            self.cached_input_tokens += outcome.usage.cached_input_tokens
        else:
            self.unmetered += 1
        if outcome.cost_usd is None:
            self.unpriced += 1
        else:
            self.cost_usd += outcome.cost_usd

    def _count_failure(self, message: str, case: int | None) -> None:
        self.failures += 1
        self.failure_messages[message] += 1
        cases = self.failed_cases.setdefault(message, [])
        if case is not None and case not in cases and len(cases) <= CASES_NAMED:
            cases.append(case)

    def failures_told(self, name: Callable[[int], str]) -> list[str]:
        """The most frequent failures in words, with the first cases by their `name`.

        `2 calls failed: rejected: no such image (cases one, two)`
        """
        told = []
        for message, count in self.failure_messages.most_common(3):
            calls = "1 call" if count == 1 else f"{count:,} calls"
            told.append(f"{calls} failed: {message}{_named(self.failed_cases[message], name)}")
        return told

    @property
    def tokens(self) -> Tokens:
        """All tokens of its samples."""
        return Tokens(
            self.input_tokens, self.output_tokens, self.cached_input_tokens, self.unmetered
        )

    @property
    def known_cost_usd(self) -> float | None:
        """The cost of all its samples; None where any price is unknown."""
        return None if self.unpriced else rounded_usd(self.cost_usd)

    @property
    def median_latency_seconds(self) -> float | None:
        """None where there is no response."""
        return median(self.latencies) if self.latencies else None


def _named(cases: list[int], name: Callable[[int], str]) -> str:
    if not cases:
        return ""
    names = ", ".join(name(case) for case in cases[:CASES_NAMED])
    more = ", …" if len(cases) > CASES_NAMED else ""
    return f" ({'case' if len(cases) == 1 else 'cases'} {names}{more})"


def every_call_failed(tallies: Iterable[ArmTally]) -> str | None:
    """What all calls failed with, or most of them; None where anything was had."""
    found: Counter[str] = Counter()
    for tally in tallies:
        if tally.samples > tally.failures:
            return None
        found.update(tally.failure_messages)
    if not found:
        return None
    ((message, _),) = found.most_common(1)
    most = ", most of them with" if len(found) > 1 else ""
    return f"every call failed{most}: {message}"


def rounded_usd(usd: float) -> float:
    """A sum of money without the noise of its additions: 12 digits that count."""
    return float(f"{usd:.12g}")


@dataclass(slots=True)
class SourceTally:
    """Where the samples of a run came from, and what they asked for."""

    sources: Counter[Source] = field(default_factory=Counter)
    evaluated_usd: float = 0.0
    unpriced: int = 0

    def count(self, outcome: Outcome, source: Source) -> None:
        """Count one distinct response."""
        self.sources[source] += 1
        if isinstance(outcome, Failure):
            return
        if outcome.cost_usd is None:
            self.unpriced += 1
        else:
            self.evaluated_usd += outcome.cost_usd
