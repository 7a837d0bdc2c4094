"""Drawing a response: from the store, else from the model; kept before anybody sees it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from promptops.errors import NoVerdictError
from promptops.models.endpoints import endpoint
from promptops.values.request import Message, Request, request_key
from promptops.values.response import Failure, Outcome, Response
from promptops.values.sample import Source

ATTEMPTS = 5
DEADLINE_SECONDS = 120.0
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 60.0


class Answers(Protocol):
    """Whoever brings responses; `models` has the real ones."""

    async def respond(self, request: Request, *, index: int, deadline_seconds: float) -> Outcome:
        """One attempt; a failure is a value."""
        ...

    async def embed(self, model: str, texts: Sequence[str]) -> list[list[float]]:
        """One vector per text."""
        ...

    async def close(self) -> None:
        """Free what is held."""
        ...


class Kept(Protocol):
    """Where responses outlive the process; `store` has the real one."""

    def find(self, draws: Sequence[tuple[str, int]]) -> dict[tuple[str, int], Response]: ...

    async def keep(self, key: str, sample: int, model: str, response: Response) -> None: ...


@dataclass(slots=True)
class Meter:
    """What has been spent so far by this process."""

    made: int = 0
    retried: int = 0
    incurred_usd: float = 0.0
    unpriced: int = 0
    dearest_usd: float = 0.0
    """The dearest single call so far: what a call in flight is taken to cost."""
    in_flight: int = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may spend. None: no limit."""

    usd: float | None = None
    calls: int | None = None


@dataclass(frozen=True, slots=True)
class Drawn:
    """An outcome and where it came from."""

    outcome: Outcome
    source: Source
    retries: int = 0


class Drawing:
    """Draws responses for samples and judges alike.

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
        self._answers: Answers | None = None
        self._environ = environ
        self._under_way: dict[tuple[str, int], asyncio.Future[Drawn]] = {}
        self.limits = limits or Limits()
        self.meter = Meter()

    def key(self, request: Request) -> str:
        """The request key, the endpoint included."""
        return request_key(request, endpoint(request.model, self._environ))

    async def draw(self, request: Request | Callable[[], Request], key: str, index: int) -> Drawn:
        """The response for a request and sample index; drawn at most once, however many ask.

        `request` may be a function, called only when the response has to be made.

        Raises:
            NoVerdictError: no call can succeed any more, or the budget is spent.
        """
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
            drawn = await self._make(request() if callable(request) else request, key, index)
        except BaseException as error:
            future.set_exception(error)
            future.exception()  # seen: nobody may be waiting
            raise
        finally:
            del self._under_way[slot]
        future.set_result(drawn)
        return drawn

    async def embed(self, model: str, texts: Sequence[str]) -> list[list[float]]:
        """One vector per text, from the store where it is there."""
        keys = [
            self.key(Request(model, (Message("user", text),), {"embedding": True}))
            for text in texts
        ]
        found = self._kept.find([(key, 0) for key in keys])
        missing = [
            (key, text) for key, text in zip(keys, texts, strict=True) if (key, 0) not in found
        ]
        if missing:
            self._within_budget()
            vectors = await self._answering().embed(model, [text for _, text in missing])
            self.meter.made += 1
            self.meter.unpriced += 1
            for (key, _), vector in zip(missing, vectors, strict=True):
                response = Response(msgspec.json.encode(vector).decode())
                found[key, 0] = response
                await self._kept.keep(key, 0, model, response)
        return [msgspec.json.decode(found[key, 0].content, type=list[float]) for key in keys]

    def _answering(self) -> Answers:
        if self._answers is None:
            self._answers = self._open_answers()
        return self._answers

    async def _make(self, request: Request, key: str, index: int) -> Drawn:
        outcome: Outcome | None = None
        for attempt in range(ATTEMPTS):
            if isinstance(outcome, Failure):
                self.meter.retried += 1
                await asyncio.sleep(_pause(attempt, outcome.retry_after_seconds))
            outcome = await self._call(request, index)
            if isinstance(outcome, Response):
                self._pay(outcome)
                await self._kept.keep(key, index, request.model, outcome)
                return Drawn(outcome, "made", attempt)
            if outcome.fatal:
                raise NoVerdictError(
                    f"{request.model}: {outcome.message}",
                    hint="no other call can succeed either, so the run stopped; "
                    "what was paid for is kept",
                )
            if not outcome.retryable:
                return Drawn(outcome, "made", attempt)
        assert outcome is not None
        return Drawn(outcome, "made", ATTEMPTS - 1)

    async def _call(self, request: Request, index: int) -> Outcome:
        self._within_budget()
        self.meter.in_flight += 1
        try:
            return await self._answering().respond(
                request, index=index, deadline_seconds=DEADLINE_SECONDS
            )
        finally:
            self.meter.in_flight -= 1
            self.meter.made += 1

    def _pay(self, response: Response) -> None:
        if response.cost_usd is None:
            self.meter.unpriced += 1
            return
        self.meter.incurred_usd += response.cost_usd
        self.meter.dearest_usd = max(self.meter.dearest_usd, response.cost_usd)

    def _within_budget(self) -> None:
        meter, limits = self.meter, self.limits
        if limits.calls is not None and meter.made + meter.in_flight >= limits.calls:
            raise _spent(f"{limits.calls} calls")
        if limits.usd is None:
            return
        if meter.unpriced:
            raise NoVerdictError(
                "the budget in dollars cannot be kept: the price of a call is unknown",
                hint="limit  budget.calls  instead, or use a model with a known price",
            )
        if meter.incurred_usd + (meter.in_flight + 1) * meter.dearest_usd > limits.usd:
            raise _spent(f"${limits.usd:g}")


def _spent(limit: str) -> NoVerdictError:
    return NoVerdictError(
        f"the budget of {limit} is spent before a verdict was reached",
        hint="what was paid for is kept: a larger budget goes on from here",
    )


def _pause(attempt: int, asked_seconds: float | None) -> float:
    """Seconds to wait: full jitter, and no less than the provider asks, capped."""
    most = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2**attempt)
    jitter = random.uniform(0, most)  # noqa: S311 - spreads load, keeps no secret
    return min(LONGEST_PAUSE_SECONDS, max(asked_seconds or 0.0, jitter))
