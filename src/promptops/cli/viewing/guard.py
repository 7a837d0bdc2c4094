"""Who may ask, and what a browser may do with the answer.

The store can be read by its owner alone, and what is served must be no easier to reach.  So the
server listens on the loopback address; it answers only under the names of this machine, or a page
elsewhere could have its own name lead here (DNS rebinding); and every address begins with a random
token, because any program or person on this machine may connect to a port, and no header tells one
from another.  There are no cookies, so nothing is sent along that a foreign page could use.
"""

from __future__ import annotations

import hmac
import re
import secrets
import time
from collections.abc import Awaitable, Callable

from aiohttp import web

_ALLOWED = ("GET", "HEAD")
_HOST = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?\Z", re.ASCII | re.IGNORECASE)
"""Any port: a tunnel may have another one at its near end."""

_TICKET_SECONDS = 120.0

HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Server": "promptops",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
NO_CONTENT_POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Door:
    """What opens it: the token, for as long as the server runs; and a ticket, which does so once.

    A browser is started with an address that everybody on this machine can see in the list of
    processes.  So that one holds the ticket, and leads to the one with the token.
    """

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(24)
        self._ticket: str | None = None
        self._spent: str | None = None
        self._leads = ""
        self._until = 0.0

    @property
    def start(self) -> str:
        """What stands before every path that is served."""
        return f"/{self.token}/"

    def ticket(self, leads: str) -> str:
        """A path that leads to another one once, and soon."""
        self._ticket = secrets.token_urlsafe(24)
        self._leads = leads
        self._until = time.monotonic() + _TICKET_SECONDS
        return f"/open/{self._ticket}"

    def spend(self, ticket: str) -> str | None:
        """Where a ticket leads, the one time that it does."""
        if self._ticket is None or not _same(self._ticket, ticket):
            return None
        self._spent, self._ticket = self._ticket, None
        return self._leads if time.monotonic() < self._until else None

    def is_spent(self, ticket: str) -> bool:
        """Whether it is the one that was spent; says so once.

        Of two who asked with it one was not meant: it may have been the first.
        """
        found = self._spent is not None and _same(self._spent, ticket)
        if found:
            self._spent = None
        return found

    def opens(self, token: str) -> bool:
        """Whether it is the token, in a time that tells nothing of it."""
        return _same(self.token, token)


def _same(known: str, given: str) -> bool:
    return hmac.compare_digest(known.encode(), given.encode(errors="surrogateescape"))


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse what is no reading of a page, or comes under a foreign name."""
    hosts = request.headers.getall("Host", [])
    if len(hosts) != 1 or not _HOST.match(hosts[0]):
        return _refused(403, "this server answers under the names of its own machine alone")
    if request.method not in _ALLOWED:
        response = _refused(405, "pages can only be read here")
        response.headers["Allow"] = ", ".join(_ALLOWED)
        return response
    return await handler(request)


async def on_prepare(_request: web.Request, response: web.StreamResponse) -> None:
    """Every answer, whichever way it was made, says what may be done with it."""
    for name, value in HEADERS.items():
        response.headers[name] = value
    response.headers.setdefault("Content-Security-Policy", NO_CONTENT_POLICY)


def _refused(status: int, why: str) -> web.Response:
    return web.Response(status=status, text=f"{why}\n")
