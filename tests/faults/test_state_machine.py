"""Runs, kills, interruptions, resumption, pruning and two at once, in any order, against a model.

The model is a few plain values: what every call must have left in the store, and which runs are
unfinished.  Everything else is real: processes, signals, SQLite, litellm, a server.
"""

from __future__ import annotations

import shutil
import signal
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.benchmarks.shouting import prompt, said, shouting
from tests.git_sandbox import Sandbox
from tests.loopback import Asked, Loopback
from tests.zygote import Child, Slot, Stage, Zygote, timeless

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks and kills are POSIX")

CASES, SAMPLES, AT_ONCE = 8, 2, 4
WHOLE = 2 * CASES * SAMPLES
SUITES = ("shout", "cry")
SYSTEMS = ("new", "newer", "newest")
"""What the prompt in the working tree may say; the one in the last commit says `old`."""
SAME = ("verdict", "reasons", "metrics", "baseline", "candidate", "cases")
SOON = 20.0


class Meant(NamedTuple):
    """What is evaluated."""

    suite: str
    system: str


def answer(asked: Asked) -> str:
    system = str(asked.messages[0]["content"])
    return said("new" if system in SYSTEMS else system, asked.last_user)


def make_project(root: Path) -> None:
    """Two suites of one prompt, whose second version is not committed."""
    new = (shouting(root, cases=CASES, samples=SAMPLES) / "prompts/shout.yaml").read_text()
    Sandbox(root, init=False).git("reset", "--hard", "--quiet", "HEAD~1")
    (root / "prompts/shout.yaml").write_text(new)
    suite = (root / "evals/shout.yaml").read_text()
    (root / "evals/cry.yaml").write_text(suite.replace("equals", "contains"))


class Field:
    """What all examples share: the processes' parent, a project to copy, and what must come out."""

    def __init__(self, zygote: Zygote, scratch: Path) -> None:
        self.zygote = zygote
        self._scratch = scratch
        self._numbers = count()
        make_project(scratch / "original")
        self._expected: dict[Meant, dict[str, Any]] = {}

    def expected(self, meant: Meant) -> dict[str, Any]:
        """The report of a run that nobody disturbed, on an empty store."""
        if meant not in self._expected:
            with Loopback(answer) as server:
                stage = self.stage(server)
                stage.write("prompts/shout.yaml", prompt(2, meant.system))
                self._expected[meant] = stage.report("-q", meant.suite)
        return self._expected[meant]

    def stage(self, server: Loopback) -> Stage:
        """The project, new."""
        root = self._scratch / f"project-{next(self._numbers)}"
        shutil.copytree(self._scratch / "original", root)
        return Stage(self.zygote, root, server, AT_ONCE)


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    scratch = tmp_path_factory.mktemp("field")
    with Zygote(scratch / "children") as zygote:
        yield Field(zygote, scratch)


suites = st.sampled_from(SUITES)
afters = st.integers(1, WHOLE // 2)


class Machine(RuleBasedStateMachine):
    """Whatever people and machines do to a project, one after the other."""

    def __init__(self, field: Field) -> None:
        super().__init__()
        self.field = field
        self.server = Loopback(answer, delay_seconds=0.01)
        self.server.__enter__()
        self.stage = field.stage(self.server)
        self.system = SYSTEMS[0]
        self.unfinished: dict[Meant, str] = {}
        self.ended: set[str] = set()
        self.paid: Counter[Slot] = Counter()
        """How often each draw was paid for."""
        self.had: dict[Slot, bytes] = {}
        """What was in the store after the last step."""
        self.most: Counter[Slot] = Counter()
        """How often each draw that was deleted has been deleted."""

    def teardown(self) -> None:
        self.server.__exit__(None, None, None)

    def meant(self, suite: str) -> Meant:
        return Meant(suite, self.system)

    @property
    def asked(self) -> int:
        return len(self.server.requests)

    @rule(suite=suites)
    def evaluate(self, suite: str) -> None:
        asked, had = self.asked, len(self.had)
        child = self.stage.evaluate("-q", suite)
        child.wait()
        self.completed(suite, child)
        self.gained(self.asked - asked, had=had, lost=0)

    @rule(suite=suites, after=afters)
    def kill(self, suite: str, after: int) -> None:
        self.broken_off(suite, after, signal.SIGKILL, lost=AT_ONCE)

    @rule(suite=suites, after=afters)
    def interrupt(self, suite: str, after: int) -> None:
        self.broken_off(suite, after, signal.SIGINT, lost=0)

    @precondition(lambda self: self.unfinished)
    @rule(data=st.data())
    def resume(self, data: st.DataObject) -> None:
        meant = data.draw(st.sampled_from(sorted(self.unfinished)))
        asked, had, run = self.asked, len(self.had), self.unfinished[meant]
        child = self.stage.evaluate("-q", "--resume", run)
        child.wait()
        if meant.system != self.system:
            assert (child.code, child.out) == (2, ""), child.err
            assert "the candidate was" in child.err
            assert self.asked == asked
            return
        self.completed(meant.suite, child)
        self.gained(self.asked - asked, had=had, lost=0)

    @rule(first=suites, second=suites)
    def two_at_once(self, first: str, second: str) -> None:
        if first == second and self.meant(first) in self.unfinished:
            return  # both would mean to go on with it: `test_two_at_once.py` has that
        asked, had = self.asked, len(self.had)
        children = [self.stage.evaluate("-q", suite) for suite in (first, second)]
        for suite, child in zip((first, second), children, strict=True):
            child.wait()
            self.completed(suite, child)
        self.gained(self.asked - asked, had=had, lost=0)

    @precondition(lambda self: self.had)
    @rule()
    def prune(self) -> None:
        time.sleep(1.0)  # ages are told by the second
        child = self.stage.run("cache", "prune", "--older-than", "0h", "--yes", "-f", "json")
        assert child.code == 0, child.err
        left = self.stage.kept().responses
        gone = self.had.keys() - left.keys()
        assert left.items() <= self.had.items()
        if not self.unfinished:
            assert left == {}
        for run in self.unfinished.values():
            assert slots_of(self.stage.root, run) <= left.keys()
        self.most.update(gone)
        self.had = left

    @rule(system=st.sampled_from(SYSTEMS))
    def edit(self, system: str) -> None:
        self.system = system
        self.stage.write("prompts/shout.yaml", prompt(2, self.system))

    def broken_off(self, suite: str, after: int, by: int, *, lost: int) -> None:
        asked, had = self.asked, len(self.had)
        child = self.stage.evaluate("-q", suite)
        happened = child.until(lambda: self.asked >= asked + after)
        if not happened:  # too little was missing
            self.completed(suite, child)
        else:
            child.kill(by)
            code = child.wait(SOON)
            if code in {0, 1}:  # it was quicker
                self.completed(suite, child)
            else:
                assert code == (130 if by == signal.SIGINT else -by), child.err
                self.unfinished[self.meant(suite)] = self.begun(suite)
        self.gained(self.asked - asked, had=had, lost=lost)

    def begun(self, suite: str) -> str:
        """The run that a process was at when it was broken off: one that it went on with, or new.

        What the store says is held against the model by the invariants.
        """
        known = self.unfinished.get(self.meant(suite))
        if known:
            return known
        (run,) = self.stage.kept().unfinished - set(self.unfinished.values())
        assert run not in self.ended
        return run

    def completed(self, suite: str, child: Child) -> None:
        """It ended as an undisturbed run does, under the id of the run that it went on with."""
        meant = self.meant(suite)
        expected = self.field.expected(meant)
        assert child.code == expected["exit_code"], child.err
        (report,) = child.value
        for name in SAME:
            assert timeless(report[name]) == timeless(expected[name]), (name, child.err)
        calls = report["calls"]
        assert calls["made"] + calls["cached"] == WHOLE
        run = self.unfinished.pop(meant, None)
        if run:
            assert report["run"] == run
        assert report["run"] not in self.ended
        self.ended.add(report["run"])

    def gained(self, sent: int, *, had: int, lost: int) -> None:
        """Each answer is kept and in the ledger once; all but `lost` that were under way."""
        kept = self.stage.kept()
        new = kept.responses.keys() - self.had.keys()
        assert sent - lost <= len(new) <= sent
        assert kept.responses.items() >= self.had.items()
        assert len(kept.responses) == had + len(new)
        self.paid.update(new)
        self.had = kept.responses

    @invariant()
    def the_store_is_what_the_model_says(self) -> None:
        kept = self.stage.kept()
        assert kept.responses == self.had
        assert kept.paid == self.paid
        assert kept.lost.total() == 0
        assert all(times <= 1 + self.most[slot] for slot, times in kept.paid.items())
        assert kept.unfinished == set(self.unfinished.values())


def slots_of(root: Path, run: str) -> set[Slot]:
    """What a run has drawn, by the ledger; what was deleted before it went on is not in it."""
    store = sqlite3.connect(root / ".promptops" / "store.db")
    try:
        rows = store.execute(
            "SELECT request_key, sample FROM ledger JOIN accounts ON accounts.id = account"
            " WHERE run = ? AND outcome = 'answered'",
            (run,),
        ).fetchall()
    finally:
        store.close()
    return {(key, sample) for key, sample in rows}


def live(field: Field, examples: int, steps: int, *, again: bool) -> None:
    """Live through so many histories; `again`: always the same ones."""
    run_state_machine_as_test(
        lambda: Machine(field),  # type: ignore[arg-type]  # a function will do
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=again,
            database=None,
            phases=[Phase.generate],  # moments cannot be made smaller
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_whatever_happens_the_store_is_as_the_model_says(field: Field) -> None:
    live(field, examples=6, steps=12, again=True)


@pytest.mark.slow
def test_whatever_happens_for_long(field: Field) -> None:
    live(field, examples=60, steps=30, again=False)
