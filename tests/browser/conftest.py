"""A real Chromium, which opens pages from files and may not reach anything else."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Dialog,
    Error,
    Page,
    expect,
    sync_playwright,
)

from promptops.reports.formats.html import render
from promptops.reports.surface import Surface
from promptops.values.results import Results

WIDE = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}

expect.set_options(
    timeout=20_000
)  # a busy machine is slow, and no test waits for what is not to come


@dataclass
class Seen:
    """What a page did besides being shown."""

    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    @property
    def nothing(self) -> bool:
        return not (self.console or self.requests or self.dialogs)


@dataclass
class Opened:
    """A page of a browser, and the file that it shows."""

    page: Page
    file: Path
    seen: Seen

    def at(self, fragment: str) -> None:
        """Opens the page anew at a place."""
        self.page.goto("about:blank")
        self.page.goto(f"{self.file.as_uri()}#{fragment}")


Open = Callable[..., Opened]


def executable() -> str | None:
    """Where Chromium is; None where there is none."""
    named = os.environ.get("PROMPTOPS_CHROMIUM")
    if named:
        return named
    return next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )


@pytest.fixture(scope="module")  # its event loop is a running one, in which no other test can be
def browser() -> Iterator[Browser]:
    path = executable()
    if path is None:
        told = "there is no Chromium; name one in PROMPTOPS_CHROMIUM"
        if os.environ.get("CI"):
            pytest.fail(told)
        pytest.skip(told)
    with sync_playwright() as playwright:
        try:
            opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        except Error as error:
            pytest.fail(f"Chromium at {path} does not start: {error}")
        yield opened
        opened.close()


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Opens a page, or results rendered to one, from a file, and holds it to doing nothing behind
    one's back: at the end it has reported no error, sent no request and asked no question.
    """
    contexts: list[BrowserContext] = []
    every: list[Seen] = []

    def opened(
        results: Results | Path, *, fragment: str = "", quiet: bool = True, **context: Any
    ) -> Opened:
        if isinstance(results, Path):
            file = results
        else:
            file = tmp_path / f"report-{len(contexts)}.html"
            file.write_text(render(results, Surface()), encoding="utf-8")
        made = browser.new_context(**({"viewport": WIDE} | context))
        contexts.append(made)
        page, seen = made.new_page(), Seen()
        page.set_default_timeout(10_000)
        every.append(seen)
        page.on("console", lambda message: seen.console.append(message.text))
        page.on("pageerror", lambda error: seen.console.append(str(error)))

        def dismiss(dialog: Dialog) -> None:
            seen.dialogs.append(dialog.message)
            dialog.dismiss()

        page.on("dialog", dismiss)
        own = file.as_uri()

        def note(route: Any) -> None:
            address = route.request.url.partition("#")[0]
            if address == own:
                route.continue_()
                return
            seen.requests.append(address)
            route.abort()

        page.route("**/*", note)
        page.goto(own + (f"#{fragment}" if fragment else ""))
        return Opened(page, file, seen)

    yield opened
    for made in contexts:
        made.close()
    for seen in every:
        assert seen.nothing, seen
