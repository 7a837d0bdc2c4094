"""A llama.cpp server inside this process. Imported by name only: xllamacpp is an extra.

Each has one thread and answers one call at a time; several of them share the weights' memory.  One
server with several threads is as fast on an idle machine, and ten times slower where other work
holds a core: its threads wait for one another at every layer, spinning.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import xllamacpp

from promptops.models.provider import ProviderError

Chunk = dict[str, Any]

_PLACES = 2


class Llama:
    """One loaded model. Calls block, and are made from one thread at a time."""

    def __init__(self, path: Path, *, context: int) -> None:
        params = xllamacpp.CommonParams()
        params.model.path = str(path)
        # Two places for prompts, though one call is made at a time: the arms of a comparison take
        # turns, and each finds the beginning that its last prompt shares with this one.
        params.n_ctx = context * _PLACES
        params.n_parallel = _PLACES
        params.cpuparams.n_threads = 1
        params.cpuparams_batch.n_threads = 1
        params.cache_ram_mib = 0  # the cache of the last prompt is enough; memory stays flat
        params.verbosity = -1
        # The server cannot be made without a listening socket. It is on loopback, on a free port,
        # and answers nobody: the key is drawn here and thrown away.
        params.hostnames = ["127.0.0.1"]
        params.port = 0
        params.api_keys = [secrets.token_hex(32)]
        params.ui = False
        params.endpoint_slots = False
        params.n_threads_http = 1
        self._server = xllamacpp.Server(params)

    def chat(self, body: dict[str, Any], cancelled: threading.Event) -> dict[str, Any]:
        """Answer a chat-completions body. Streams, so that `cancelled` stops it at the next token.

        Raises:
            ProviderError: the server refused it.
        """
        chunks: list[Chunk] = []

        def take(chunk: Chunk) -> bool:
            chunks.append(chunk)
            return cancelled.is_set()

        asked = {**body, "stream": True, "stream_options": {"include_usage": True}}
        self._call(asked, take)
        if cancelled.is_set():
            raise ProviderError(408, "cancelled")
        return _whole(chunks)

    def count(self, body: dict[str, Any]) -> int:
        """Tokens of the prompt, counted by evaluating it (and one token more)."""
        answer = self._call({**body, "max_tokens": 1}, None)
        return int(answer["usage"]["prompt_tokens"])

    def _call(self, body: dict[str, Any], take: Callable[[Chunk], bool] | None) -> dict[str, Any]:
        try:
            if take is None:
                answer = self._server.handle_chat_completions(body)
            else:
                answer = self._server.handle_chat_completions(body, take)
        except (ValueError, RuntimeError) as error:  # a schema that no grammar can be made of
            raise ProviderError(400, str(error)) from error
        return _checked(answer) if isinstance(answer, dict) else {}


def _checked(answer: dict[str, Any]) -> dict[str, Any]:
    if problem := answer.get("error"):
        raise ProviderError(int(problem.get("code", 500)), str(problem.get("message", problem)))
    return answer


def _whole(chunks: list[Chunk]) -> dict[str, Any]:
    """Chunks of a stream into the answer that they are pieces of."""
    text: list[str] = []
    whole: dict[str, Any] = {}
    reason = None
    for chunk in chunks:
        _checked(chunk)
        whole |= {key: value for key, value in chunk.items() if key != "choices"}
        for choice in chunk.get("choices", ()):
            text.append(choice.get("delta", {}).get("content") or "")
            reason = choice.get("finish_reason") or reason
    message = {"role": "assistant", "content": "".join(text)}
    choice = {"index": 0, "message": message, "finish_reason": reason}
    return {**whole, "object": "chat.completion", "choices": [choice]}
