"""A real HTTP server on 127.0.0.1 that speaks the wire formats of models, scripted by a function.

It runs on an event loop in a thread of its own, records what it was asked, and can answer with any
status, header or bytes, late, slowly or cut short.  What a script says as plain text is sent in the
format in which it was asked: OpenAI's, Anthropic's or Gemini's (`tests/wire.py`).  Behind the real
litellm it is `openai/<model>`, or what `environ_of` makes of another provider:

    with Loopback(lambda asked: asked.last_user.upper()) as server:
        os.environ.update(server.environ)

`python -m tests.loopback --delay 0.05` serves from a process of its own, for benchmarks.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import json
import math
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

from tests.wire import KEYS, Counts, Said, Wire, spoken

KEY = KEYS["openai"]
REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 429: "Too Many"}
DIMENSIONS = 32


@dataclass(frozen=True)
class Asked:
    """One request as it came in."""

    method: str
    path: str
    headers: dict[str, str]
    """Names in lower case."""
    body: dict[str, Any]
    index: int
    """Its place in the order of arrival, from 0."""
    at: float
    """When it arrived, on the monotonic clock, in seconds."""

    @property
    def model(self) -> str:
        return str(self.body.get("model", ""))

    @property
    def messages(self) -> list[dict[str, Any]]:
        return list(self.body.get("messages", []))

    @property
    def wire(self) -> Wire | None:
        """The format of a chat; None for what is none."""
        return spoken(self.path)

    @property
    def last_user(self) -> str:
        """The text of the last user message; empty when there is none."""
        if self.wire:
            return self.wire.question(self.body)
        contents = [each.get("content") for each in self.messages if each.get("role") == "user"]
        content = contents[-1] if contents else None
        if isinstance(content, list):
            return "".join(str(part.get("text", "")) for part in content)
        return str(content or "")


@dataclass(frozen=True)
class Reply:
    """Anything a server may do."""

    body: str | bytes | dict[str, Any] | list[Any] = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    delay_seconds: float = 0.0
    cut_after: int | None = None
    """Announce the whole body, send this many bytes of it, close."""
    drip_seconds: float = 0.0
    """Wait this long before every byte of the body."""
    reset: bool = False
    """Close with a reset, without a word."""
    raw: bytes | None = None
    """These bytes instead of an HTTP answer."""
    version: str = "HTTP/1.1"
    length: int | None = None
    """The announced length, where it is not the body's; afterwards the connection is closed."""
    chunk: int | None = None
    """Sent in chunks of so many bytes; with `cut_after`, without their end."""
    slow_head_seconds: float = 0.0
    """Wait this long before every header."""
    times: int = 1
    """How often the whole answer is sent on one connection."""


Answer = str | dict[str, Any] | Reply
Script = Callable[[Asked], Answer]


def completion(
    content: str | None,
    *,
    asked: Asked | None = None,
    model: str | None = None,
    finish_reason: str | None = "stop",
    tool_calls: list[dict[str, Any]] | None = None,
    refusal: str | None = None,
    usage: dict[str, Any] | bool | None = True,
) -> dict[str, Any]:
    """A chat.completion body. `usage=True` counts words; a mapping is sent as is."""
    message: dict[str, Any] = {"role": "assistant", "content": content}
    if tool_calls is not None:
        message["tool_calls"] = tool_calls
    if refusal is not None:
        message["refusal"] = refusal
    body: dict[str, Any] = {
        "id": f"chatcmpl-{asked.index if asked else 0}",
        "object": "chat.completion",
        "created": 1700000000,
        "model": model or (asked.model if asked else "loopback"),
        "choices": [{"index": 0, "message": message, "finish_reason": finish_reason}],
    }
    if usage is True:
        messages = asked.messages if asked else []
        said = sum(len(str(each.get("content") or "").split()) for each in messages)
        body["usage"] = _usage(said, len(str(content or "").split()))
    elif usage:
        body["usage"] = usage
    return body


def error(
    status: int,
    message: str = "no",
    *,
    type_: str = "server_error",
    code: str | None = None,
    headers: dict[str, str] | None = None,
) -> Reply:
    """An error in OpenAI's format."""
    body = {"error": {"message": message, "type": type_, "param": None, "code": code}}
    return Reply(body, status=status, headers=headers or {})


def embedding(text: str) -> list[float]:
    """A unit vector of the words in a text: texts that share words are near."""
    vector = [0.0] * DIMENSIONS
    for word in re.findall(r"\w+", text.lower()):
        digest = hashlib.sha256(word.encode()).digest()
        vector[digest[0] % DIMENSIONS] += 1.0 if digest[1] % 2 else -1.0
    norm = math.sqrt(sum(each * each for each in vector)) or 1.0
    return [each / norm for each in vector]


def echo(asked: Asked) -> str:
    """The default script: the last user message, as it came."""
    return asked.last_user


class Loopback:
    """The server; use it as a context manager."""

    def __init__(self, script: Script = echo, *, delay_seconds: float = 0.0, port: int = 0) -> None:
        self.script = script
        self.delay_seconds = delay_seconds
        self.requests: list[Asked] = []
        self.problems: list[Exception] = []
        """What the script raised; raised again when the server is left."""
        self.most_at_once = 0
        self._at_once = 0
        self._port = port
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="loopback", daemon=True)

    @property
    def url(self) -> str:
        """The base that clients are given, with `/v1`."""
        return f"{self.origin}/v1"

    @property
    def environ(self) -> dict[str, str]:
        """What the environment must hold for `openai/<model>` to come here."""
        return {"OPENAI_API_BASE": self.url, "OPENAI_API_KEY": KEY, "NO_PROXY": "127.0.0.1"}

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self._port}"

    def environ_of(self, wire: Wire) -> dict[str, str]:
        """What the environment must hold for the models of `wire` to come here."""
        return {**wire.environ(self.origin), "NO_PROXY": "127.0.0.1"}

    @property
    def chats(self) -> list[Asked]:
        return [asked for asked in self.requests if asked.wire]

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._ready.wait(10):
            raise RuntimeError("the loopback server did not start")
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        if self.problems:
            raise self.problems[0]

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self._connection, "127.0.0.1", self._port, backlog=512)
        self._port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        mine = asyncio.current_task()
        rest = [task for task in asyncio.all_tasks() if task is not mine]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (asked := await self._read(reader)) and await self._reply(asked, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _read(self, reader: asyncio.StreamReader) -> Asked | None:
        try:
            first_byte = await reader.readexactly(1)
            if not first_byte.isalpha():  # no HTTP: the start of a TLS handshake, for one
                return None
            head = first_byte + await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return None
        first, *lines = head.decode("latin-1").strip().split("\r\n")
        method, path, _ = first.split(" ", 2)
        headers = {
            name.strip().lower(): value.strip()
            for name, value in (line.split(":", 1) for line in lines)
        }
        data = await reader.readexactly(int(headers.get("content-length", 0)))
        body = json.loads(data) if data else {}
        asked = Asked(method, path, headers, body, len(self.requests), time.monotonic())
        self.requests.append(asked)
        return asked

    def _scripted(self, asked: Asked) -> Reply:
        try:
            return self._answer(asked)
        except Exception as problem:  # noqa: BLE001  # a broken script must show itself
            self.problems.append(problem)
            return error(500, f"the script failed: {problem!r}")

    async def _reply(self, asked: Asked, writer: asyncio.StreamWriter) -> bool:
        """Answer; True when the connection may go on."""
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            reply = self._scripted(asked)
            if wait := reply.delay_seconds or self.delay_seconds:
                await asyncio.sleep(wait)
            return await _send(reply, asked, writer)
        finally:
            self._at_once -= 1

    def _answer(self, asked: Asked) -> Reply:
        answer = self.script(asked)
        if isinstance(answer, Reply):
            return answer
        if asked.path.endswith("/embeddings"):  # a script of texts leaves vectors to us
            return _embeddings(asked)
        if not isinstance(answer, str):
            return Reply(answer)
        return Reply(_plain(answer, asked))


def _plain(text: str, asked: Asked) -> dict[str, Any]:
    """An answer in the format of the question."""
    wire = asked.wire
    if wire is None or wire.name == "openai":
        return completion(text, asked=asked)
    counts = Counts(len(asked.last_user.split()), len(text.split()))
    return wire.answer(Said(text, counts=counts))


async def _send(reply: Reply, asked: Asked, writer: asyncio.StreamWriter) -> bool:
    if reply.reset:
        writer.transport.abort()
        return False
    if reply.raw is not None:
        writer.write(reply.raw)
        await writer.drain()
        return False
    body = reply.body
    data = body if isinstance(body, bytes) else _text(body).encode("utf-8", "surrogatepass")
    for _ in range(reply.times):
        await _send_head(reply, len(data), writer)
        await _send_body(reply, b"" if asked.method == "HEAD" else data, writer)
    await writer.drain()
    return reply.cut_after is None and reply.length is None and reply.version == "HTTP/1.1"


async def _send_head(reply: Reply, size: int, writer: asyncio.StreamWriter) -> None:
    head = {"Content-Type": reply.content_type}
    if reply.chunk:
        head["Transfer-Encoding"] = "chunked"
    else:
        head["Content-Length"] = str(size if reply.length is None else reply.length)
    lines = [f"{reply.version} {reply.status} {REASONS.get(reply.status, 'Status')}"]
    lines += [f"{name}: {value}" for name, value in (head | reply.headers).items()]
    for line in [*lines, ""] if reply.slow_head_seconds else ():
        await asyncio.sleep(reply.slow_head_seconds)
        writer.write(f"{line}\r\n".encode("latin-1"))
        await writer.drain()
    if not reply.slow_head_seconds:
        writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))


async def _send_body(reply: Reply, data: bytes, writer: asyncio.StreamWriter) -> None:
    if reply.chunk:
        sent = data[: reply.cut_after]
        for at in range(0, len(sent), reply.chunk):
            part = sent[at : at + reply.chunk]
            writer.write(b"%x\r\n%b\r\n" % (len(part), part))
        writer.write(b"0\r\n\r\n" if reply.cut_after is None else b"")
    elif reply.drip_seconds:
        for byte in data:
            await asyncio.sleep(reply.drip_seconds)
            writer.write(bytes([byte]))
            await writer.drain()
    else:
        writer.write(data[: reply.cut_after])
    await writer.drain()


def _text(body: str | dict[str, Any] | list[Any]) -> str:
    return body if isinstance(body, str) else json.dumps(body)


def _usage(prompt: int, answer: int) -> dict[str, int]:
    return {
        "prompt_tokens": prompt,
        "completion_tokens": answer,
        "total_tokens": prompt + answer,
    }


def _embeddings(asked: Asked) -> Reply:
    texts = asked.body.get("input", [])
    texts = [texts] if isinstance(texts, str) else texts
    rows = [
        {"object": "embedding", "index": index, "embedding": embedding(text)}
        for index, text in enumerate(texts)
    ]
    used = sum(len(text.split()) for text in texts)
    usage = {"prompt_tokens": used, "total_tokens": used}
    return Reply({"object": "list", "model": asked.model, "data": rows, "usage": usage})


def main() -> None:
    """Serve echoes until standard input ends; print the base URL first."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    with Loopback(delay_seconds=options.delay, port=options.port) as server:
        print(server.url, flush=True)
        with contextlib.suppress(EOFError, KeyboardInterrupt):
            while True:
                input()


if __name__ == "__main__":
    main()
