"""Counts of a run that are no scores: tokens, cost, latency, failures, by arm."""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass, field
from statistics import median

from promptops.values.report import Tokens
from promptops.values.response import Failure, Outcome
from promptops.values.sample import Source


@dataclass(slots=True)
class ArmTally:
    """One arm's samples so far."""

    samples: int = 0
    failures: int = 0
    own_failures: Counter[str] = field(default_factory=Counter)
    failure_messages: Counter[str] = field(default_factory=Counter)
    flags: Counter[str] = field(default_factory=Counter)
    answering: Counter[str] = field(default_factory=Counter)
    """Which model said it answered, where it is not the asked one."""
    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int = 0
    cost_usd: float = 0.0
    unpriced: int = 0
    latencies: array[float] = field(default_factory=lambda: array("d"))

    def count(self, outcome: Outcome) -> None:
        """Count one sample."""
        self.samples += 1
        if isinstance(outcome, Failure):
            self.failures += 1
            self.failure_messages[f"{outcome.kind}: {outcome.message}"] += 1
            return
        self.latencies.append(outcome.latency_seconds)
        self.flags.update(outcome.flags)
        if "model_differs" in outcome.flags and outcome.response_model:
            self.answering[outcome.response_model] += 1
        if outcome.usage is not None:
            self.input_tokens += outcome.usage.input_tokens
            self.output_tokens += outcome.usage.output_tokens
            self.cached_input_tokens += outcome.usage.cached_input_tokens
        if outcome.cost_usd is None:
            self.unpriced += 1
        else:
            self.cost_usd += outcome.cost_usd

    @property
    def tokens(self) -> Tokens:
        """All tokens of its samples."""
        return Tokens(self.input_tokens, self.output_tokens, self.cached_input_tokens)

    @property
    def known_cost_usd(self) -> float | None:
        """The cost of all its samples; None where any price is unknown."""
        return None if self.unpriced else self.cost_usd

    @property
    def median_latency_seconds(self) -> float | None:
        """None where there is no response."""
        return median(self.latencies) if self.latencies else None


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
