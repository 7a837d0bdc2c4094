"""The metrics: instruments of the GenAI conventions, and our own. They are made by any meter."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from promptops.telemetry import attributes
from promptops.telemetry.attributes import Redact, Value
from promptops.values.observing import Called
from promptops.values.report import Report
from promptops.values.response import Failure, Response

_TOKENS = tuple(4**power for power in range(14))
_SECONDS = tuple(0.01 * 2**power for power in range(14))
"""Bounds of the histograms' buckets, as the conventions state them."""


class _Histogram(Protocol):
    def record(self, amount: float, attributes: Mapping[str, Value], /) -> None: ...


class _Counter(Protocol):
    def add(self, amount: float, attributes: Mapping[str, Value], /) -> None: ...


class Measures:
    """What is measured of calls and runs."""

    def __init__(self, meter: Any) -> None:
        self._tokens: _Histogram = meter.create_histogram(
            "gen_ai.client.token.usage",
            unit="{token}",
            description="Number of input and output tokens used.",
            explicit_bucket_boundaries_advisory=_TOKENS,
        )
        self._seconds: _Histogram = meter.create_histogram(
            "gen_ai.client.operation.duration",
            unit="s",
            description="GenAI operation duration.",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self._cost = _counter(meter, "cost", "{USD}", "What answers cost, where that is known.")
        self._unpriced = _counter(meter, "calls.unpriced", "{call}", "Answers of unknown price.")
        self._retries = _counter(meter, "retries", "{attempt}", "Attempts after a failed one.")
        self._samples = _counter(meter, "samples", "{sample}", "Samples, by where they came from.")
        self._verdicts = _counter(meter, "verdicts", "{run}", "Runs, by what they came to.")

    def call(self, called: Called, redact: Redact) -> None:
        """Measure a call."""
        attempts, outcome = called.attempts, called.attempts[-1].outcome
        asked = attributes.asked(called)
        accounted = attributes.accounted(called.account)
        for attempt in attempts[:-1]:
            if isinstance(attempt.outcome, Failure):
                failed = {"error.type": attempt.outcome.kind}
                self._retries.add(1, asked | accounted | failed)
        seconds = attempts[-1].ended - attempts[0].began
        if isinstance(outcome, Failure):
            self._seconds.record(seconds, asked | {"error.type": outcome.kind})
            return
        answered = asked | attributes.response_model(called, redact)
        self._seconds.record(seconds, answered)
        self._answer(outcome, answered, asked | accounted)

    def _answer(
        self, response: Response, answered: Mapping[str, Value], accounted: Mapping[str, Value]
    ) -> None:
        if usage := response.usage:
            for kind, count in (("input", usage.input_tokens), ("output", usage.output_tokens)):
                self._tokens.record(count, {**answered, "gen_ai.token.type": kind})
        if response.cost_usd is None:
            self._unpriced.add(1, accounted)
        elif response.cost_usd > 0:
            self._cost.add(response.cost_usd, accounted)

    def report(self, report: Report) -> None:
        """Count what a run came to."""
        about = {
            "promptops.suite": attributes.plain(report.suite),
            "promptops.prompt": attributes.plain(report.prompt),
            "promptops.model": attributes.plain(report.model),
        }
        for source, count in attributes.sources(report).items():
            if count:
                self._samples.add(count, about | {"promptops.sample.source": source})
        self._verdicts.add(1, about | {"promptops.verdict": report.verdict})


def _counter(meter: Any, name: str, unit: str, description: str) -> _Counter:
    counter: _Counter = meter.create_counter(f"promptops.{name}", unit, description)
    return counter
