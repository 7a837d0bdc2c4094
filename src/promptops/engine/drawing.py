"""Drawing a response: from the store, else from the model; kept before anybody sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

from promptops.engine.calling.calling import Answered, Call, Calling
from promptops.engine.calling.seeing_through import see_through
from promptops.engine.calling.spending import Meter
from promptops.engine.calling.terms import Terms
from promptops.engine.calling.worst_case import worst_of
from promptops.engine.observing import Observed
from promptops.engine.supplying import Unasked, checked_vector
from promptops.errors import InputError, NoVerdictError, StoreError
from promptops.models.endpoints import endpoint, missing_credentials
from promptops.models.prices import price
from promptops.values.account import Account
from promptops.values.observing import Observer, unobserved
from promptops.values.quota import Quota
from promptops.values.request import Message, Request, request_key
from promptops.values.response import Outcome, Response
from promptops.values.sample import Source

Slot = tuple[str, int]
"""A request key and a sample index."""

Ask = Callable[[], Coroutine[Any, Any, Outcome]]
"""Asks once."""

LOOK_AGAIN_SECONDS = 0.1
"""How often it is looked whether another process has the answer that it is drawing."""


HEAR_SECONDS = 0.01


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

    def quota(self, model: str) -> Quota | None:
        """What the provider last said of its limits."""
        ...

    def price_entry(self, digest: str) -> Mapping[str, Any] | None:
        """What a response was priced by."""
        ...


class Kept(Protocol):
    """Where responses outlive the process; `store` has the real one."""

    def find(self, draws: Sequence[Slot]) -> dict[Slot, Response]: ...

    def drawn_by(self, key: str, sample: int) -> str | None:
        """The run that drew what is kept."""
        ...

    async def keep(self, key: str, sample: int, response: Response, account: Account) -> None: ...

    def lose(
        self, key: str, sample: int, account: Account, at_risk_usd: float | None
    ) -> Awaitable[None]:
        """It is written though nobody waits."""
        ...

    def keep_price(self, digest: str, model: str, entry: Mapping[str, Any]) -> None: ...

    def take(self, key: str, sample: int) -> bool:
        """Claim the drawing of a slot; False where another process draws it."""
        ...

    def release(self, key: str, sample: int) -> None: ...


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
        terms: Terms | None = None,
        observer: Observer = unobserved,
    ) -> None:
        self._kept = kept
        self._open_answers = open_answers
        self._environ = environ
        self._ready: asyncio.Task[None] | None = None
        self._under_way: dict[Slot, asyncio.Future[Drawn]] = {}
        self._priced: set[str] = set()
        self.terms = terms or Terms()
        self.meter = Meter(self.terms.limits)
        self.calling = Calling(self.terms, self.meter)
        self.observed = Observed(observer, environ)
        self.models: Sequence[str] = ()
        """Who may be asked."""
        self.resumed: str | None = None
        """A run that goes on: what it drew before it was broken off was made by it."""
        self.on_answer: Callable[[Slot, Request, Account], None] | None = None
        """Told of every answer that is used, kept ones and judges' too; it is kept by then."""
        self.supplied = isinstance(environ, Unasked)
        """Nobody is asked: the answers were recorded."""

    def key(self, request: Request) -> str:
        """The request key, the endpoint included."""
        return request_key(request, endpoint(request.model, self._environ))

    async def draw(self, request: Request, key: str, index: int, account: Account) -> Drawn:
        """The response for a request, its key and sample index; drawn once, however many ask.

        Raises:
            NoVerdictError: no call can succeed any more, or the budget is spent.
        """

        async def ask() -> Outcome:
            return await self._open_answers().respond(
                request, index=index, deadline_seconds=self.terms.timeout_seconds
            )

        return await self._once((key, index), request, account, ask)

    async def embed(self, text: str, account: Account) -> Drawn:
        """The response whose content is the vector of a text, as a JSON list.

        Raises:
            NoVerdictError: as `draw`.
        """
        model = account.model

        async def ask() -> Outcome:
            return await self._open_answers().embed(
                model, text, deadline_seconds=self.terms.timeout_seconds
            )

        asked = Request(model, (Message("user", text),), {"embedding": True})
        drawn = await self._once((self.key(asked), 0), asked, account, ask)
        return replace(drawn, outcome=checked_vector(drawn.outcome)) if self.supplied else drawn

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
        # Importing takes seconds, in which somebody may have said to stop: let that be heard.
        await asyncio.sleep(HEAR_SECONDS)

    async def _prepare_late(self) -> None:
        """In a run that was kept up to here."""
        try:
            await self.prepare()
        except InputError as error:
            raise NoVerdictError(error.message, hint=error.hint) from None

    async def _once(self, slot: Slot, request: Request, account: Account, ask: Ask) -> Drawn:
        drawn = self._find(slot) or await self._shared(slot, request, account, ask)
        if self.on_answer is not None and isinstance(drawn.outcome, Response):
            self.on_answer(slot, request, account)
        return drawn

    async def _shared(self, slot: Slot, request: Request, account: Account, ask: Ask) -> Drawn:
        """Made once, though several may want it at the same time."""
        if slot in self._under_way:
            drawn = await asyncio.shield(self._under_way[slot])
            return Drawn(drawn.outcome, "cached")
        future = asyncio.get_running_loop().create_future()
        self._under_way[slot] = future
        try:
            drawn = await self._make(slot, request, account, ask)
        except Exception as error:
            future.set_exception(error)
            future.exception()  # seen: nobody may be waiting
            raise
        except BaseException:
            future.cancel()
            raise
        finally:
            del self._under_way[slot]
        future.set_result(drawn)
        return drawn

    def _find(self, slot: Slot) -> Drawn | None:
        found = self._kept.find([slot])
        if not found:
            return None
        made = self.resumed is not None and self._kept.drawn_by(*slot) == self.resumed
        return Drawn(found[slot], "made" if made else "cached")

    async def _make(self, slot: Slot, request: Request, account: Account, ask: Ask) -> Drawn:
        """Draw it, unless another process is doing so: then wait for what that one keeps."""
        if self.supplied:  # nobody is called: there is nothing to pace, to count or to pay for
            return Drawn(await ask(), "made")
        if self.models:
            await self._prepare_late()
        waited = 0.0
        while not self._kept.take(*slot):
            if waited > self.terms.patience_seconds:
                raise NoVerdictError(
                    "another process on this store has been drawing an answer that is wanted here"
                    f" for {waited:.0f} s, and does not come to its end",
                    hint="let it end, or stop it: what it has paid for is kept",
                )
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
            waited += LOOK_AGAIN_SECONDS
            if found := self._find(slot):
                return found
        try:
            if found := self._find(slot):  # by another process, a moment ago
                return found
            answered = await self._have(slot, request, account, ask)
        finally:
            self._kept.release(*slot)
        if answered.interrupted:
            raise asyncio.CancelledError
        return Drawn(answered.outcome, "made", answered.retries)

    async def _have(self, slot: Slot, request: Request, account: Account, ask: Ask) -> Answered:
        """The answer, kept before anybody sees it."""
        model = request.model

        def lost(usd: float | None) -> Awaitable[None]:
            return self._kept.lose(*slot, account, usd)

        worst = worst_of(request, account.purpose, price(model, self.terms.prices))
        quota = partial(self._open_answers().quota, model)
        call = Call(model, account.purpose, worst, ask, lost, quota)
        answered = Answered()
        try:
            await self.calling.answer(call, answered)
            if isinstance(answered.outcome, Response):
                await self._keep(slot, answered, account)
        finally:
            self.observed.call(account, request, answered.attempts)
        return answered

    async def _keep(self, slot: Slot, answered: Answered, account: Account) -> None:
        """Where that fails, nothing more is paid for."""
        response = answered.outcome
        assert isinstance(response, Response)
        try:
            self._keep_price(account.model, response)
            writing = asyncio.ensure_future(self._kept.keep(*slot, response, account))
            _, interrupted = await see_through(writing)
        except StoreError as error:
            self.calling.end(error)
            raise
        answered.interrupted = answered.interrupted or interrupted

    def _keep_price(self, model: str, response: Response) -> None:
        """What it was priced by, once."""
        digest = response.price
        if digest is None or digest in self._priced:
            return
        self._priced.add(digest)
        entry = self._open_answers().price_entry(digest)
        if entry is not None:
            self._kept.keep_price(digest, model, entry)


def check_keys(models: Iterable[str], environ: Mapping[str, str]) -> None:
    """Hold that the environment has what every model needs to be asked.

    Raises:
        InputError: a key is missing.
    """
    if isinstance(environ, Unasked):
        return
    for model in models:
        problem = missing_credentials(model, environ)
        if problem:
            raise InputError(
                problem,
                hint="or try the embedded model: promptops eval --model embedded/smollm2-135m",
            )
