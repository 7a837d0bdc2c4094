"""`kill -9` at random moments: a run goes on, and nothing that was paid for is lost or doubled."""

from __future__ import annotations

import random
import signal
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.benchmarks.shouting import shouting
from tests.loopback import Asked, Loopback
from tests.zygote import NOTHING, Child, Kept, Stage, Zygote, kept, timeless

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks and kills are POSIX")

CONCURRENCY = 8
CASES, SAMPLES = 60, 4
SAME = ("verdict", "reasons", "metrics", "baseline", "candidate", "cases")


def model(asked: Asked) -> str:
    """Right or wrong by chance; the same for the same question, however often it is asked."""
    system = str(asked.messages[0]["content"])
    right = random.Random(f"{system}/{asked.last_user}").random() < 0.7
    return asked.last_user.upper() if right else "wrong"


def survive(tmp_path: Path, kills: int, seed: int) -> None:
    """Kill runs at random moments until so many were killed; each must leave a store that grew."""
    chance = random.Random(seed)
    done = 0
    with Zygote(tmp_path / "children") as zygote:
        while done < kills:
            root = shouting(tmp_path / f"project-{done}", cases=CASES, samples=SAMPLES)
            with Loopback(model, delay_seconds=0.01) as server:
                stage = Stage(zygote, root, server, CONCURRENCY)
                done += _one_project(stage, chance, kills - done)


def _one_project(stage: Stage, chance: random.Random, most: int) -> int:
    """One comparison, killed again and again until it is through; how often, or 1."""
    killed, before = 0, NOTHING
    while True:
        child = stage.evaluate("-q")
        if killed < most and _kill(child, stage, chance):
            killed += 1
            after = stage.kept()
            _check_grown(stage, before, after, killed)
            before = after
            continue
        assert child.wait() in {0, 1}, child.err
        break
    (report,) = child.value
    after = stage.kept()
    _check_grown(stage, before, after, killed)
    # However often it was killed it is one run, and the report is of the whole of it.
    assert after.unfinished == frozenset()
    assert not before.unfinished or before.unfinished == {report["run"]}
    assert stage.runs() == [report["run"]]
    assert (report["calls"]["made"], report["calls"]["cached"]) == (len(after.responses), 0)
    _check_same_as_undisturbed(stage, report)
    return max(killed, 1)


def _kill(child: Child, stage: Stage, chance: random.Random) -> bool:
    """Kill at a random moment; False where it was through before that."""
    asked = len(stage.server.requests)
    if chance.random() < 0.25:  # before the first request, mostly: while files are read and made
        time.sleep(chance.random() * 0.5)
    else:
        until = asked + chance.randrange(1, 60)
        child.until(lambda: len(stage.server.requests) >= until)
        time.sleep(chance.random() * 0.02)
    child.kill()
    return child.wait() == -signal.SIGKILL


def _check_grown(stage: Stage, before: Kept, after: Kept, killed: int) -> None:
    """What was kept stays as it was; what was answered is kept, but for what was under way."""
    assert after.responses.items() >= before.responses.items()
    assert len(stage.server.requests) - len(after.responses) <= killed * CONCURRENCY
    assert after.paid == Counter(after.responses.keys())  # once each, and nothing else
    assert after.lost.total() == 0
    assert len(after.unfinished) <= 1


def _check_same_as_undisturbed(stage: Stage, report: dict[str, object]) -> None:
    """A run that nobody disturbed, from an empty store, ends the same."""
    (stage.root / ".promptops").rename(stage.root / "kept")
    undisturbed = stage.report("-q")
    for name in SAME:
        assert timeless(undisturbed[name]) == timeless(report[name]), name


def test_runs_survive_being_killed(tmp_path: Path) -> None:
    survive(tmp_path, kills=15, seed=1)


@pytest.mark.slow
def test_runs_survive_being_killed_two_hundred_times(tmp_path: Path) -> None:
    survive(tmp_path, kills=200, seed=2)


def test_a_store_that_was_never_made_holds_nothing(tmp_path: Path) -> None:
    assert kept(tmp_path) == NOTHING
