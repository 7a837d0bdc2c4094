"""GitHub's REST interface: answers and waits are bounded, and the token goes to one host."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO, Self, TypeVar

import httpx
import msgspec

import promptops
from promptops.errors import InputError, NoVerdictError
from promptops.github.addresses import LOOPBACK, checked_address, checked_token, joined
from promptops.github.replies import Reply, Trouble, refusal, trouble_of

T = TypeVar("T")
Query = Mapping[str, str | int]

PATIENCE_SECONDS = 180.0
"""How long troubles of one request may take in all, waits included."""

_ATTEMPTS = 6
_ANSWER_SECONDS = 60.0
_DOWNLOAD_SECONDS = 300.0
_LONGEST_PAUSE = 30.0
_LONGEST_ANSWER = 32_000_000
_MOST_PAGES = 100
_MOST_HOPS = 3


class UnsureError(NoVerdictError):
    """GitHub may have carried the request out, and did not say so."""


class GitHub:
    """One repository's part of the interface. A context manager: connections are closed.

    Reads, updates and deletions are made again while GitHub is down; what creates something is not,
    because nobody knows whether it did.
    """

    def __init__(
        self,
        repository: str,
        *,
        token: str,
        url: str = "https://api.github.com",
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """`repository` is `owner/name`; `pause` waits so many seconds.

        Raises:
            InputError: the token or the address is none.
        """
        self.repository = repository
        self._url = checked_address(url)
        self._pause = pause
        self._client = httpx.Client(
            headers={
                "Accept": "application/vnd.github+json",
                "Accept-Encoding": "identity",
                "Authorization": f"Bearer {checked_token(token)}",
                "User-Agent": f"promptops/{promptops.__version__}",
                "X-GitHub-Api-Version": "2022-11-28",
            },
            timeout=httpx.Timeout(20.0),
            follow_redirects=False,
        )

    @classmethod
    def of(cls, repository: str, environ: Mapping[str, str] = os.environ) -> Self:
        """With the token and the address that the environment names.

        Raises:
            InputError: there is no token, or one of the two is none.
        """
        url = environ.get("GITHUB_API_URL", "") or "https://api.github.com"
        return cls(repository, token=environ.get("GITHUB_TOKEN", ""), url=url)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def get(self, path: str, type_: type[T], **query: str | int) -> T:
        """What is at `path` below the repository.

        Raises:
            InputError: GitHub refuses it.
            NoVerdictError: GitHub cannot be asked, or answers something else than it documents.
        """
        return _decoded(self._ask("GET", self._at(path), query=query), type_, path)

    def pages(self, path: str, type_: type[T], **query: str | int) -> Iterator[T]:
        """Every page of a list, each decoded as `type_`.

        Raises:
            InputError, NoVerdictError: as `get`.
        """
        url, asked = self._at(path), {"per_page": 100, **query}
        for _ in range(_MOST_PAGES):
            reply = self._ask("GET", url, query=asked)
            yield _decoded(reply, type_, path)
            following = _next_page(reply)
            if following is None:
                return
            self._hold_home(following)
            url, asked = following, {}
        raise NoVerdictError(f"{path} has more than {_MOST_PAGES} pages")

    def send(self, method: str, path: str, body: object, type_: type[T]) -> T:
        """Create (`POST`) or change (`PATCH`) something; answers what it is then.

        Raises:
            UnsureError: a `POST` that GitHub may have carried out.
            InputError, NoVerdictError: as `get`.
        """
        return _decoded(self._ask(method, self._at(path), body=body), type_, path)

    def delete(self, path: str) -> None:
        """Remove something. That it is gone already is fine.

        Raises:
            InputError, NoVerdictError: as `get`.
        """
        self._ask("DELETE", self._at(path), fine={404, 410})

    def rest(self, attempt: int) -> None:
        """Wait a little, longer after every attempt."""
        self._pause(min(_LONGEST_PAUSE, 2.0**attempt))

    def download(self, path: str, into: BinaryIO, most: int) -> None:
        """Write what `path` leads to into a file, `most` bytes at the most.

        GitHub sends downloads off to a store of its own under another name. The token is not sent
        there.

        Raises:
            InputError: GitHub refuses it, or it is larger.
            NoVerdictError: it cannot be had.
        """
        ends = time.monotonic() + PATIENCE_SECONDS
        with httpx.Client(headers={"Accept-Encoding": "identity"}, timeout=20.0) as elsewhere:
            for attempt in range(1, _ATTEMPTS + 1):
                into.seek(0)
                into.truncate()
                try:
                    self._fetch(elsewhere, self._sent_on(path), into, most)
                except httpx.TransportError as error:
                    words = f"the download of the artifact failed ({type(error).__name__})"
                    self._wait(Trouble(words), attempt, ends)
                else:
                    return

    def _sent_on(self, path: str) -> httpx.URL:
        """Where a download is. Such an address lasts a minute, so every attempt asks for one."""
        reply = self._ask("GET", self._at(path), fine={302})
        if reply.status != 302:
            raise NoVerdictError(f"{path}: GitHub answers {reply.status}, where it sends one on")
        return joined(httpx.URL(self._at(path)), reply.headers)

    def _fetch(self, client: httpx.Client, place: httpx.URL, into: BinaryIO, most: int) -> None:
        for _ in range(_MOST_HOPS):
            checked_address(str(place), "the address of the download", self._is_loopback())
            with client.stream("GET", place) as reply:
                if reply.status_code in {301, 302, 303, 307, 308}:
                    place = joined(place, reply.headers)
                    continue
                if reply.status_code >= 500:
                    raise httpx.ReadError(f"status {reply.status_code}")
                if reply.status_code != 200:
                    raise NoVerdictError(f"the store of artifacts answers {reply.status_code}")
                into.writelines(_bounded(reply, most, _DOWNLOAD_SECONDS))
                return
        raise NoVerdictError("the download is sent from one place to the next without end")

    def _ask(
        self,
        method: str,
        url: str,
        *,
        query: Query | None = None,
        body: object = None,
        fine: frozenset[int] | set[int] = frozenset(),
    ) -> Reply:
        """One request, made again where that may help and does no harm."""
        path = httpx.URL(url).path
        ends = time.monotonic() + PATIENCE_SECONDS
        for attempt in range(1, _ATTEMPTS + 1):
            tried = self._tried(method, url, query, body)
            if isinstance(tried, Reply):
                if 200 <= tried.status < 300 or tried.status in fine:
                    return tried
                raise refusal(tried, method, path)
            if method == "POST" and not tried.undone:
                raise UnsureError(f"{method} {path}: {tried.words}")
            self._wait(tried, attempt, ends)
        raise AssertionError("unreachable")  # the last wait raises

    def _tried(self, method: str, url: str, query: Query | None, body: object) -> Reply | Trouble:
        """A final answer, or why there may be a better one later."""
        try:
            reply = self._once(method, url, query, body)
        except httpx.TransportError as error:
            words = f"GitHub cannot be reached ({type(error).__name__})"
            return Trouble(words, undone=isinstance(error, httpx.ConnectError))
        return trouble_of(reply) or reply

    def _once(self, method: str, url: str, query: Query | None, body: object) -> Reply:
        content = None if body is None else msgspec.json.encode(body)
        headers = {} if body is None else {"Content-Type": "application/json"}
        with self._client.stream(
            method, url, params=query or None, content=content, headers=headers
        ) as reply:
            data = b"".join(_bounded(reply, _LONGEST_ANSWER, _ANSWER_SECONDS))
            return Reply(reply.status_code, reply.headers, data)

    def _wait(self, trouble: Trouble, attempt: int, ends: float) -> None:
        """Sit a trouble out, or raise where that would take too long."""
        seconds = trouble.seconds
        if seconds is None:
            longest = min(_LONGEST_PAUSE, 2.0 ** (attempt - 1))
            seconds = longest * random.uniform(0.5, 1.0)  # noqa: S311 - two jobs at once part ways
        late = time.monotonic() + seconds > ends
        if attempt == _ATTEMPTS or late:
            asks = f": it asks to wait {seconds:,.0f} s" if trouble.seconds and late else ""
            raise NoVerdictError(f"{trouble.words}{asks}", hint="run the job again later")
        self._pause(seconds)

    def _at(self, path: str) -> str:
        return f"{self._url}/repos/{self.repository}{path}"

    def _hold_home(self, url: str) -> None:
        """The token goes to one host, whatever a list says of its next page."""
        there, home = httpx.URL(url), httpx.URL(self._url)
        if (there.scheme, there.host, there.port) != (home.scheme, home.host, home.port):
            raise NoVerdictError("the next page of a list is on another host, and was not asked")

    def _is_loopback(self) -> bool:
        return httpx.URL(self._url).host in LOOPBACK


def _decoded(reply: Reply, type_: type[T], path: str) -> T:
    try:
        return msgspec.json.decode(reply.data, type=type_)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NoVerdictError(f"GitHub answers {path} with something else: {error}") from None


def _next_page(reply: Reply) -> str | None:
    links = httpx.Response(200, headers={"Link": reply.headers.get("link", "")}).links
    return links.get("next", {}).get("url")


def _bounded(reply: httpx.Response, most: int, seconds: float) -> Iterator[bytes]:
    """The body, within so many bytes and so much time."""
    ends, had = time.monotonic() + seconds, 0
    announced = reply.headers.get("content-length", "")
    if announced.isdecimal() and len(announced) < 19 and int(announced) > most:
        raise InputError(f"the answer is larger than {most:,} bytes")
    for block in reply.iter_bytes(65_536):
        had += len(block)
        if had > most:
            raise InputError(f"the answer is larger than {most:,} bytes")
        if time.monotonic() > ends:
            raise httpx.ReadTimeout("it takes too long")
        yield block
