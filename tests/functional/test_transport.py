"""One HTTP exchange: through the real litellm where a provider is asked, else straight."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import shutil
import ssl
import subprocess
import sys
import warnings
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import httpx
import msgspec
import pytest

from promptops.models.failures import UnusableError
from promptops.models.opening import open_model
from promptops.models.transport import LONGEST_BODY, Client, Transport, listening
from promptops.values.request import Message, Request
from promptops.values.response import Failure, Outcome, Response
from tests.loopback import Asked, Loopback, Reply, Script
from tests.wire import KEYS, WIRES, Said, Wire

T = TypeVar("T")
every_provider = pytest.mark.parametrize("wire", WIRES.values(), ids=WIRES)


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def asked_once(
    model: str, script: Script, environ: Callable[[Loopback], dict[str, str]], text: str = "Say one"
) -> tuple[Outcome, list[Asked]]:
    """What one call comes to, and what the server was asked."""

    async def use() -> Outcome:
        gateway = open_model()
        try:
            return await gateway.respond(
                Request(model, (Message("user", text),), {"max_tokens": 20}), deadline_seconds=20
            )
        finally:
            await gateway.close()

    with Loopback(script) as server, pytest.MonkeyPatch.context() as patch:
        for name, value in environ(server).items():
            patch.setenv(name, value)
        return asyncio.run(use()), server.requests


def told(wire: Wire, body: Any, **fields: Any) -> Outcome:
    """What an answer of this provider comes to."""
    found, requests = asked_once(
        wire.model, lambda _: Reply(body, **fields), lambda server: server.environ_of(wire)
    )
    assert len(requests) == 1
    return found


def straight(use: Callable[[Client], Coroutine[Any, Any, T]], tls: Any = None) -> T:
    """A client over a transport of its own, on a loop of its own."""

    async def inner() -> T:
        transport = Transport(tls or ssl.create_default_context)
        try:
            return await use(Client(transport))
        finally:
            await transport.aclose()

    return asyncio.run(inner())


# Redirects

KEYED = {"groq": "GROQ", "deepseek": "DEEPSEEK", "openrouter": "OPENROUTER", "xai": "XAI"}


def elsewhere(server: Loopback) -> dict[str, str]:
    """Every provider that is asked below, at one server."""
    environ = {
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": KEYS["openai"],
        "AWS_REGION_NAME": "us-east-1",
        "AWS_BEDROCK_RUNTIME_ENDPOINT": server.origin,
        "AZURE_API_BASE": server.origin,
        "AZURE_API_KEY": KEYS["openai"],
        "AZURE_API_VERSION": "2024-06-01",
        "COHERE_API_BASE": server.origin,
        "COHERE_API_KEY": KEYS["openai"],
        "OLLAMA_API_BASE": server.origin,
        "NO_PROXY": "127.0.0.1",
    }
    for wire in WIRES.values():
        environ |= wire.environ(server.origin)
    for stem in KEYED.values():
        environ |= {f"{stem}_API_BASE": server.url, f"{stem}_API_KEY": KEYS["openai"]}
    return environ


# pydantic warns of a class of litellm's that the first provider of some kinds has it make.
@pytest.mark.filterwarnings("ignore:Items? .* on TypedDict")
@pytest.mark.parametrize(
    ("model", "status"),
    [
        *((wire.model, status) for wire in WIRES.values() for status in (301, 302, 303, 307, 308)),
        ("azure/deployment", 307),
        ("cohere_chat/command-r", 307),
        ("deepseek/deepseek-chat", 307),
        ("groq/llama-3.1-8b-instant", 307),
        ("ollama_chat/llama3", 307),
        ("openrouter/openai/gpt-4o", 307),
        ("xai/grok-3", 307),
    ],
)
def test_a_redirect_is_not_followed_by_whichever_client_asks(model: str, status: int):
    with Loopback(lambda _: "from another host") as other:

        def script(asked: Asked) -> Reply:
            place = f"{other.origin}{asked.path}"
            return Reply("", status=status, headers={"Location": place})

        found, requests = asked_once(model, script, elsewhere)
        assert other.requests == []
    assert len(requests) == 1
    assert isinstance(found, Failure), found
    assert (found.kind, found.status) == ("rejected", status)
    assert (found.retryable, found.fatal, found.billable) == (False, True, False)
    assert other.origin in found.message


@pytest.mark.parametrize("place", ["/v2/chat/completions", "", "not an address", "http://["])
def test_a_redirect_to_nowhere_in_particular_is_none_either(place: str):
    wire = WIRES["openai"]
    found = told(wire, "", status=307, headers={"Location": place})
    assert isinstance(found, Failure)
    assert (found.kind, found.fatal) == ("rejected", True)


def test_a_picture_may_be_elsewhere_and_whoever_asked_for_it_decides():
    async def use(client: Client) -> int:
        return (await client.get(server.origin)).status_code

    with Loopback(lambda _: Reply("", status=302, headers={"Location": "/there"})) as server:
        assert straight(use) == 302
        assert len(server.requests) == 1


# Bounds


def packed(size: int) -> bytes:
    return gzip.compress(b" " * size, compresslevel=1)


GZIP = {"Content-Encoding": "gzip"}


@every_provider
def test_a_bomb_is_malformed_and_may_be_billed(wire: Wire):
    found = told(wire, packed(LONGEST_BODY + 1), headers=GZIP)
    assert isinstance(found, Failure)
    assert (found.kind, found.retryable, found.billable) == ("malformed", True, True)
    assert found.message == "the answer is longer than 64 MiB"


def test_the_limit_itself_is_within_it():
    async def use(client: Client) -> int:
        return len((await client.post(server.origin, content=b"{}")).content)

    with Loopback(lambda _: Reply(packed(LONGEST_BODY), headers=GZIP)) as server:
        assert straight(use) == LONGEST_BODY


def test_more_than_the_limit_is_not_read_where_nothing_is_packed():
    async def use(client: Client) -> None:
        with pytest.raises(UnusableError, match="longer than 64 MiB"):
            await client.post(server.origin, content=b"{}")

    with Loopback(lambda _: Reply(b" " * (LONGEST_BODY + 1))) as server:
        straight(use)


@every_provider
def test_an_error_with_a_bomb_is_known_by_its_status(wire: Wire):
    found = told(wire, packed(LONGEST_BODY + 1), status=401, headers=GZIP)
    assert isinstance(found, Failure)
    assert (found.kind, found.fatal, found.status) == ("authentication", True, 401)


@pytest.mark.parametrize(
    ("body", "encoding", "kind"),
    [
        (b"plain", "gzip", "connection"),
        (gzip.compress(b'{"choices": []}', mtime=0)[:-9], "gzip", "connection"),
        (b"plain", "br", "malformed"),
        (b"plain", "gzip, gzip", "malformed"),
    ],
    ids=["no gzip", "cut gzip", "brotli", "gzip twice"],
)
def test_what_cannot_be_unpacked(body: bytes, encoding: str, kind: str):
    found = told(WIRES["openai"], body, headers={"Content-Encoding": encoding})
    assert isinstance(found, Failure)
    assert (found.kind, found.retryable, found.billable) == (kind, True, True)


def test_only_gzip_is_asked_for():
    found, requests = asked_once("openai/gpt-4o-mini", lambda _: "one", elsewhere)
    assert isinstance(found, Response)
    assert requests[0].headers["accept-encoding"] == "gzip"


# What no store can hold

HUGE = "1" + "0" * 30
ODD = [HUGE, f"-{HUGE}", str(2**63), "NaN", "Infinity", "-Infinity", "1e999"]


def with_number(wire: Wire, number: str, *, usage: bool) -> bytes:
    """An answer with a tool call, in which one number is `number`."""
    answer = wire.answer(Said(None, ended="tools", calls=(("c", "weather", {"n": "PLACE"}),)))
    if usage:
        named = answer.get("usage") or answer["usageMetadata"]
        key = next(key for key in named if key.lower().startswith(("prompt", "input")))
        text = json.dumps(answer).replace(f'"{key}": {named[key]}', f'"{key}": {number}')
        assert number in text
        return text.encode()
    return json.dumps(answer).replace('"PLACE"', number).encode()


# litellm does not mind arguments that are no text, as OpenAI's are; but it warns of them.
@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
@every_provider
@pytest.mark.parametrize("number", ODD)
def test_a_number_in_a_tool_call_that_no_store_can_hold(wire: Wire, number: str):
    found = told(wire, with_number(wire, number, usage=False))
    assert isinstance(found, Response), found
    (call,) = found.tool_calls
    assert call["function"]["name"] == "weather"
    kept = msgspec.msgpack.decode(msgspec.msgpack.encode(found), type=Response)
    assert json.loads(json.dumps(kept.tool_calls, allow_nan=False)) == found.tool_calls


# litellm does not mind arguments that are no text, as OpenAI's are; but it warns of them.
@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
@every_provider
@pytest.mark.parametrize("number", ODD)
def test_a_usage_that_is_no_count_is_unknown(wire: Wire, number: str):
    found = told(wire, with_number(wire, number, usage=True))
    assert isinstance(found, Response), found
    assert len(found.tool_calls) == 1
    assert (found.usage, found.cost_usd, found.raw_usage) == (None, None, None)
    assert "usage_missing" in found.flags
    msgspec.msgpack.encode(found)


# Connections


async def serving(
    handle: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]],
    tls: ssl.SSLContext | None = None,
) -> tuple[asyncio.Server, int]:
    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls, backlog=512)
    return server, server.sockets[0].getsockname()[1]


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def test_connections_are_kept_and_there_are_as_many_as_are_asked_for():
    met, waiting = [], []

    async def use(client: Client) -> None:
        together = asyncio.Event()

        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            met.append(writer)
            while head := await reader.readuntil(b"\r\n\r\n"):
                size = int(head.lower().partition(b"content-length: ")[2].split()[0])
                body = await reader.readexactly(size)
                if body == b"wait":
                    waiting.append(writer)
                    if len(waiting) == 150:
                        together.set()
                    await together.wait()
                writer.write(OK)

        server, port = await serving(handle)
        address = f"http://127.0.0.1:{port}"
        for _ in range(5):
            await client.post(address, content=b"{}")
        assert len(met) == 1
        async with asyncio.timeout(30):
            await asyncio.gather(*(client.post(address, content=b"wait") for _ in range(150)))
        assert len(met) == 150
        server.close()
        for writer in met:
            writer.transport.abort()

    straight(use)


def test_a_client_that_somebody_closes_goes_on():
    async def use(client: Client) -> int:
        await client.aclose()
        return (await client.post(server.origin, content=b"{}")).status_code

    with Loopback() as server:
        assert straight(use) == 200


@pytest.mark.skipif(sys.platform != "linux", reason="sockets are counted in /proc")
def test_no_socket_outlives_its_loop():
    def sockets() -> int:
        found = [os.path.realpath(each) for each in Path("/proc/self/fd").iterdir()]
        return sum("socket" in each for each in found)

    async def use(wire: Wire) -> None:
        gateway = open_model()
        request = Request(wire.model, (Message("user", "one"),), {"max_tokens": 20})
        found = await asyncio.gather(*(gateway.respond(request) for _ in range(5)))
        assert [each.content for each in found if isinstance(each, Response)] == ["one"] * 5
        await gateway.close()

    with Loopback() as server, warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        before = sockets()
        for wire in [*WIRES.values()] * 2:
            with pytest.MonkeyPatch.context() as patch:
                for name, value in elsewhere(server).items():
                    patch.setenv(name, value)
                asyncio.run(use(wire))
    with Loopback():  # as many as one server holds, and none of a client's
        assert sockets() <= before + 3


def test_an_address_without_a_host_is_named_without_our_insides():
    found, _ = asked_once(
        "openai/gpt-4o-mini",
        lambda _: "never",
        lambda _: {"OPENAI_API_BASE": "https://nowhere.invalid/v1", "OPENAI_API_KEY": "k"},
    )
    assert isinstance(found, Failure)
    assert (found.kind, found.billable) == ("connection", False)
    assert "nowhere.invalid:443" in found.message
    assert "ssl" not in found.message


# What the environment says


def test_the_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch):
    with Loopback() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.origin)
        environ = {"OPENAI_API_BASE": "http://models.invalid/v1", "OPENAI_API_KEY": "k"}
        found, requests = asked_once("openai/gpt-4o-mini", lambda _: "", lambda _: environ, "via")
        assert isinstance(found, Response), found
        assert (found.content, requests) == ("via", [])
        assert proxy.requests[0].path == "http://models.invalid/v1/chat/completions"


@pytest.mark.parametrize("without", ["127.0.0.1", "*", "example.com,127.0.0.1:{port}"])
def test_what_needs_no_proxy_goes_past_it(without: str, monkeypatch: pytest.MonkeyPatch):
    async def use(client: Client) -> int:
        return (await client.post(server.origin, content=b"{}")).status_code

    with Loopback() as proxy, Loopback() as server:
        monkeypatch.setenv("HTTP_PROXY", proxy.origin)
        port = server.origin.rpartition(":")[2]
        monkeypatch.setenv("NO_PROXY", without.format(port=port))
        assert straight(use) == 200
        assert proxy.requests == []


def test_a_proxy_that_speaks_no_http_is_not_asked(monkeypatch: pytest.MonkeyPatch):
    with Loopback() as proxy:
        monkeypatch.setenv("ALL_PROXY", proxy.origin.replace("http:", "socks5:"))
        environ = {"OPENAI_API_BASE": "http://models.invalid/v1", "OPENAI_API_KEY": "k"}
        found, _ = asked_once("openai/gpt-4o-mini", lambda _: "", lambda _: environ)
        assert proxy.requests == []
    assert isinstance(found, Failure)
    assert (found.kind, found.fatal, found.billable) == ("rejected", True, False)
    assert "socks5" in found.message


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "ALL_PROXY"])
def test_secure_requests_have_a_tunnel(name: str, monkeypatch: pytest.MonkeyPatch):
    with Loopback(lambda _: Reply(raw=b"HTTP/1.1 403 Forbidden\r\n\r\n")) as proxy:
        monkeypatch.setenv(name, proxy.origin)
        environ = {"OPENAI_API_BASE": "https://models.invalid/v1", "OPENAI_API_KEY": "secret-key"}
        found, _ = asked_once("openai/gpt-4o-mini", lambda _: "", lambda _: environ)
        assert isinstance(found, Failure)
        (asked,) = proxy.requests
    assert (asked.method, asked.path) == ("CONNECT", "models.invalid:443")
    assert not any("secret-key" in value for value in asked.headers.values())


def test_the_certificates_of_the_environment_are_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl makes the certificate")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "1", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        size = int(head.lower().partition(b"content-length: ")[2].split()[0])
        await reader.readexactly(size)
        answer = json.dumps(WIRES["openai"].answer(Said("trusted"))).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(answer), answer))

    async def use() -> Outcome:
        server, port = await serving(handle, tls)
        monkeypatch.setenv("OPENAI_API_BASE", f"https://127.0.0.1:{port}/v1")
        monkeypatch.setenv("OPENAI_API_KEY", "k")
        gateway = open_model()
        try:
            return await gateway.respond(Request("openai/gpt-4o-mini", (Message("user", "x"),)))
        finally:
            await gateway.close()
            server.close()

    refused = asyncio.run(use())
    assert isinstance(refused, Failure)
    assert (refused.kind, refused.billable) == ("connection", False)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    found = asyncio.run(use())
    assert isinstance(found, Response), found
    assert found.content == "trusted"


# What is heard


def test_what_is_heard_is_each_tasks_own():
    async def use(client: Client) -> list[str]:
        async def one(word: str) -> str:
            with listening() as heard:
                await client.post(server.origin, content=json.dumps({"word": word}).encode())
                return heard.finish_reason

        return await asyncio.gather(*(one(f"word{n}") for n in range(20)))

    with Loopback(lambda asked: {"stop_reason": asked.body["word"]}) as server:
        assert straight(use) == [f"word{n}" for n in range(20)]


def test_a_large_request_is_sent_whole_and_without_a_warning():
    async def use(client: Client) -> httpx.Response:
        return await client.post(server.origin, content=json.dumps({"a": "b" * 3_000_000}).encode())

    with Loopback(lambda asked: {"length": len(asked.body["a"])}) as server:
        assert straight(use).json() == {"length": 3_000_000}


def test_errors_of_the_connection_are_no_reason_to_try_again_for_the_clients_above():
    async def use(client: Client) -> None:
        with pytest.raises(aiohttp.ClientError) as caught:
            await client.post("http://127.0.0.1:9", content=b"{}")
        assert not isinstance(caught.value, httpx.HTTPError)

    straight(use)
