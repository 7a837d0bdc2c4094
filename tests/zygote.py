"""Processes of ours without the wait for an import, and what they leave in a store.

Importing litellm takes seconds; a child that is forked from a process that has it need not wait.
The child is a process like any other: it opens its own store, has its own event loop, can be killed
and interrupted, and may have a terminal of its own.

    with Zygote(scratch) as zygote:
        child = zygote.start(root, environ, "eval", "-q")
        child.kill()
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Self

from tests.loopback import Loopback

if sys.platform != "win32":
    import fcntl
    import termios

LOADED = (
    "promptops.models.gateway",
    "promptops.cli.commands.eval",
    "promptops.cli.commands.cache",
    "promptops.cli.main",
)
LOOK_SECONDS = 0.002

Slot = tuple[str, int]
"""A request key and a sample index."""


@dataclass
class Child:
    """One command line under way."""

    pid: int
    folder: Path
    code: int | None = None
    """What it ended with, as `os.waitstatus_to_exitcode` says it: −9 for a kill."""

    @property
    def out(self) -> str:
        return (self.folder / "out").read_text(encoding="utf-8")

    @property
    def err(self) -> str:
        return (self.folder / "err").read_text(encoding="utf-8")

    @property
    def value(self) -> Any:
        return json.loads(self.out)

    @property
    def ended(self) -> bool:
        if self.code is None:
            place = self.folder / "code"
            text = place.read_text(encoding="utf-8") if place.exists() else ""
            self.code = int(text) if text else None
        return self.code is not None

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send it a signal, if it is still there."""
        if not self.ended:
            os.kill(self.pid, number)

    def wait(self, seconds: float = 120.0) -> int:
        """Its exit code."""
        self.until(lambda: False, seconds)
        assert self.code is not None
        return self.code

    def until(self, happened: Callable[[], bool], seconds: float = 60.0) -> bool:
        """Wait until something has happened or it has ended; whether it happened first."""
        ends = time.monotonic() + seconds
        while not self.ended:
            if happened():
                return True
            assert time.monotonic() < ends, f"it does not get there: {self.err}"
            time.sleep(LOOK_SECONDS)
        return happened()


class Zygote:
    """The parent of such children; a context manager."""

    def __init__(self, scratch: Path) -> None:
        """`scratch` is a folder for what the children write on stdout and stderr."""
        self._scratch = scratch
        self._count = 0

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.zygote"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def start(
        self, root: Path, environ: Mapping[str, str], *arguments: str, terminal: str = ""
    ) -> Child:
        """Begin one command line in the folder `root`.

        `terminal` is the path of a pseudo-terminal: the child has it for its controlling terminal,
        so that Ctrl-C typed there reaches it, and for its stderr.
        """
        self._count += 1
        folder = self._scratch / f"child-{self._count}"
        folder.mkdir(parents=True)
        order = {
            "root": str(root),
            "environ": dict(environ),
            "arguments": arguments,
            "folder": str(folder),
            "terminal": terminal,
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return Child(int(self._process.stdout.readline()), folder)


class Kept(NamedTuple):
    """What is in a store."""

    responses: dict[Slot, bytes]
    paid: Counter[Slot]
    """Ledger rows of answers."""
    lost: Counter[Slot]
    """Ledger rows of calls that brought none."""
    unfinished: frozenset[str]
    """Runs that were begun and have not come to their end."""

    @property
    def doubled(self) -> set[Slot]:
        """Draws that were paid for more than once."""
        return {slot for slot, times in self.paid.items() if times > 1}


NOTHING = Kept({}, Counter(), Counter(), frozenset())


def kept(root: Path) -> Kept:
    """What the store of a project holds; SQLite must find it sound, and every reference met."""
    place = root / ".promptops" / "store.db"
    if not place.exists():
        return NOTHING
    store = sqlite3.connect(place)
    try:
        if store.execute("PRAGMA user_version").fetchone()[0] == 0:  # killed before it was made
            return NOTHING
        assert store.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert store.execute("PRAGMA foreign_key_check").fetchall() == []
        rows = store.execute("SELECT request_key, sample, body FROM responses").fetchall()
        ledger = store.execute("SELECT request_key, sample, outcome FROM ledger").fetchall()
        begun = store.execute("SELECT run FROM begun WHERE state <> 'finished'").fetchall()
    finally:
        store.close()
    responses = {(key, sample): body for key, sample, body in rows}
    assert len(responses) == len(rows)
    counts = {
        outcome: Counter((key, sample) for key, sample, found in ledger if found == outcome)
        for outcome in ("answered", "lost")
    }
    return Kept(responses, counts["answered"], counts["lost"], frozenset(run for (run,) in begun))


@dataclass(frozen=True)
class Stage:
    """A project, whose model is asked at a server, and command lines that are run there."""

    zygote: Zygote
    root: Path
    server: Loopback
    concurrency: int = 4

    @property
    def environ(self) -> dict[str, str]:
        """What its command lines are given."""
        foreign = {"GITHUB_BASE_REF", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "FORCE_COLOR"}
        ours = {name: value for name, value in os.environ.items() if name not in foreign}
        return {**ours, **self.server.environ}

    def start(self, *arguments: str, terminal: str = "") -> Child:
        return self.zygote.start(self.root, self.environ, *arguments, terminal=terminal)

    def run(self, *arguments: str) -> Child:
        """A command line that has ended."""
        child = self.start(*arguments)
        child.wait()
        return child

    def evaluate(self, *more: str) -> Child:
        """Begin an evaluation that reports in JSON."""
        return self.start("eval", "-f", "json", "--concurrency", str(self.concurrency), *more)

    def report(self, *more: str) -> dict[str, Any]:
        """The one report of an evaluation that comes to its end."""
        child = self.evaluate(*more)
        child.wait()
        assert child.out, child.err
        (report,) = child.value
        assert report["exit_code"] == child.code
        return report  # type: ignore[no-any-return]

    def broken_off(self, after: int, *more: str, by: int = signal.SIGKILL) -> Child:
        """An evaluation that a signal ends when it has sent so many requests."""
        asked = len(self.server.requests)
        child = self.evaluate(*more)
        assert child.until(lambda: len(self.server.requests) >= asked + after), child.err
        child.kill(by)
        assert child.wait() == (130 if by == signal.SIGINT else -by), child.err
        return child

    def kept(self) -> Kept:
        return kept(self.root)

    def runs(self) -> list[str]:
        """The ids of the runs that `promptops runs` lists, newest first."""
        return [each["run"] for each in self.run("runs", "-f", "json").value["runs"]]

    def write(self, path: str, text: str) -> None:
        (self.root / path).write_text(text, encoding="utf-8")

    def read(self, path: str) -> str:
        return (self.root / path).read_text(encoding="utf-8")


def timeless(value: Any) -> Any:
    """A part of a report without what differs between two runs of the same answers."""
    if isinstance(value, dict):
        return {key: timeless(each) for key, each in value.items() if key != "latency_seconds"}
    return [timeless(each) for each in value] if isinstance(value, list) else value


def _serve() -> None:
    for name in LOADED:
        importlib.import_module(name)
    main = importlib.import_module("promptops.cli.main")
    # As the console's entry point has it.
    warnings.filterwarnings("ignore", r"coroutine '.*' was never awaited", RuntimeWarning)
    print("ready", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()  # a guard that lives on when the child is killed, to say how it ended
        if pid == 0:
            _guard(order, main)
        os.waitpid(pid, 0)


def _guard(order: dict[str, Any], main: Any) -> None:
    if os.fork():
        os._exit(0)  # the grandchild is nobody's to wait for
    pid = os.fork()
    if pid == 0:
        _be(order, main)
    print(pid, flush=True)
    _, status = os.waitpid(pid, 0)
    place = Path(order["folder"], "code")
    place.with_suffix(".new").write_text(str(os.waitstatus_to_exitcode(status)), encoding="utf-8")
    place.with_suffix(".new").rename(place)
    os._exit(0)


def _be(order: dict[str, Any], main: Any) -> None:
    os.setsid()  # a session of its own may have a terminal of its own
    folder = Path(order["folder"])
    _become(order["terminal"] or os.devnull, os.O_RDWR, 0)
    if order["terminal"]:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    _become(folder / "out", os.O_WRONLY | os.O_CREAT, 1)
    _become(order["terminal"] or folder / "err", os.O_WRONLY | os.O_CREAT, 2)
    (folder / "err").touch()
    os.environ.clear()
    os.environ.update(order["environ"])
    os.chdir(order["root"])
    code = 70
    try:
        code = main.main(order["arguments"])
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001  # the test reads it
        traceback.print_exc()
    finally:
        os._exit(code)


def _become(place: str | Path, flags: int, number: int) -> None:
    opened = os.open(place, flags, 0o600)
    os.dup2(opened, number)
    if opened > 2:
        os.close(opened)


if __name__ == "__main__":
    _serve()
