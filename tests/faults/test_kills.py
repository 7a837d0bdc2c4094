"""`kill -9` at random moments: a run goes on, and nothing that was paid for is lost or doubled."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import sys
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.benchmarks.shouting import shouting
from tests.loopback import Asked, Loopback
from tests.zygote import Child, Zygote

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks and kills are POSIX")

CONCURRENCY = 8
CASES, SAMPLES = 60, 4


class Kept(NamedTuple):
    """What is in a store."""

    responses: dict[tuple[str, int], bytes]
    ledger: int
    doubled: int
    """Draws that the ledger has more than once."""


def kept(root: Path) -> Kept:
    with sqlite3.connect(root / ".promptops" / "store.db") as store:
        assert store.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        rows = store.execute("SELECT request_key, sample, body FROM responses").fetchall()
        (ledger,) = store.execute("SELECT count(*) FROM ledger").fetchone()
        (doubled,) = store.execute(
            "SELECT count(*) FROM (SELECT 1 FROM ledger GROUP BY request_key, sample"
            " HAVING count(*) > 1)"
        ).fetchone()
    store.close()
    return Kept({(key, sample): body for key, sample, body in rows}, ledger, doubled)


class Model:
    """Right or wrong by chance that is the same for the same question, however often it is asked;
    counts what it has answered.
    """

    def __init__(self) -> None:
        self.answered: Counter[str] = Counter()

    def __call__(self, asked: Asked) -> str:
        system = str(asked.messages[0]["content"])
        self.answered[json.dumps([system, asked.last_user])] += 1
        right = random.Random(f"{system}/{asked.last_user}").random() < 0.7
        return asked.last_user.upper() if right else "wrong"


def environ_of(server: Loopback) -> dict[str, str]:
    """What a child is given."""
    return {**os.environ, **server.environ}


def evaluate(zygote: Zygote, root: Path, server: Loopback, *more: str) -> Child:
    arguments = ("eval", "-q", "-f", "json", "--concurrency", str(CONCURRENCY), *more)
    return zygote.start(root, environ_of(server), *arguments)


def survive(tmp_path: Path, kills: int, seed: int) -> None:
    """Kill runs at random moments until so many were killed; each must leave a store that grew."""
    chance = random.Random(seed)
    done = 0
    with Zygote(tmp_path / "children") as zygote:
        while done < kills:
            done += _one_project(tmp_path / f"project-{done}", zygote, chance, kills - done)


def _one_project(root: Path, zygote: Zygote, chance: random.Random, most: int) -> int:
    """One comparison, killed again and again until it is through; how often."""
    shouting(root, cases=CASES, samples=SAMPLES)
    model, killed, before = Model(), 0, Kept({}, 0, 0)
    with Loopback(model, delay_seconds=0.01) as server:
        while killed < most:
            child = evaluate(zygote, root, server)
            asked = len(server.requests)
            until = asked + chance.randrange(1, 60)
            while len(server.requests) < until and not child.ended:
                time.sleep(0.0005)
            time.sleep(chance.random() * 0.02)
            if child.ended:
                break
            child.kill()
            assert child.wait() == -9
            killed += 1
            after = kept(root)
            # What was kept stays as it was; what was answered is kept, but for what was under way.
            assert after.responses.items() >= before.responses.items()
            assert len(server.requests) - len(after.responses) <= killed * CONCURRENCY
            assert after.ledger == len(after.responses)
            assert after.doubled == 0
            before = after
        last = evaluate(zygote, root, server)
        assert last.wait() in {0, 1}, last.err
        (report,) = last.value
        after = kept(root)
        assert after.responses.items() >= before.responses.items()
        calls = report["calls"]
        assert calls["made"] + calls["cached"] == len(after.responses)
        assert len(server.requests) <= len(after.responses) + killed * CONCURRENCY
        _check_same_as_undisturbed(root, zygote, server, report)
    return max(killed, 1)


def _check_same_as_undisturbed(
    root: Path, zygote: Zygote, server: Loopback, report: dict[str, object]
) -> None:
    """A run that nobody disturbed, from an empty store, ends the same."""
    (root / ".promptops").rename(root / "kept")
    whole = evaluate(zygote, root, server)
    whole.wait()
    (undisturbed,) = whole.value
    for name in ("verdict", "metrics", "baseline", "candidate", "cases"):
        assert _timeless(undisturbed[name]) == _timeless(report[name]), name


def _timeless(value: object) -> object:
    if isinstance(value, dict):
        return {k: _timeless(v) for k, v in value.items() if k != "latency_seconds"}
    return [_timeless(each) for each in value] if isinstance(value, list) else value


def test_runs_survive_being_killed(tmp_path: Path) -> None:
    survive(tmp_path, kills=15, seed=1)


@pytest.mark.slow
def test_runs_survive_being_killed_two_hundred_times(tmp_path: Path) -> None:
    survive(tmp_path, kills=200, seed=2)
