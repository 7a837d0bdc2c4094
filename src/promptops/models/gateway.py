"""The only file that imports litellm: any model string in, a `Response` or a `Failure` out.

One attempt per call, under a total deadline.  Import it through `opening.open_model` alone: it
takes seconds, and what is set below must be set before litellm is imported anywhere.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextvars import ContextVar
from functools import cache
from typing import Any

# Prices come with the package: otherwise they are fetched, and may change in the middle of a run.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
os.environ["LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS"] = "True"
# Otherwise a `.env` near the checkout is loaded, which can redirect traffic and steal keys.
os.environ["LITELLM_MODE"] = "PRODUCTION"
# What is asked, and headers with it, would be printed: read when the packages are imported.
os.environ.pop("ANTHROPIC_LOG", None)
os.environ.pop("JSON_LOGS", None)
os.environ.pop("LITELLM_DEBUG", None)
os.environ.pop("LITELLM_LOG", None)
os.environ.pop("LITELLM_PRINT_STANDARD_LOGGING_PAYLOAD", None)
os.environ.pop("OPENAI_LOG", None)

import litellm  # after the settings above
import msgspec
from litellm.caching.llm_caching_handler import LLMClientCache
from litellm.llms.custom_httpx import http_handler

from promptops.errors import InputError
from promptops.models.answers import read_answer, read_vector
from promptops.models.bodies import chat_body
from promptops.models.costs import Costs
from promptops.models.discovery import load_provider, provider_names
from promptops.models.endpoints import provider_of
from promptops.models.failures import failure_of, inspect
from promptops.models.price_entry import read_entry
from promptops.models.provider import Provider
from promptops.models.quotas import read_quota
from promptops.models.redaction import Redactor
from promptops.models.silence import silence
from promptops.models.transport import Client, Transport, listening
from promptops.values.price import StatedPrice
from promptops.values.quota import Quota
from promptops.values.request import Request
from promptops.values.response import Failure, Outcome

_STATED_COST = "llm_provider-x-litellm-response-cost"
"""A header by which a server says what an answer cost; the list says it here."""

_OURS = "promptops_call"
"""The one parameter that reaches a provider of ours, so that litellm drops and renames none."""


class Gateway:
    """Implements `promptops.models.model.Model`; safe under many concurrent calls on one loop."""

    def __init__(
        self, environ: Mapping[str, str], prices: Mapping[str, StatedPrice] | None = None
    ) -> None:
        _quiet()
        self._transport = _transport()
        self._redact = Redactor(environ)
        self._costs = Costs(prices or {}, _list_entry)
        self._quotas: dict[str, Quota] = {}
        self._turns: dict[str, asyncio.Semaphore] = {}
        self._used: set[str] = set()
        self._ready: set[str] = set()

    async def prepare(self, models: Iterable[str]) -> None:
        for model in models:
            if provider := self._provider(model):
                await asyncio.to_thread(provider.prepare, model)
                self._ready.add(model)
            else:
                _check_known(model)

    async def respond(
        self, request: Request, *, index: int = 0, deadline_seconds: float = 120.0
    ) -> Outcome:
        provider = self._provider(request.model)
        if provider is None:
            structured = request.output_schema is not None and _takes_schema(request.model)
            body = chat_body(request, structured=structured)
            return await self._ask(request.model, body, deadline_seconds)
        body = chat_body(request, structured=True)
        provider.check_body(body)
        async with self._turn(request.model, provider):
            # Inside the turn: what waits for its turn has not yet been asked.
            if request.model not in self._ready:
                await self.prepare([request.model])
            call = {"body": body, "index": index, "deadline_seconds": deadline_seconds}
            return await self._ask(
                request.model, {"messages": body["messages"], _OURS: call}, deadline_seconds
            )

    async def embed(self, model: str, text: str, *, deadline_seconds: float = 120.0) -> Outcome:
        if self._provider(model):
            raise InputError(f"{model} is a chat model and gives no embeddings")
        began = time.perf_counter()
        try:
            with _unlogged():
                async with asyncio.timeout(deadline_seconds):
                    answer = await litellm.aembedding(
                        model=model,
                        input=[text],
                        timeout=deadline_seconds,
                        max_retries=0,
                        num_retries=0,
                    )
        except Exception as error:  # noqa: BLE001  # whatever it is, it becomes a value
            return self._failure(error, model)
        self._hear(answer, model)
        outcome = read_vector(answer.model_dump(warnings=False), self._redact)
        return self._priced(outcome, answer, model, began)

    def quota(self, model: str) -> Quota | None:
        return self._quotas.get(model)

    def price_entry(self, price: str) -> dict[str, Any] | None:
        return self._costs.entries.get(price)

    def count_tokens(self, request: Request) -> int:
        body = chat_body(request, structured=False)
        if provider := self._provider(request.model):
            return provider.count_tokens(request.model, body)
        return int(
            litellm.token_counter(
                model=request.model, messages=body["messages"], tools=body.get("tools")
            )
        )

    async def close(self) -> None:
        await litellm.close_litellm_async_clients()
        litellm.in_memory_llm_clients_cache.flush_cache()  # else a later run meets closed clients
        await self._transport.aclose()
        for _ in range(2):  # their finalisers leave a task each, which must be let to end
            await asyncio.sleep(0)
        for name in sorted(self._used):
            await asyncio.to_thread(load_provider(name).close)
        self._used.clear()
        self._ready.clear()
        self._turns.clear()

    async def _ask(self, model: str, body: dict[str, Any], deadline_seconds: float) -> Outcome:
        began = time.perf_counter()
        try:
            with _unlogged(), listening() as heard:
                async with asyncio.timeout(deadline_seconds):
                    answer = await litellm.acompletion(
                        model=model,
                        **body,
                        timeout=deadline_seconds,
                        max_retries=0,
                        num_retries=0,
                        # Tools are only described to the model: no server that they name is met.
                        _skip_mcp_handler=True,
                    )
        except Exception as error:  # noqa: BLE001  # whatever it is, it becomes a value
            return self._priced(self._failure(error, model), None, model, began)
        self._hear(answer, model)
        body = answer.model_dump(warnings=False)  # which would quote the answer on stderr
        outcome = read_answer(body, asked=model, redact=self._redact, heard=heard.finish_reason)
        return self._priced(outcome, answer, model, began)

    def _priced(self, outcome: Outcome, answer: Any, model: str, began: float) -> Outcome:
        """A response with its cost and latency; a failure as it is."""
        if isinstance(outcome, Failure):
            return outcome
        elapsed = time.perf_counter() - began
        usd, entry = self._costs.cost(outcome, model, lambda: _worked_out(answer, model))
        return msgspec.structs.replace(outcome, cost_usd=usd, price=entry, latency_seconds=elapsed)

    def _hear(self, answer: Any, model: str) -> None:
        """Note what the answer's headers say of the provider's limits, and nothing else of them."""
        headers = answer._hidden_params.get("additional_headers")  # noqa: SLF001
        if headers and (quota := read_quota(headers, provider_of(model))):
            self._quotas[model] = quota

    def _failure(self, error: Exception, model: str) -> Outcome:
        fault = inspect(error)
        if quota := read_quota(fault.headers, provider_of(model)):
            self._quotas[model] = quota
        return failure_of(fault, self._redact)

    def _provider(self, model: str) -> Provider | None:
        name = provider_of(model)
        if name not in provider_names():
            return None
        provider = load_provider(name)
        provider.check_model(model)
        self._used.add(name)
        return provider

    def _turn(self, model: str, provider: Provider) -> asyncio.Semaphore:
        name = provider_of(model)
        return self._turns.setdefault(name, asyncio.Semaphore(provider.parallel))


class _Adapter(litellm.CustomLLM):  # type: ignore[misc]  # litellm is not checked
    """A provider of ours as litellm sees it."""

    def __init__(self, provider: Provider, prefix: str) -> None:
        super().__init__()
        self._provider = provider
        self._prefix = prefix

    async def acompletion(self, model: str, *_: Any, **kwargs: Any) -> Any:
        call = kwargs["optional_params"][_OURS]
        answer = await self._provider.complete(f"{self._prefix}/{model}", **call)
        return litellm.ModelResponse(**answer)


class _Clients(LLMClientCache):  # type: ignore[misc]  # litellm is not checked
    """litellm's cache of what it sends requests with, where each is made to send them our way.

    OpenAI's package is given `litellm.aclient_session` instead.
    """

    def set_cache(self, key: str, value: Any, **kwargs: Any) -> None:
        if isinstance(value, http_handler.AsyncHTTPHandler):
            value.client = Client(_transport(), value.client.headers)
        elif isinstance(value, http_handler.HTTPHandler):  # of the few that know no other
            value.client.follow_redirects = False
        super().set_cache(key, value, **kwargs)


@cache
def _transport() -> Transport:
    """What every request of litellm's goes through from now on."""
    transport = Transport(http_handler.get_ssl_configuration)
    litellm.aclient_session = Client(transport)
    litellm.in_memory_llm_clients_cache = _Clients()
    return transport


def _worked_out(answer: Any, model: str) -> float | None:
    """US dollars as litellm has worked them out already, else asked for once more."""
    hidden = answer._hidden_params  # noqa: SLF001
    known = hidden.get("response_cost")
    stated = _STATED_COST in (hidden.get("additional_headers") or ())
    if isinstance(known, (int, float)) and known > 0 and not stated:
        return float(known)
    try:
        return float(litellm.completion_cost(completion_response=answer, model=model))
    except Exception:  # noqa: BLE001  # a price that cannot be told is unknown
        return None


def _list_entry(model: str) -> dict[str, Any] | None:
    """The list's entry of a model, where it has prices by the token."""
    try:
        key = litellm.get_model_info(model)["key"]
    except Exception:  # noqa: BLE001  # it raises a plain Exception for models that it does not know
        return None
    entry = litellm.model_cost.get(key)
    # litellm says 0 where its list says nothing; the list itself is asked whether it means it.
    return entry if isinstance(entry, dict) and read_entry(entry, key) else None


def _check_known(model: str) -> None:
    """Refuse a model string in which litellm finds no provider."""
    try:
        litellm.get_llm_provider(model)
    except Exception:  # noqa: BLE001  # a BadRequestError, though nothing was requested
        raise InputError(
            f"no provider is known for the model {model!r}",
            hint="write it as provider/model, such as openai/gpt-4.1-mini",
        ) from None


@cache
def _takes_schema(model: str) -> bool:
    return bool(litellm.supports_response_schema(model=model))


@cache
def _quiet() -> None:
    """Nothing printed, nothing reported home, nothing fetched; and our providers made known."""
    litellm.suppress_debug_info = True
    litellm.set_verbose = False
    litellm.telemetry = False
    litellm.turn_off_message_logging = True
    litellm.disable_hf_tokenizer_download = True
    litellm.drop_params = False  # a parameter that a provider does not take is an error, not a loss
    litellm.modify_params = False
    silence()
    # Of an answer that is not as the format has it; the warning quotes it.
    warnings.filterwarnings("ignore", "Pydantic serializer warnings", UserWarning)
    # Of types that litellm builds at the first answer; as an error it would pass for a bad answer.
    warnings.filterwarnings("ignore", "Items? .* on TypedDict class", UserWarning)
    litellm.custom_provider_map = [
        {"provider": name, "custom_handler": _Adapter(load_provider(name), name)}
        for name in provider_names()
    ]


@contextlib.contextmanager
def _unlogged() -> Iterator[None]:
    """Skip litellm's success logging, which nobody reads here: a quarter of its CPU, and a task
    that outlives the call.
    """
    flag = getattr(litellm.utils, "is_internal_call", None)
    if not isinstance(flag, ContextVar):  # another version: slower, not wrong
        yield
        return
    token = flag.set(True)
    try:
        yield
    finally:
        flag.reset(token)
