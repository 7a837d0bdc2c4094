"""Drawing a response: from the store, else from the model; kept before anybody sees it."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from promptops.engine.spending import Limits, Meter
from promptops.errors import InputError, NoVerdictError
from promptops.models.endpoints import endpoint, missing_credentials
from promptops.values.request import Message, Request, request_key
from promptops.values.response import Failure, Outcome, Response
from promptops.values.sample import Source

ATTEMPTS = 5
DEADLINE_SECONDS = 120.0
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 60.0
DOWN_AFTER = 10
"""Calls to one model that fail for good, one after the other, before it is asked no more."""


class Answers(Protocol):
    """Whoever brings responses; `models` has the real ones."""

    async def prepare(self, models: Iterable[str]) -> None:
        """Make ready what will be asked, or raise InputError."""
        ...

    async def respond(self, request: Request, *, index: int, deadline_seconds: float) -> Outcome:
        """One attempt; a failure is a value."""
        ...

    async def embed(self, model: str, text: str, *, deadline_seconds: float) -> Outcome:
        """One attempt at a vector, which is the response's content, as a JSON list."""
        ...


class Kept(Protocol):
    """Where responses outlive the process; `store` has the real one."""

    def find(self, draws: Sequence[tuple[str, int]]) -> dict[tuple[str, int], Response]: ...

    async def keep(self, key: str, sample: int, model: str, response: Response) -> None: ...


@dataclass(frozen=True, slots=True)
class Drawn:
    """An outcome and where it came from."""

    outcome: Outcome
    source: Source
    retries: int = 0


class Drawing:
    """Draws responses for samples, judges and embeddings alike.

    `open_answers` is called when the first response is not in the store, and never before: a run
    that is fully kept needs no model.
    """

    def __init__(
        self,
        kept: Kept,
        open_answers: Callable[[], Answers],
        environ: Mapping[str, str],
        limits: Limits | None = None,
    ) -> None:
        self._kept = kept
        self._open_answers = open_answers
        self._environ = environ
        self._ready: asyncio.Task[None] | None = None
        self._under_way: dict[tuple[str, int], asyncio.Future[Drawn]] = {}
        self._lost_in_a_row: Counter[str] = Counter()
        self.limits = limits or Limits()
        self.meter = Meter()
        self.models: Sequence[str] = ()
        """Who may be asked."""

    def key(self, request: Request) -> str:
        """The request key, the endpoint included."""
        return request_key(request, endpoint(request.model, self._environ))

    async def draw(self, request: Request, key: str, index: int) -> Drawn:
        """The response for a request, its key and sample index; drawn once, however many ask.

        Raises:
            NoVerdictError: no call can succeed any more, or the budget is spent.
        """

        async def call() -> Outcome:
            return await self._open_answers().respond(
                request, index=index, deadline_seconds=DEADLINE_SECONDS
            )

        return await self._once(key, index, request.model, call)

    async def embed(self, model: str, text: str) -> Drawn:
        """The response whose content is the vector of a text, as a JSON list.

        Raises:
            NoVerdictError: as `draw`.
        """

        async def call() -> Outcome:
            return await self._open_answers().embed(model, text, deadline_seconds=DEADLINE_SECONDS)

        asked = Request(model, (Message("user", text),), {"embedding": True})
        return await self._once(self.key(asked), 0, model, call)

    async def prepare(self) -> None:
        """Make ready whoever may be asked, once.

        Raises:
            InputError: one of them cannot be asked at all.
        """
        if self._ready is None:
            self._ready = asyncio.create_task(self._prepare())
        await asyncio.shield(self._ready)

    async def _prepare(self) -> None:
        check_keys(self.models, self._environ)
        await self._open_answers().prepare(self.models)

    async def _prepare_late(self) -> None:
        """In a run that was kept up to here."""
        try:
            await self.prepare()
        except InputError as error:
            raise NoVerdictError(error.message, hint=error.hint) from None

    async def _once(
        self, key: str, index: int, model: str, call: Callable[[], Awaitable[Outcome]]
    ) -> Drawn:
        slot = (key, index)
        found = self._kept.find([slot])
        if found:
            return Drawn(found[slot], "cached")
        if slot in self._under_way:
            drawn = await asyncio.shield(self._under_way[slot])
            return Drawn(drawn.outcome, "cached")
        future = asyncio.get_running_loop().create_future()
        self._under_way[slot] = future
        try:
            drawn = await self._make(slot, model, call)
        except BaseException as error:
            future.set_exception(error)
            future.exception()  # seen: nobody may be waiting
            raise
        finally:
            del self._under_way[slot]
        future.set_result(drawn)
        return drawn

    async def _make(
        self, slot: tuple[str, int], model: str, call: Callable[[], Awaitable[Outcome]]
    ) -> Drawn:
        if self.models:
            await self._prepare_late()
        outcome = await self._attempt(model, call)
        attempt = 0
        while isinstance(outcome, Failure) and outcome.retryable and attempt < ATTEMPTS - 1:
            attempt += 1
            self.meter.retried += 1
            await asyncio.sleep(_pause(attempt, outcome.retry_after_seconds))
            outcome = await self._attempt(model, call)
        if isinstance(outcome, Response):
            self._lost_in_a_row[model] = 0
            self.meter.pay(outcome)
            await self._kept.keep(*slot, model, outcome)
        elif outcome.retryable:
            self._lost_in_a_row[model] += 1
        return Drawn(outcome, "made", attempt)

    async def _attempt(self, model: str, call: Callable[[], Awaitable[Outcome]]) -> Outcome:
        self.meter.allow(self.limits)
        if self._lost_in_a_row[model] >= DOWN_AFTER:
            raise NoVerdictError(
                f"{model}: {DOWN_AFTER} calls in a row failed, so it is not asked any more",
                hint="what was paid for is kept: the same command goes on from here",
            )
        self.meter.in_flight += 1
        try:
            outcome = await call()
        finally:
            self.meter.in_flight -= 1
            self.meter.made += 1
        if isinstance(outcome, Failure) and outcome.fatal:
            raise NoVerdictError(
                f"{model}: {outcome.message}",
                hint="no other call can succeed either, so the run stopped; "
                "what was paid for is kept",
            )
        return outcome


def check_keys(models: Iterable[str], environ: Mapping[str, str]) -> None:
    """Hold that the environment has what every model needs to be asked.

    Raises:
        InputError: a key is missing.
    """
    for model in models:
        problem = missing_credentials(model, environ)
        if problem:
            raise InputError(
                problem, hint="or try the embedded model: --model embedded/smollm2-135m"
            )


def _pause(attempt: int, asked_seconds: float | None) -> float:
    """Seconds to wait: full jitter, and no less than the provider asks, capped."""
    most = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**attempt)
    jitter = random.uniform(0, most)  # noqa: S311 - spreads load, keeps no secret
    return min(LONGEST_PAUSE_SECONDS, max(asked_seconds or 0.0, jitter))
