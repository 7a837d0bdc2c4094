"""A long history lists quickly, as a whole process."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.benchmarks.project import process
from tests.git_sandbox import Sandbox, prompt_text

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "wait4"), reason="measures are read from wait4"),
]

VERSIONS = 300
BOUND_SECONDS = 0.5
ROUNDS = 5


def test_three_hundred_versions_are_listed(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path / "long")
    sandbox.import_history(
        (f"v{n}", {"prompts/city.yaml": prompt_text(n, f"Wording {n}: {{{{ message }}}}")})
        for n in range(1, VERSIONS + 1)
    )
    short = Sandbox(tmp_path / "short")
    short.commit("v1", {"prompts/city.yaml": prompt_text()})
    command = ("-m", "promptops", "log", "city")
    long_, floor = [], []
    for _ in range(ROUNDS):
        floor.append(process(short.root, *command))
        long_.append(process(sandbox.root, *command))
    clock = min(each.clock_seconds for each in long_)
    processor = min(each.processor_seconds for each in long_)
    one = min(each.processor_seconds for each in floor)
    print(
        f"\n{VERSIONS} versions: {clock:.2f} s on the clock, {processor:.2f} s of a processor; "
        f"one version {one:.2f} s"
    )
    assert processor < BOUND_SECONDS
    assert processor < 3 * one
