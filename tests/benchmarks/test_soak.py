"""A long run with faults in one call of twenty: sockets, tasks, threads and memory stay flat.

The server and the run are processes of their own, so that what is counted is the run's alone:
`python -m tests.benchmarks.test_soak serve`, and `… run ROOT CALLS`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from promptops.cli.choosing import open_workplace
from promptops.cli.project import find_project
from promptops.engine.choices import Choices
from promptops.engine.drawing import Answers
from promptops.engine.evaluation import Asked as Terms
from promptops.engine.evaluation import Evaluation
from promptops.engine.progress import Progress
from promptops.models.model import Model
from promptops.models.opening import open_model
from tests.benchmarks.shouting import answer, shouting
from tests.loopback import Answer, Asked, Loopback, Reply, completion, error
from tests.zygote import kept

DESCRIPTORS = Path("/proc/self/fd")
pytestmark = pytest.mark.skipif(not DESCRIPTORS.exists(), reason="counted below Linux's /proc")

AT_ONCE = 32
EVERY = 500
"""Calls between two samples."""
MOST_THREADS = 1 + min(32, (os.cpu_count() or 1) + 4)
"""The store's writer, and those that asyncio keeps for what blocks, at most."""
MOST_MB = 0.5
"""By which memory may grow in 1,000 calls once the run is warm."""


class Sample(NamedTuple):
    """What the process holds."""

    calls: int
    sockets: int
    tasks: int
    threads: int
    memory_mb: float


def faulty(asked: Asked) -> Answer:
    """Every twentieth request goes wrong, in one of four ways."""
    if asked.index % 20 != 7:
        return answer(asked)
    whole = completion(answer(asked), asked=asked)
    return FAULTS[_fault(asked.index)](whole)


def _fault(index: int) -> str:
    return list(FAULTS)[index // 20 % len(FAULTS)]


FAULTS: dict[str, Callable[[dict[str, Any]], Reply]] = {
    "limited": lambda _: error(429, "slow down", headers={"Retry-After": "0"}),
    "failed": lambda _: error(500, "no"),
    "reset": lambda _: Reply(reset=True),
    "cut": lambda whole: Reply(whole, cut_after=60),
}
BILLABLE = ("reset", "cut")


def serve() -> None:
    """Serve until standard input ends; print the variables first, and what was asked last."""
    with Loopback(faulty, delay_seconds=0.01) as server:
        print(json.dumps(server.environ), flush=True)
        with contextlib.suppress(EOFError):
            input()
        asked = len(server.requests)
        wrong = Counter(_fault(index) for index in range(asked) if index % 20 == 7)
        print(json.dumps({"asked": asked, **wrong}), flush=True)


def look(calls: int, tasks: int) -> Sample:
    """This process, now."""
    kinds = []
    for each in DESCRIPTORS.iterdir():
        with contextlib.suppress(OSError):  # the one that lists them
            kinds.append(str(each.readlink()))
    sockets = sum(kind.startswith("socket:") for kind in kinds)
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    memory = pages * os.sysconf("SC_PAGE_SIZE") / 2**20
    return Sample(calls, sockets, tasks, threading.active_count(), memory)


class Watched:
    """Takes a sample of every so many calls."""

    def __init__(self) -> None:
        self.samples: list[Sample] = []

    def __call__(self, state: Progress) -> None:
        if state.calls >= EVERY * (len(self.samples) + 1):
            self.samples.append(look(state.calls, len(asyncio.all_tasks())))


async def evaluated(evaluation: Evaluation, opened: list[Model], watched: Watched) -> Sample:
    """The evaluation to its end; what is left when its clients are closed."""
    try:
        await evaluation.make_ready()
        report = await evaluation.run(watch=watched)
        assert report.candidate.failures == 0, report.reasons
    finally:
        for model in opened:
            await model.close()
    return look(report.calls.made, len(asyncio.all_tasks()))


def run(root: Path) -> None:
    """Evaluate the suite of a project; print what was held before, meanwhile and afterwards."""
    os.chdir(root)
    watched, opened = Watched(), list[Model]()

    def open_answers() -> Answers:
        if not opened:
            opened.append(open_model())
        return opened[0]

    with ExitStack() as held:
        place = open_workplace(find_project(), held)
        terms = Terms(concurrency=AT_ONCE)
        before = look(0, 0)
        evaluation = held.enter_context(
            closing(Evaluation("shout", Choices(), place, open_answers, terms))
        )
        closed = asyncio.run(evaluated(evaluation, opened, watched))
        after = look(closed.calls, 0)
    print(json.dumps([before, watched.samples, closed, after]))


@contextlib.contextmanager
def serving() -> Iterator[tuple[dict[str, str], dict[str, int]]]:
    """The variables of a server, and what was asked, filled in when it has ended."""
    counts: dict[str, int] = {}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.test_soak", "serve"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        yield json.loads(process.stdout.readline()), counts
        process.stdin.close()
        counts |= json.loads(process.stdout.readline())


def soak(root: Path, cases: int, samples: int) -> list[Sample]:
    """The samples of a run, sound in all that can be held of a short one too."""
    shouting(root, cases=cases, samples=samples)
    calls = 2 * cases * samples
    here = str(Path(__file__).parents[2])
    with serving() as (variables, counts):
        done = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.test_soak", "run", str(root)],
            env={**os.environ, **variables, "PYTHONPATH": here},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    before, meanwhile, closed, after = json.loads(done.stdout)
    first, last = Sample(*before), Sample(*after)
    found = [Sample(*each) for each in meanwhile]
    print("\n" + "\n".join(map(str, [first, *found, Sample(*closed), last])), counts)
    stored = kept(root)
    assert len(stored.responses) == stored.paid.total() == calls
    assert counts["asked"] == calls + sum(counts[name] for name in FAULTS)
    assert stored.lost.total() == sum(counts[name] for name in BILLABLE)
    assert Sample(*closed).tasks == 1  # the one that looks
    assert last.sockets == first.sockets
    for each in found:
        assert each.sockets <= first.sockets + AT_ONCE + 4
        assert each.tasks <= 3 * AT_ONCE + 8
        assert each.threads <= first.threads + MOST_THREADS
    return found


def test_a_short_run_holds_no_more_than_it_must(tmp_path: Path) -> None:
    assert len(soak(tmp_path, cases=250, samples=2)) == 2


@pytest.mark.slow
def test_a_long_run_stays_flat(tmp_path: Path) -> None:
    found = soak(tmp_path, cases=1_000, samples=10)
    assert len(found) >= 40
    warm = [each for each in found if each.calls >= 4_000]
    grown = warm[-1].memory_mb - warm[0].memory_mb
    assert grown / (warm[-1].calls - warm[0].calls) * 1000 < MOST_MB


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve()
    else:
        run(Path(sys.argv[2]))
