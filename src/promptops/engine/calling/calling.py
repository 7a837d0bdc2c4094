"""One answer had: paced, within the budget, asked for again where that may help."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from promptops.engine.calling.circuit import Circuit
from promptops.engine.calling.rates import Rates
from promptops.engine.calling.retries import Retries
from promptops.engine.calling.seeing_through import see_through
from promptops.engine.calling.spending import Meter
from promptops.engine.calling.terms import Terms
from promptops.engine.calling.window import Window
from promptops.engine.calling.worst_case import WorstCase
from promptops.errors import NoVerdictError
from promptops.values.account import Purpose
from promptops.values.observing import Attempt
from promptops.values.quota import Quota
from promptops.values.response import Failure, Outcome, Response

_CROWDED = frozenset({"rate_limited", "overloaded", "timeout"})
"""Failures that say: fewer at once."""


@dataclass(frozen=True, slots=True)
class Call:
    """One answer that is wanted."""

    model: str
    purpose: Purpose
    worst: WorstCase
    ask: Callable[[], Coroutine[Any, Any, Outcome]]
    """Asks once."""
    lost: Callable[[float | None], Awaitable[None]]
    """Told of an attempt that may be billed though it brought nothing: what it costs at most."""
    quota: Callable[[], Quota | None]
    """What the provider last said of its limits."""


@dataclass(slots=True)
class Answered:
    """How a call ended."""

    attempts: list[Attempt] = field(default_factory=list)
    """One at least; the last one is how it ended."""
    interrupted: bool = False
    """Whoever waited was cancelled meanwhile; what was under way came home all the same."""

    @property
    def outcome(self) -> Outcome:
        """The answer, or the failure that stayed."""
        return self.attempts[-1].outcome

    @property
    def retries(self) -> int:
        """Attempts after the first."""
        return len(self.attempts) - 1


class _Line:
    """What is known of one model while a run lasts."""

    def __init__(
        self, model: str, terms: Terms, chance: random.Random, clock: Callable[[], float]
    ) -> None:
        self.window = Window(terms.concurrency, clock=clock)
        self.rates = Rates(terms.requests_per_minute, terms.tokens_per_minute, clock=clock)
        self.circuit = Circuit(
            model,
            patience_seconds=terms.patience_seconds,
            chance=chance,
            clock=clock,
            on_end=self.rates.close,
        )


class Calling:
    """Calls models on the terms of a run.

    A call waits for its turn among those to the same model (an adaptive window), for a model that
    is down to come back, for the limits a minute, and for room in the budget.  A passing failure is
    tried again after a pause.
    """

    def __init__(
        self,
        terms: Terms,
        meter: Meter,
        *,
        chance: random.Random | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`chance` draws the pauses; `clock` is in seconds."""
        self._clock = clock
        self.terms = terms
        self.meter = meter
        self.under_way = 0
        """Calls that were sent and are not answered yet."""
        self.on_interrupt: Callable[[int], None] | None = None
        """Told once how many calls are waited for, when whoever waits is cancelled."""
        self._chance = chance or random.Random()  # noqa: S311 - spreads load, keeps no secret
        self._retries = Retries(chance=self._chance)
        self._places = asyncio.Semaphore(terms.concurrency)
        self._lines: dict[str, _Line] = {}

    async def answer(self, call: Call, answered: Answered) -> None:
        """Fill in how a call ends: with an answer, or with the failure that stayed.

        What was attempted stands in `answered` also where an error ends it.

        Raises:
            NoVerdictError: no call can succeed any more, or the budget is spent.
        """
        line = self._lines.get(call.model)
        if line is None:
            line = self._lines[call.model] = _Line(
                call.model, self.terms, self._chance, self._clock
            )
        tries = None
        while True:
            outcome = await self._attempt(line, call, answered)
            if isinstance(outcome, Response) or answered.interrupted:
                return
            tries = tries or self._retries.begin()
            pause = tries.pause_after(outcome)
            if pause is None:
                return
            self.meter.retried += 1
            await line.circuit.pause(pause)

    async def _attempt(self, line: _Line, call: Call, answered: Answered) -> Outcome:
        async with line.window.turn():
            try:
                await line.circuit.admit(fresh=not answered.attempts)
                outcome = await self._when_admitted(line, call, answered)
            except BaseException:
                line.circuit.left()
                raise
            await self._learn(line, call, answered)
        return outcome

    async def _when_admitted(self, line: _Line, call: Call, answered: Answered) -> Outcome:
        admitted = await line.rates.admit(call.worst.tokens or 0)
        try:
            reserved = await self.meter.reserve(call.worst, call.purpose)
            try:
                await line.circuit.admit(fresh=not answered.attempts)  # or it opened meanwhile
                await self._places.acquire()
            except BaseException:
                reserved.cancel()
                raise
        except BaseException:
            line.rates.withdraw(admitted)
            raise
        try:
            with reserved:  # left without an answer, it counts as lost
                outcome = await self._send(call, answered)
                if isinstance(outcome, Response):
                    reserved.settle(outcome)
                else:
                    reserved.lose(outcome)
        finally:
            self._places.release()
        line.rates.settle(admitted, _used(call, outcome))
        return outcome

    async def _send(self, call: Call, answered: Answered) -> Outcome:
        """Ask once. What was sent is waited for though nobody wants it any more: it is paid for."""
        began = self._clock()
        self.under_way += 1
        try:
            outcome, interrupted = await see_through(call.ask(), self._tell_interrupt)
        finally:
            self.under_way -= 1
        answered.attempts.append(Attempt(outcome, began, self._clock()))
        answered.interrupted = interrupted
        return outcome

    def _tell_interrupt(self) -> None:
        if self.on_interrupt is not None:
            self.on_interrupt(self.under_way)
            self.on_interrupt = None

    async def _learn(self, line: _Line, call: Call, answered: Answered) -> None:
        """What an attempt says of its model, for all calls to it."""
        attempt = answered.attempts[-1]
        outcome = attempt.outcome
        quota = call.quota()
        if quota is not None:
            line.rates.hear(quota)
        if isinstance(outcome, Response):
            line.window.clean()
            line.circuit.succeeded()
            return
        if outcome.fatal:
            line.circuit.trip(_hopeless(call.model, outcome))
        elif outcome.kind in _CROWDED:
            line.window.trouble(attempt.began)
        if outcome.kind == "rate_limited" and outcome.retry_after_seconds:
            line.rates.hold(outcome.retry_after_seconds)
        line.circuit.failed(outcome, since=answered.attempts[0].ended)
        if outcome.billable:
            await call.lost(call.worst.usd)
        line.circuit.check()


def _used(call: Call, outcome: Outcome) -> int:
    """Tokens that count towards the provider's limits a minute."""
    if isinstance(outcome, Response) and outcome.usage is not None:
        return outcome.usage.input_tokens + outcome.usage.output_tokens
    if isinstance(outcome, Failure) and not outcome.billable:
        return 0
    return call.worst.tokens or 0


def _hopeless(model: str, failure: Failure) -> NoVerdictError:
    return NoVerdictError(
        f"{model}: {failure.message}",
        hint="no other call can succeed either, so the run stopped; what was paid for is kept",
    )
