"""Ctrl-C, once and twice, at every kind of moment; and being told to end (row 39)."""

from __future__ import annotations

import os
import random
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.benchmarks.shouting import answer, shouting
from tests.loopback import Loopback, error
from tests.zygote import Child, Stage, Zygote

if sys.platform != "win32":
    import fcntl
    import pty
    import termios

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")

CASES, SAMPLES, AT_ONCE = 20, 2, 4
WHOLE = 2 * CASES * SAMPLES
LAST = "interrupted; what was paid for is kept\n"
SUITE = "evals/shout.yaml"
LATE = 60.0
"""Seconds: an answer for which nobody waits."""
SOON = 8.0
"""Seconds in which what does not wait for an answer has ended, on a machine that is busy."""


@pytest.fixture(scope="module")
def zygote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zygote]:
    with Zygote(tmp_path_factory.mktemp("children")) as made:
        yield made


@pytest.fixture
def stage(tmp_path: Path, zygote: Zygote) -> Iterator[Stage]:
    root = shouting(tmp_path / "project", cases=CASES, samples=SAMPLES)
    with Loopback(answer, delay_seconds=1.0) as server:
        yield Stage(zygote, root, server, AT_ONCE)


def sent(stage: Stage, count: int, *more: str) -> Child:
    """A quiet evaluation that has sent so many requests."""
    child = stage.evaluate("-q", *more)
    assert child.until(lambda: len(stage.server.requests) >= count), child.err
    return child


def interrupt(child: Child, *, within: float = SOON) -> None:
    """It says one line, writes no report, and ends with 130 in time."""
    child.kill(signal.SIGINT)
    assert child.wait(within) == 130, child.err
    assert (child.out, child.err) == ("", LAST)


def partial(stage: Stage) -> dict[str, object]:
    """The kept report of the one run that was interrupted."""
    (run,) = stage.runs()
    assert stage.kept().unfinished == {run}
    (report,) = stage.run("report", run, "-f", "json").value
    assert (report["verdict"], report["meta"]["stopped"]) == ("invalid", True)
    assert report["reasons"][0] == "stopped before its end: interrupted"
    return report  # type: ignore[no-any-return]


def finish(stage: Stage) -> None:
    """The same command goes on and pays for what is missing, once."""
    before = stage.kept()
    stage.server.delay_seconds, stage.server.script = 0.0, answer
    asked = len(stage.server.requests)
    report = stage.report()
    after = stage.kept()
    assert {report["run"]} == before.unfinished
    assert (len(after.responses), after.doubled) == (WHOLE, set())
    assert after.responses.items() >= before.responses.items()
    assert len(stage.server.requests) == asked + WHOLE - len(before.responses)


def test_once_waits_for_what_is_under_way_and_begins_nothing(stage: Stage) -> None:
    interrupt(sent(stage, AT_ONCE))
    assert len(stage.server.requests) == len(stage.kept().responses) == AT_ONCE
    assert stage.kept().paid.total() == AT_ONCE
    assert partial(stage)["calls"]["made"] == AT_ONCE  # type: ignore[index]
    finish(stage)


def test_at_any_moment_not_one_call_is_lost(stage: Stage) -> None:
    """One by one, at random moments from the first request on, of one run."""
    chance = random.Random(3)
    stage.server.delay_seconds = 0.03
    while True:
        asked = len(stage.server.requests)
        child = stage.evaluate("-q")
        until = asked + chance.randrange(1, 25)
        if not child.until(lambda until=until: len(stage.server.requests) >= until):  # type: ignore[misc]
            break
        time.sleep(chance.random() * 0.05)
        child.kill(signal.SIGINT)
        assert child.wait(SOON) in {130, 0}, child.err
        found = stage.kept()
        assert len(found.responses) == found.paid.total() == len(stage.server.requests)
        assert found.lost.total() == 0
    assert len(stage.server.requests) == WHOLE


def test_twice_leaves_what_is_under_way(stage: Stage) -> None:
    stage.server.delay_seconds = LATE
    child = sent(stage, AT_ONCE)
    child.kill(signal.SIGINT)
    time.sleep(0.5)
    assert not child.ended  # it waits
    interrupt(child)
    assert (stage.kept().responses, stage.kept().doubled) == ({}, set())
    partial(stage)
    finish(stage)


PRICED = "prices: {openai/loop: {input: 1, output: 1}}\n"


def _left(stage: Stage) -> None:
    stage.write(SUITE, stage.read(SUITE) + PRICED)
    stage.server.delay_seconds = LATE
    child = sent(stage, AT_ONCE)
    child.kill(signal.SIGINT)
    time.sleep(0.5)
    interrupt(child)


def test_calls_that_were_left_are_money_at_risk(stage: Stage) -> None:
    _left(stage)
    cost = partial(stage)["cost"]
    assert cost["at_risk_usd"] > 0  # type: ignore[index]


def test_calls_that_were_left_are_in_the_ledger(stage: Stage) -> None:
    _left(stage)
    assert stage.kept().lost.total() == AT_ONCE


@pytest.mark.parametrize("gap", [0.0, 0.02, 0.2])
def test_twice_at_once(stage: Stage, gap: float) -> None:
    stage.server.delay_seconds = LATE
    child = sent(stage, AT_ONCE)
    child.kill(signal.SIGINT)
    time.sleep(gap)
    child.kill(signal.SIGINT)
    # Two that arrive together may be one.
    if not _until(lambda: child.ended, 3.0):
        child.kill(signal.SIGINT)
    assert child.wait(SOON) == 130
    assert "Traceback" not in child.err
    assert stage.kept().responses == {}
    finish(stage)


def test_in_a_pause_before_a_retry(stage: Stage) -> None:
    stage.server.delay_seconds = 0.0
    stage.server.script = lambda asked: error(429, headers={"Retry-After": "50"})
    child = sent(stage, 1)
    time.sleep(0.5)
    interrupt(child)
    assert stage.kept().responses == {}
    assert len(stage.server.requests) <= AT_ONCE
    finish(stage)


def test_while_a_model_is_down(stage: Stage) -> None:
    stage.server.delay_seconds = 0.0
    stage.server.script = lambda asked: error(503, "overloaded")
    child = sent(stage, 8)  # so the circuit has opened
    interrupt(child)
    assert stage.kept().responses == {}
    finish(stage)


def test_while_it_waits_for_the_budget(stage: Stage) -> None:
    """Room for two calls: the others wait for what becomes of those."""
    suite = stage.read(SUITE)
    stage.write(SUITE, suite + "budget: {calls: 2}\n")
    interrupt(sent(stage, 2))
    assert len(stage.server.requests) == len(stage.kept().responses) == 2
    stage.write(SUITE, suite)
    finish(stage)


def test_before_the_first_answer(stage: Stage) -> None:
    interrupt(sent(stage, 1))
    assert len(stage.kept().responses) == len(stage.server.requests)
    finish(stage)


IMPORTING = """
import os, signal, sys
class Interrupt:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == {name!r}:
            for _ in range({times}):
                os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupt)
sys.argv = ["promptops", "eval", "-q"]
from promptops.cli.main import run
run()
"""


@pytest.mark.parametrize("name", ["promptops.engine.evaluation", "litellm", "litellm.main"])
@pytest.mark.parametrize("times", [1, 2])
def test_in_the_middle_of_an_import(stage: Stage, name: str, times: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORTING.format(name=name, times=times)],
        cwd=stage.root,
        env=stage.environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", LAST)
    assert stage.server.requests == []


def test_told_to_end(stage: Stage) -> None:
    """The system's default, so far: what was acknowledged is kept, and the run goes on."""
    stage.server.delay_seconds = 0.05
    child = sent(stage, 20)
    child.kill(signal.SIGTERM)
    assert child.wait(SOON) in {-signal.SIGTERM, 128 + signal.SIGTERM}
    assert len(stage.server.requests) - len(stage.kept().responses) <= AT_ONCE
    finish(stage)


class Terminal:
    """A pseudo-terminal of 80 columns, and what was shown on it."""

    def __init__(self, ours: int, path: str) -> None:
        self.path = path
        self._ours = ours
        self._read = bytearray()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    @property
    def shown(self) -> str:
        return self._read.decode("utf-8", "replace")

    def type(self, keys: bytes) -> None:
        os.write(self._ours, keys)

    def _listen(self) -> None:
        try:
            while data := os.read(self._ours, 4096):
                self._read += data
        except OSError:  # closed
            return


@contextmanager
def terminal() -> Iterator[Terminal]:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    try:
        yield Terminal(ours, os.ttyname(theirs))
    finally:
        os.close(theirs)
        os.close(ours)


def _until(happened: Callable[[], bool], seconds: float = SOON) -> bool:
    ends = time.monotonic() + seconds
    while not happened() and time.monotonic() < ends:
        time.sleep(0.01)
    return happened()


def test_the_live_line_says_that_it_waits(stage: Stage) -> None:
    stage.server.delay_seconds = 2.0
    with terminal() as screen:
        child = stage.start("eval", "--concurrency", str(AT_ONCE), terminal=screen.path)
        assert child.until(lambda: len(stage.server.requests) == AT_ONCE)
        screen.type(b"\x03")
        assert _until(lambda: "waits for 4 calls under way" in screen.shown), screen.shown
        assert child.wait(SOON) == 130
        assert _until(lambda: LAST.strip() in screen.shown)
        assert screen.shown.replace("\r\n", "\n").endswith(LAST)
    assert len(stage.kept().responses) == len(stage.server.requests) == AT_ONCE


def test_ctrl_c_typed_twice(stage: Stage) -> None:
    stage.server.delay_seconds = LATE
    with terminal() as screen:
        child = stage.start("eval", "--concurrency", str(AT_ONCE), terminal=screen.path)
        assert child.until(lambda: len(stage.server.requests) == AT_ONCE)
        screen.type(b"\x03")
        assert _until(lambda: "Ctrl-C leaves" in screen.shown), screen.shown
        screen.type(b"\x03")
        assert child.wait(SOON) == 130
        assert _until(lambda: LAST.strip() in screen.shown)
        assert "\x1b[?25h" in screen.shown.rpartition("\x1b[?25l")[2]  # the cursor is back
    finish(stage)
