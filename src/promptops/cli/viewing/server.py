"""The server itself: from the port that it takes to the signal that ends it."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import signal
import threading
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from aiohttp import web

from promptops.cli.output import note
from promptops.cli.project import Project
from promptops.cli.viewing.guard import Door
from promptops.cli.viewing.library import Library
from promptops.cli.viewing.pages import Pages
from promptops.cli.viewing.shelf import Shelf
from promptops.errors import InputError
from promptops.reports.viewing.addresses import Addresses

HOST = "127.0.0.1"
_LAST_ANSWERS_SECONDS = 1.0
"""For those under way at the end."""


@dataclass(frozen=True, slots=True)
class Serving:
    """Where the pages are."""

    url: str
    """With the token: whoever has it can read all reports."""
    opening: str
    """One that leads to the same page once, and soon."""


def serve(
    project: Project, port: int, run: str | None, announce: Callable[[Serving], None]
) -> int | None:
    """Serve until a signal comes; answers which one.

    `port` 0 is any that is free; `run` is the one to begin with, by its id or the start of it.
    `announce` is called once, when pages can be asked for.

    Raises:
        InputError: the port cannot be had, or there is no such run.
        StoreError: the store cannot be read.
    """
    door = Door()
    library = Library(project, Addresses(door.start))
    first = library.run_of(run) if run is not None else None
    return asyncio.run(_serve(library, door, port, first, announce))


async def _serve(
    library: Library,
    door: Door,
    port: int,
    first: str | None,
    announce: Callable[[Serving], None],
) -> int | None:
    shelf = Shelf()
    app = Pages(library, door, shelf).application()
    runner = web.AppRunner(
        app, access_log=None, logger=_log(), shutdown_timeout=_LAST_ANSWERS_SECONDS
    )
    await runner.setup()
    try:
        with _ended() as ended:
            await _listen(runner, port)
            start = f"http://{HOST}:{runner.addresses[0][1]}"
            page = library.addresses.run(first) if first else door.start
            announce(Serving(f"{start}{page}", f"{start}{door.ticket(page)}"))
            return await ended
    finally:
        shelf.close()
        await runner.cleanup()


class _Told(logging.Handler):
    """Anybody may send what is no request, and that is nothing to fill a terminal with."""

    def emit(self, record: logging.LogRecord) -> None:
        if os.environ.get("PROMPTOPS_DEBUG") == "1":
            note(self.format(record))


def _log() -> logging.Logger:
    log = logging.getLogger("promptops.view")
    log.propagate = False
    log.handlers = [_Told()]
    return log


async def _listen(runner: web.AppRunner, port: int) -> None:
    try:
        await web.TCPSite(runner, HOST, port).start()
    except OSError as error:
        hint = "`promptops view` without --port takes one that is free"
        what = "may not be used" if error.errno == errno.EACCES else "cannot be used"
        if error.errno == errno.EADDRINUSE:
            what = "is in use"
        raise InputError(f"port {port} {what}", hint=hint) from None


@contextmanager
def _ended() -> Iterator[asyncio.Future[int]]:
    """What tells which signal came first: Ctrl-C or SIGTERM.

    Where signals cannot be had (on Windows, off the main thread) all is left to the system.
    """
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[int] = loop.create_future()

    def came(number: int) -> None:
        if not ended.done():
            ended.set_result(number)

    taken = (signal.SIGINT, signal.SIGTERM)
    with suppress(NotImplementedError, RuntimeError, ValueError):
        for number in taken:
            loop.add_signal_handler(number, came, number)
    try:
        yield ended
    finally:
        with suppress(NotImplementedError, RuntimeError, ValueError):
            for number in taken:
                loop.remove_signal_handler(number)


def open_browser(url: str, failed: Callable[[], None]) -> None:
    """Open a page in the user's browser, which may take its time; `failed` where there is none."""

    def opened() -> None:
        try:
            done = webbrowser.open(url)
        except (webbrowser.Error, OSError):
            done = False
        if not done:
            failed()

    # Not waited for: a browser in the terminal ends when its reader does.
    threading.Thread(target=opened, name="promptops-browser", daemon=True).start()
