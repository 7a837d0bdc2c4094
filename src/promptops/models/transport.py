"""One HTTP request and its whole answer: what stands below every client that asks a model.

The clients of the packages above follow redirects with the key in hand, unpack whatever they are
sent, and send again what may already have been answered.  Here a request is sent once, to the
address that was meant; and an answer is read whole, within bounds, or is a fault.

Errors of the connection are left as aiohttp raises them: the packages above take httpx's own for a
reason to try again.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import ssl
import urllib.request
import zlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import aiohttp
import httpx
from aiohttp.connector import Connection
from yarl import URL

from promptops.models.failures import Fault, UnusableError
from promptops.models.raw_answers import read_raw

LONGEST_BODY = 64 * 2**20
"""Bytes of an answer, unpacked."""
_LONGEST_HEADER = 64 * 2**10
_LONGEST_CONNECTING = 30.0
"""Seconds until a connection stands; all else is for the caller's own deadline."""
_AT_ONCE_IN_MEMORY = 2**20
"""Bytes of a request that aiohttp sends in one piece without a warning."""
_MOST_STALE = 100
"""Connections that are closed in a row; a server that talks first would keep us at it for ever."""
_NO_LONGER_TRUE = frozenset({b"content-encoding", b"content-length", b"transfer-encoding"})
_GZIP = 16 + zlib.MAX_WBITS

Tls = Callable[[], ssl.SSLContext | bool]


@dataclass(slots=True)
class Heard:
    """What the answer to one call said, before anybody translated it."""

    finish_reason: str = ""
    """Empty where no answer in a known format went through here."""


_HEARD: ContextVar[Heard | None] = ContextVar("heard", default=None)


@contextlib.contextmanager
def listening() -> Iterator[Heard]:
    """What is heard by the calls that this task makes inside the block."""
    heard = Heard()
    token = _HEARD.set(heard)
    try:
        yield heard
    finally:
        _HEARD.reset(token)


class Client(httpx.AsyncClient):
    """A client that others may close at any time, as those who share it do: it holds nothing."""

    def __init__(self, transport: Transport, headers: Any = None) -> None:
        cookies = CookieJar(policy=DefaultCookiePolicy(allowed_domains=()))  # none is ever kept
        super().__init__(transport=transport, headers=headers, cookies=cookies, trust_env=False)

    async def aclose(self) -> None:
        """Nothing: the connections are the transport's, and are closed with it."""


class Transport(httpx.AsyncBaseTransport):
    """Connections to anywhere, kept alive, as many as are asked for at once.

    Proxies are those of the environment.  It may be used on one event loop after another, and must
    be closed on each.
    """

    def __init__(self, tls: Tls) -> None:
        """`tls` gives the certificates to trust, when the first secure request is sent."""
        self._tls = tls
        self._trusted: ssl.SSLContext | bool | None = None
        self._proxies: dict[str, str | None] = {}
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send it once.

        Raises:
            UnusableError: what came is a redirect, or too long, or packed as nobody asked for;
                or the proxy is of an unknown kind, and nothing was sent.
            aiohttp.ClientError, TimeoutError: no answer, or not all of it.
        """
        body = await request.aread()
        answer = await self._opened().request(
            request.method,
            URL(str(request.url), encoded=True),
            headers=_headers(request),
            data=body if len(body) < _AT_ONCE_IN_MEMORY else io.BytesIO(body),
            allow_redirects=False,
            proxy=self._proxy(request.url),
            ssl=self._trust() if request.url.scheme == "https" else True,
        )
        try:
            asks = request.method not in {"GET", "HEAD"}
            if asks:
                _refuse_redirect(answer)
            found = await _read(answer)
        except BaseException:
            answer.close()
            raise
        if asks and answer.ok:
            found = _hear(found)
        return httpx.Response(answer.status, headers=_kept(answer), content=found, request=request)

    async def aclose(self) -> None:
        session, self._session, self._loop = self._session, None, None
        self._trusted = None  # the environment may be another one next time
        self._proxies.clear()
        if session is not None:
            await session.close()

    def _opened(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        if self._session is None or self._loop is not loop:
            self._loop = loop
            self._session = aiohttp.ClientSession(
                # Whoever asks knows how many at once; a connection is never waited for here.
                connector=_Connector(limit=0, ttl_dns_cache=300),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=_LONGEST_CONNECTING),
                auto_decompress=False,
                max_line_size=_LONGEST_HEADER,
                max_field_size=_LONGEST_HEADER,
            )
        return self._session

    def _trust(self) -> ssl.SSLContext | bool:
        if self._trusted is None:
            self._trusted = self._tls()
        return self._trusted

    def _proxy(self, url: httpx.URL) -> str | None:
        """The proxy that the environment names; not by aiohttp, which would read `.netrc` too."""
        place = f"{url.scheme}://{url.netloc.decode('ascii')}"
        if place not in self._proxies:
            known = urllib.request.getproxies()
            past = urllib.request.proxy_bypass(url.netloc.decode("ascii"))
            proxy = None if past else known.get(url.scheme) or known.get("all")
            self._proxies[place] = _http(proxy) if proxy else None
        return self._proxies[place]


class _Connector(aiohttp.TCPConnector):
    """Connections on which nothing is waiting to be read when they are taken."""

    async def connect(self, *args: Any, **kwargs: Any) -> Connection:
        """As aiohttp's, which takes what was sent ahead on a kept connection for an answer."""
        for _ in range(_MOST_STALE):
            connection = await super().connect(*args, **kwargs)
            if connection.protocol is None or not connection.protocol.should_close:
                break
            connection.close()
        return connection


def _http(proxy: str) -> str:
    """The proxy's address; aiohttp would speak HTTP, key and all, to a proxy of any other kind."""
    scheme, separator, _ = proxy.partition("://")
    if not separator:
        return f"http://{proxy}"
    if scheme.lower() in {"http", "https"}:
        return proxy
    said = f"the environment names a proxy of the kind {scheme}; only http and https are known"
    raise UnusableError(Fault(kind="rejected", fatal=True, sent=False, body=said))


def _headers(request: httpx.Request) -> list[tuple[str, str]]:
    kept = [each for each in request.headers.multi_items() if each[0] != "accept-encoding"]
    return [*kept, ("accept-encoding", "gzip")]


def _kept(answer: aiohttp.ClientResponse) -> list[tuple[bytes, bytes]]:
    """The headers that are still true of a body that was unpacked."""
    return [each for each in answer.raw_headers if each[0].lower() not in _NO_LONGER_TRUE]


def _hear(body: bytes) -> bytes:
    """Note what it says; and the body as whoever translates it can take it."""
    raw = read_raw(body)
    if heard := _HEARD.get():
        heard.finish_reason = raw.finish_reason
    return raw.body


def _refuse_redirect(answer: aiohttp.ClientResponse) -> None:
    """No answer of a model is a redirect; and no other host is to have the key, or the prompt."""
    if not 300 <= answer.status < 400:
        return
    try:
        where = str(URL(answer.headers.get("location", "")).origin())
    except ValueError:  # within the same host, or no address at all
        where = "another address"
    said = f"the server redirects to {where}, where nothing was sent; check the model's address"
    raise UnusableError(Fault(status=answer.status, body=said))


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    """The whole body, unpacked; of an error whose body is unusable, none."""
    packed = answer.headers.get("content-encoding", "identity").strip().lower()
    try:
        if packed in {"gzip", "x-gzip"}:
            return await _unpacked(answer.content)
        if packed in {"", "identity"}:
            return await _plain(answer.content)
        raise _malformed(f"the answer is packed as {packed[:40]}, which was not asked for")
    except UnusableError:
        if answer.status < 400:
            raise
        return b""


async def _plain(content: aiohttp.StreamReader) -> bytes:
    parts, size = [], 0
    async for part in content.iter_any():
        parts.append(part)
        size += len(part)
        if size > LONGEST_BODY:
            raise _too_long()
    return parts[0] if len(parts) == 1 else b"".join(parts)


async def _unpacked(content: aiohttp.StreamReader) -> bytes:
    """What gzip holds, never more of it in memory than the limit."""
    unzip = zlib.decompressobj(_GZIP)
    parts, left = [], LONGEST_BODY
    async for part in content.iter_any():
        try:
            parts.append(unzip.decompress(part, left + 1))
        except zlib.error:
            raise UnusableError(Fault(kind="connection", body="the answer is no gzip")) from None
        left -= len(parts[-1])
        if left < 0:
            raise _too_long()
    if parts and not unzip.eof:
        raise UnusableError(Fault(kind="connection", body="the answer was cut short"))
    return b"".join(parts)


def _too_long() -> UnusableError:
    return _malformed(f"the answer is longer than {LONGEST_BODY >> 20} MiB")


def _malformed(said: str) -> UnusableError:
    return UnusableError(Fault(kind="malformed", body=said))
