"""One answer had: paced, within the budget, asked for again where that may help."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from promptops.engine.calling.circuit import ENOUGH_CALLS, Circuit
from promptops.engine.calling.rates import Rates
from promptops.engine.calling.retries import Retries
from promptops.engine.calling.seeing_through import see_through
from promptops.engine.calling.spending import Meter
from promptops.engine.calling.terms import Terms
from promptops.engine.calling.waiting import Waiting, gravest
from promptops.engine.calling.window import Window
from promptops.engine.calling.worst_case import WorstCase
from promptops.errors import ModelDownError, PromptopsError
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
    """Told of an attempt that may be billed though it brought nothing: what it costs at most.  Acts
    when it is called, whether or not anybody waits."""
    quota: Callable[[], Quota | None]
    """What the provider last said of its limits."""


@dataclass(slots=True)
class Answered:
    """How a call ended."""

    attempts: list[Attempt] = field(default_factory=list)
    """One at least; the last one is how it ended."""
    interrupted: bool = False
    """Whoever waited was cancelled meanwhile; what was under way came home all the same."""
    excused: bool = False
    """The last attempt failed because the provider is down: it costs the call nothing."""
    number: int = field(default_factory=count(1).__next__)

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
        self.model = model
        self.window = Window(terms.concurrency, clock=clock)
        self.rates = Rates(terms.requests_per_minute, terms.tokens_per_minute, clock=clock)
        self.circuit = Circuit(
            model,
            patience_seconds=terms.patience_seconds,
            enough=max(2, min(ENOUGH_CALLS, terms.concurrency)),
            chance=chance,
            clock=clock,
            on_end=self.rates.close,
        )

    def waiting(self) -> Waiting | None:
        """Why its calls wait, if they do."""
        paused = self.circuit.waiting()
        if paused and (not self.circuit.closed or not self.window.in_use):
            return paused
        return self.rates.waiting(self.model)


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
        self.on_interrupt: Callable[[int], None] | None = None
        """Told once how many calls are waited for, when whoever waits is cancelled."""
        self._chance = chance or random.Random()  # noqa: S311 - spreads load, keeps no secret
        self._retries = Retries(chance=self._chance)
        self._places = asyncio.Semaphore(terms.concurrency)
        self._lines: dict[str, _Line] = {}
        self._sent: set[asyncio.Future[Outcome]] = set()
        self._ended: PromptopsError | None = None

    @property
    def under_way(self) -> int:
        """Calls that were sent and are not answered yet."""
        return len(self._sent)

    def end(self, error: PromptopsError) -> None:
        """Send nothing more: whoever waits, and whoever comes, gets this error."""
        self._ended = error
        for line in self._lines.values():
            line.circuit.trip(error)

    @property
    def waiting(self) -> Waiting | None:
        """Why calls wait, at the model that holds them up most."""
        return gravest(line.waiting() for line in self._lines.values())

    def leave(self) -> None:
        """Wait for nothing that is under way any more."""
        for task in self._sent:
            task.cancel()

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
        if self._ended is not None:
            raise self._ended.with_traceback(None)
        tries = None
        while True:
            outcome = await self._attempt(line, call, answered)
            if isinstance(outcome, Response) or answered.interrupted:
                return
            pause: float | None = 0.0  # the circuit says when
            if not answered.excused:
                tries = tries or self._retries.begin()
                pause = tries.pause_after(outcome)
            if pause is None:
                return
            self.meter.retried += 1
            await line.circuit.pause(pause)

    async def _attempt(self, line: _Line, call: Call, answered: Answered) -> Outcome:
        async with line.window.turn():
            try:
                while not await self._sent_once(line, call, answered):
                    pass
            except BaseException:
                line.circuit.left()
                raise
            await self._learn(line, call, answered)
        return answered.attempts[-1].outcome

    async def _sent_once(self, line: _Line, call: Call, answered: Answered) -> bool:
        """Wait for all that a call must have, and send it; False where the circuit opens meanwhile.

        Then nothing is held on to while it waits: the probe may need just that.
        """
        await line.circuit.admit(fresh=not answered.attempts)
        admitted = await line.rates.admit(call.worst.tokens or 0)
        try:
            reserved = await self.meter.reserve(call.worst, call.purpose)
            try:
                await self._places.acquire()
            except BaseException:
                reserved.cancel()
                raise
        except BaseException:
            line.rates.withdraw(admitted)
            raise
        try:
            if not line.circuit.lets_in():
                line.rates.withdraw(admitted)
                reserved.cancel()
                return False
            with reserved:  # left without an answer, it counts as lost
                outcome = await self._send(call, answered)
                if isinstance(outcome, Response):
                    reserved.settle(outcome)
                else:
                    reserved.lose(outcome)
        finally:
            self._places.release()
        line.rates.settle(admitted, _used(call, outcome))
        return True

    async def _send(self, call: Call, answered: Answered) -> Outcome:
        """Ask once. What was sent is waited for though nobody wants it any more: it is paid for."""
        began = self._clock()
        task = asyncio.ensure_future(call.ask())
        self._sent.add(task)
        try:
            outcome, interrupted = await see_through(task, self._tell_interrupt)
        except asyncio.CancelledError:
            _unheeded(call.lost(call.worst.usd))  # it was sent, and nobody waits any more
            raise
        finally:
            self._sent.discard(task)
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
        answered.excused = line.circuit.failed(
            outcome, answered.number, since=answered.attempts[0].ended
        )
        if outcome.billable:
            await call.lost(call.worst.usd)
        line.circuit.check()


def _unheeded(work: Awaitable[None]) -> None:
    """Let it end by itself."""
    if isinstance(work, asyncio.Future):
        work.add_done_callback(lambda done: done.cancelled() or done.exception())


def _used(call: Call, outcome: Outcome) -> int:
    """Tokens that count towards the provider's limits a minute."""
    if isinstance(outcome, Response) and outcome.usage is not None:
        return outcome.usage.input_tokens + outcome.usage.output_tokens
    if isinstance(outcome, Failure) and not outcome.billable:
        return 0
    return call.worst.tokens or 0


def _hopeless(model: str, failure: Failure) -> ModelDownError:
    return ModelDownError(
        f"{model}: {failure.message}",
        hint="no other call can succeed either, so the run stopped; what was paid for is kept",
    )
