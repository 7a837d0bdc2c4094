"""The addresses that are served, and what stands behind each."""

from __future__ import annotations

import os
import re
import sys
import traceback
from collections.abc import Callable, Hashable

from aiohttp import web

from promptops.cli.output import note, tell
from promptops.cli.viewing.guard import NO_CONTENT_POLICY, Door, guard, on_prepare
from promptops.cli.viewing.library import Library
from promptops.cli.viewing.shelf import Made, Shelf
from promptops.errors import InputError, PromptopsError
from promptops.reports.viewing.index_page import Chosen
from promptops.reports.viewing.message_page import message_page

_POLICY = re.compile(rb'<meta http-equiv="Content-Security-Policy" content="([^"<>\r\n]*)">')
_TWICE = (
    "the browser's address was opened twice. If your browser shows no reports, somebody else on"
    " this machine was faster and can read them: end this, and start it again with --no-open"
)
_WITHIN = 2_000
"""Bytes of a page in which its policy stands."""


class Pages:
    """Answers requests out of a library."""

    def __init__(self, library: Library, door: Door, shelf: Shelf) -> None:
        self._library = library
        self._door = door
        self._shelf = shelf

    def application(self) -> web.Application:
        """All addresses; whatever else is asked for is not there."""
        app = web.Application(middlewares=[guard, self._entered])
        app.on_response_prepare.append(on_prepare)
        app.router.add_get("/open/{ticket}", self._open)
        app.router.add_get("/{token}/", self._index)
        app.router.add_get("/{token}/trend", self._trend)
        app.router.add_get("/{token}/runs/{run}/", self._run)
        app.router.add_get("/{token}/runs/{run}/{format}", self._run)
        return app

    @web.middleware
    async def _entered(
        self, request: web.Request, handler: Callable[[web.Request], object]
    ) -> web.StreamResponse:
        """The token is asked for first, so that nobody without it learns which address is one.

        Which address it is says the router alone: where it sees a token, that is what is looked at.
        """
        known = request.match_info
        token = known.get("token", request.path.split("/")[1])
        if "ticket" not in known and not self._door.opens(token):
            return _answer(
                _message(
                    404,
                    "Nothing here",
                    "The address is not whole. It begins with a token that changes with every "
                    "start; the terminal in which `promptops view` runs shows it.",
                )
            )
        try:
            response = await handler(request)  # type: ignore[misc]
        except web.HTTPNotFound:
            response = _answer(self._not_there("there is no such page", None))
        assert isinstance(response, web.StreamResponse)
        return response

    async def _open(self, request: web.Request) -> web.StreamResponse:
        ticket = request.path.rpartition("/")[2]
        leads = self._door.spend(ticket) if request.method == "GET" else None
        if leads is not None:
            return web.Response(status=303, headers={"Location": leads})
        if request.method == "GET" and self._door.is_spent(ticket):
            note(_TWICE)
        return _answer(
            _message(
                404,
                "This address was used",
                "It opens the reports once. The terminal in which `promptops view` runs shows the "
                "one that stays.",
            )
        )

    async def _index(self, request: web.Request) -> web.StreamResponse:
        asked = request.query
        chosen = Chosen(*(asked.get(name, "") for name in ("prompt", "suite", "verdict")))
        page = asked.get("page", "1")
        number = int(page) if page.isascii() and page.isdecimal() and len(page) < 7 else 1
        key = ("index", chosen, number, self._library.signature())
        return await self._made(key, lambda: self._library.index(chosen, number))

    async def _run(self, request: web.Request) -> web.StreamResponse:
        run = request.match_info["run"]
        format_ = request.match_info.get("format", "html")
        key = ("run", run, format_, self._library.signature())
        return await self._made(key, lambda: self._library.run(run, format_))

    async def _trend(self, request: web.Request) -> web.StreamResponse:
        asked = request.query
        prompt, suite = asked.get("prompt", ""), asked.get("suite") or None
        format_ = asked.get("format") or "html"
        # Never held: git is asked as well, and it does not say when it has something new.
        return await self._made(None, lambda: self._library.trend(prompt, suite, format_))

    async def _made(self, key: Hashable | None, make: Callable[[], Made]) -> web.Response:
        try:
            made = await self._shelf.get(key, make)
        except InputError as error:
            made = self._not_there(error.message, error.hint)
        except PromptopsError as error:
            made = self._failed(error.message, error.hint)
        except Exception as error:  # noqa: BLE001  # one page is wrong: the others are still served
            _tell_bug(error)
            made = self._failed(f"this is a bug in promptops ({type(error).__name__})", None)
        return _answer(made)

    def _not_there(self, message: str, hint: str | None) -> Made:
        return _message(404, "Nothing here", message, hint, self._door.start)

    def _failed(self, message: str, hint: str | None) -> Made:
        return _message(500, "This cannot be shown", message, hint, self._door.start)


def _message(
    status: int, title: str, message: str, hint: str | None = None, index: str | None = None
) -> Made:
    page = message_page(title, message[:1].upper() + message[1:], hint, index)
    return Made(page.encode("utf-8", "backslashreplace"), "text/html", status=status)


def _answer(made: Made) -> web.Response:
    headers = {
        "Content-Type": f"{made.content_type}; charset=utf-8",
        "Content-Security-Policy": _policy(made),
    }
    if made.name:
        headers["Content-Disposition"] = f'attachment; filename="{made.name}"'
    return web.Response(status=made.status, body=made.body, headers=headers)


def _policy(made: Made) -> str:
    """The page's own policy, and that no other page may frame it; without one it may do nothing.

    The first one in the page is its own: it stands before anything that others have written.
    """
    found = None if made.name else _POLICY.search(made.body[:_WITHIN])
    if found is None:
        return NO_CONTENT_POLICY
    return f"{found[1].decode('ascii', 'replace')}; frame-ancestors 'none'"


def _tell_bug(error: BaseException) -> None:
    note(f"a page could not be made: {type(error).__name__}: {error}")
    if os.environ.get("PROMPTOPS_DEBUG") == "1" and sys.stderr is not None:
        tell("".join(traceback.format_exception(error)))
