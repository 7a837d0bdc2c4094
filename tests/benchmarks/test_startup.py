"""How long the quick commands take as whole processes, beside an interpreter that does nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "wait4"), reason="processor time is read from wait4"),
]

BOUND_SECONDS = 0.4
MOST_TIMES_NOTHING = 100
ROUNDS = 7
RUN = "from promptops.cli.main import run; run()"


class Took(NamedTuple):
    """Seconds of a whole process, its children included."""

    clock: float
    processor: float


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("project")
    subprocess.run([sys.executable, "-c", RUN, "init"], cwd=root, check=True, capture_output=True)
    settings = ("-c", "user.name=Ana Ficta", "-c", "user.email=ana@ficta.example")
    for arguments in (["init", "-q"], ["add", "-A"], [*settings, "commit", "-qm", "Start"]):
        subprocess.run(["git", *arguments], cwd=root, check=True)
    return root


def took(root: Path, *arguments: str) -> Took:
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", *arguments], cwd=root, stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return Took(time.perf_counter() - began, used.ru_utime + used.ru_stime)


@pytest.mark.parametrize(
    "arguments", [["--help"], ["list"], ["lint"], ["log", "name-city"]], ids=lambda each: each[0]
)
def test_quick_commands_start_quickly(root: Path, arguments: list[str]) -> None:
    """Rounds are interleaved, and the best of each counts: other work only ever adds time.

    Processor time bounds the command where the machine is busy; on one that is not it is the time
    on the clock.
    """
    nothing, ours = [], []
    for _ in range(ROUNDS):
        nothing.append(took(root, "pass"))
        ours.append(took(root, RUN, *arguments))
    clock, processor = (min(each) for each in zip(*ours, strict=True))
    floor = min(each.clock for each in nothing)
    print(
        f"\n{arguments[0]}: {clock:.3f} s on the clock, {processor:.3f} s of a processor, "
        f"{clock / floor:.0f} times python that does nothing ({floor:.3f} s)"
    )
    assert processor < BOUND_SECONDS
    assert clock < MOST_TIMES_NOTHING * floor
