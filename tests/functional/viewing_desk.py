"""`promptops view` as a process of its own, and plain requests to it."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

WAIT_SECONDS = 60.0


@dataclass
class Answer:
    """What a server said."""

    status: int
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")


@dataclass
class Server:
    """A server under way."""

    process: subprocess.Popen[str]
    url: str
    told: list[str] = field(default_factory=list)
    """Lines on stderr, as they come."""

    @property
    def port(self) -> int:
        return int(urlsplit(self.url).port or 0)

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    def get(self, path: str = "", **headers: str) -> Answer:
        """A page below the token."""
        return self.ask("GET", f"{self.path}{path}", headers)

    def ask(
        self,
        method: str,
        target: str,
        headers: dict[str, str] | None = None,
        host: str = "localhost",
    ) -> Answer:
        """One request, as it is written: nothing is resolved, nothing followed."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_SECONDS)
        try:
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in {"Host": host, **(headers or {})}.items():
                connection.putheader(name, value)
            connection.endheaders()
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, names, response.read())
        finally:
            connection.close()

    def end(self, number: int = signal.SIGINT) -> int:
        """Send a signal; answers the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(WAIT_SECONDS)


def environment(**changes: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k not in {"NO_COLOR", "FORCE_COLOR", "COLUMNS"}}
    return {**kept, **changes}


def start(root: Path, *arguments: str, **environ: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "promptops", "view", *arguments],
        cwd=root,
        env=environment(**environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def viewing(root: Path, *arguments: str, **environ: str) -> Iterator[Server]:
    """A server of the project at `root`; ended, and waited for, at the end."""
    process = start(root, *(arguments or ("--no-open",)), **environ)
    assert process.stdout
    assert process.stderr
    errors = process.stderr
    told: list[str] = []
    reader = threading.Thread(target=lambda: told.extend(errors), daemon=True)
    reader.start()
    url = process.stdout.readline().strip()
    server = Server(process, url, told)
    try:
        assert url, "".join(told)
        yield server
    finally:
        server.end(signal.SIGKILL) if process.poll() is None else None
        reader.join(WAIT_SECONDS)
        process.stdout.close()
        errors.close()
