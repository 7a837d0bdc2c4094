"""Several processes on one store: nothing is paid for twice, and all come to the same (row 41)."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.shouting import answer, shouting
from tests.loopback import Loopback
from tests.zygote import Child, Stage, Zygote, timeless

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks and kills are POSIX")

CASES, SAMPLES, AT_ONCE = 30, 2, 4
WHOLE = 2 * CASES * SAMPLES
SUITE = "evals/shout.yaml"
SAME = ("verdict", "reasons", "metrics", "cases")


@pytest.fixture(scope="module")
def zygote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zygote]:
    with Zygote(tmp_path_factory.mktemp("children")) as made:
        yield made


@pytest.fixture
def stage(tmp_path: Path, zygote: Zygote) -> Iterator[Stage]:
    root = shouting(tmp_path / "project", cases=CASES, samples=SAMPLES)
    with Loopback(answer, delay_seconds=0.03) as server:
        yield Stage(zygote, root, server, AT_ONCE)


def reports(children: Sequence[Child]) -> list[dict[str, Any]]:
    """What all of them reported, once they have ended well."""
    assert [child.wait() for child in children] == [0] * len(children), [c.err for c in children]
    return [report for child in children for report in child.value]


def check_shared(stage: Stage, found: Sequence[dict[str, Any]], draws: int = WHOLE) -> None:
    """Each draw was asked for once by whoever it was, and is in the store once."""
    kept = stage.kept()
    assert len(stage.server.requests) == len(kept.responses) == kept.paid.total() == draws
    assert kept.doubled == set()
    assert kept.unfinished == frozenset()
    assert sum(report["calls"]["made"] for report in found) == draws
    assert len({report["run"] for report in found}) == len(found)


def check_same(found: Sequence[dict[str, Any]]) -> None:
    for name in SAME:
        assert all(timeless(each[name]) == timeless(found[0][name]) for each in found), name


@pytest.mark.parametrize("count", [2, 4])
def test_the_same_suite(stage: Stage, count: int) -> None:
    found = reports([stage.evaluate("-q") for _ in range(count)])
    check_shared(stage, found)
    check_same(found)
    for report in found:
        assert report["calls"]["made"] + report["calls"]["cached"] == WHOLE


def test_one_that_comes_later(stage: Stage) -> None:
    first = stage.evaluate("-q")
    assert first.until(lambda: len(stage.server.requests) >= WHOLE // 2)
    found = reports([first, stage.evaluate("-q")])
    check_shared(stage, found)
    check_same(found)


def test_two_suites_of_one_prompt(stage: Stage) -> None:
    """What one draws the other has, where they ask for the same."""
    other = stage.read(SUITE).replace("equals", "contains").replace("samples: 2", "samples: 1")
    stage.write("evals/cry.yaml", other)
    found = reports([stage.evaluate("-q", "shout"), stage.evaluate("-q", "cry")])
    check_shared(stage, found)
    shout, cry = (report["calls"]["made"] + report["calls"]["cached"] for report in found)
    assert (shout, cry) == (WHOLE, WHOLE // 2)


def test_a_project_is_new_to_both(stage: Stage) -> None:
    """Several make the store at the same moment."""
    found = reports([stage.evaluate("-q", "--samples", "1") for _ in range(6)])
    check_shared(stage, found, WHOLE // 2)


def test_beside_pruning(stage: Stage) -> None:
    """What a run still needs is not taken away from it."""
    first, second = stage.evaluate("-q"), stage.evaluate("-q")
    pruned = 0
    while not (first.ended and second.ended):
        child = stage.run("cache", "prune", "--older-than", "0h", "--yes", "-f", "json")
        assert child.code == 0, child.err
        pruned += 1
    assert pruned > 2
    check_same(reports([first, second]))
    assert len(stage.server.requests) == stage.kept().paid.total() == WHOLE


def test_pruned_when_it_is_over(stage: Stage) -> None:
    """What was spent stays known, and what was deleted is drawn again."""
    first = stage.report("-q")
    time.sleep(1.1)  # ages are told by the second
    child = stage.run("cache", "prune", "--older-than", "0h", "--yes", "-f", "json")
    assert child.code == 0, child.err
    assert (len(stage.kept().responses), stage.kept().paid.total()) == (0, WHOLE)
    again = stage.report("-q")
    check_same([first, again])
    assert (len(stage.kept().responses), stage.kept().paid.total()) == (WHOLE, 2 * WHOLE)


@pytest.mark.parametrize("after", [1, 20, 70])
def test_one_of_them_is_killed(stage: Stage, after: int) -> None:
    """The others draw what it was drawing, at most as much again as it had under way."""
    children = [stage.evaluate("-q") for _ in range(3)]
    assert children[0].until(lambda: len(stage.server.requests) >= after)
    children[0].kill()
    assert children[0].wait() == -9
    found = reports(children[1:])
    check_same(found)
    kept = stage.kept()
    assert len(kept.responses) == WHOLE
    assert kept.doubled == set()
    assert len(stage.server.requests) <= WHOLE + AT_ONCE
    assert len(kept.unfinished) == 1
    # What the one that was killed had begun goes on, and asks for nothing any more.
    asked = len(stage.server.requests)
    report = stage.report("-q")
    assert {report["run"]} == kept.unfinished
    assert len(stage.server.requests) == asked
    check_same([*found, report])


def test_one_of_them_is_interrupted(stage: Stage) -> None:
    children = [stage.evaluate("-q") for _ in range(3)]
    assert children[0].until(lambda: len(stage.server.requests) >= 20)
    children[0].kill(signal.SIGINT)
    assert children[0].wait(10) == 130
    found = reports(children[1:])
    check_same(found)
    kept = stage.kept()
    assert len(stage.server.requests) == len(kept.responses) == kept.paid.total() == WHOLE


def test_who_waits_for_another_can_be_interrupted(stage: Stage) -> None:
    stage.server.delay_seconds = 4.0
    first = stage.evaluate("-q", "--samples", "1")
    assert first.until(lambda: len(stage.server.requests) == AT_ONCE)
    second = stage.evaluate("-q", "--samples", "1", "--concurrency", str(2 * AT_ONCE))
    assert second.until(lambda: len(stage.server.requests) >= 2 * AT_ONCE)
    stage.server.delay_seconds = 0.0
    second.kill(signal.SIGINT)
    assert second.wait(10) == 130
    (report,) = reports([first])
    kept = stage.kept()
    assert len(stage.server.requests) == len(kept.responses) == WHOLE // 2
    assert report["calls"]["cached"] == 2 * AT_ONCE - AT_ONCE  # what the other one had


def test_two_go_on_with_the_same_run(stage: Stage) -> None:
    """One has it; the other says so, and has spent nothing."""
    stage.broken_off(30)
    children = [stage.evaluate("-q", "--resume") for _ in range(2)]
    codes = sorted(child.wait() for child in children)
    assert codes in ([0, 2], [0, 3]), [child.err for child in children]
    refused = next(child for child in children if child.code)
    assert "under way in another process" in refused.err
    assert len(stage.server.requests) <= WHOLE + AT_ONCE
    assert stage.kept().doubled == set()


def test_of_two_same_commands_one_goes_on_and_one_begins(stage: Stage) -> None:
    """Importing litellm takes seconds, in which another may have taken the run that was meant."""
    stage.broken_off(30)
    first = subprocess.Popen(
        [sys.executable, "-m", "promptops", "eval"],
        cwd=stage.root,
        env=stage.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert first.stderr is not None
    assert "goes on with run" in first.stderr.readline()
    first.send_signal(signal.SIGSTOP)
    asked = len(stage.server.requests)
    stage.server.delay_seconds = 0.3
    second = stage.evaluate("-q")
    assert second.until(lambda: len(stage.server.requests) > asked)
    first.send_signal(signal.SIGCONT)
    _, told = first.communicate(timeout=60)
    assert second.wait() == 0
    assert first.returncode == 0, told
