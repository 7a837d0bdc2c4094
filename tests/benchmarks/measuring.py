"""Whole processes measured: clock, processor, peak memory; each with its children."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

# A process of its own stands between, so that the peak is the child's alone: one that is started
# straight from a large process is charged with that one's memory.
BETWEEN = """
import json, resource, subprocess, sys, time
began = time.perf_counter()
code = subprocess.call(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
clock = time.perf_counter() - began
used = resource.getrusage(resource.RUSAGE_CHILDREN)
unit = 1 if sys.platform == "darwin" else 1024
print(json.dumps([code, clock, used.ru_utime + used.ru_stime, used.ru_maxrss * unit / 2**20]))
"""
PROGRAM = "from promptops.cli.main import run; run()"
NOTHING = ("-c", "pass")
LIBRARIES = ("-c", "import numpy, rich, jinja2, msgspec")
"""What an evaluation cannot do without."""
MODULES = """
import atexit, sys
atexit.register(lambda: sys.stderr.write(" ".join(sorted(sys.modules))))
"""


class Took(NamedTuple):
    """A whole process, its children included."""

    clock: float
    """Seconds."""
    processor: float
    """Seconds, of all cores together."""
    peak: float
    """MB of the largest process."""


def can_measure() -> bool:
    """Whether the system says what a child used."""
    return importlib.util.find_spec("resource") is not None


class Bench:
    """Runs Python with compiled files in a folder of their own, so that none compiles anything."""

    def __init__(self, bytecode: Path) -> None:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "GIT_"))}
        self._environ = {**kept, "PYTHONPYCACHEPREFIX": str(bytecode)}

    def once(self, *arguments: str, at: Path, environ: Mapping[str, str] | None = None) -> Took:
        """One process that must end well: `python <arguments>` in the folder `at`."""
        done = subprocess.run(
            [sys.executable, "-S", "-c", BETWEEN, sys.executable, *arguments],
            cwd=at,
            env={**self._environ, **(environ or {})},
            capture_output=True,
            text=True,
            check=True,
        )
        code, *took = json.loads(done.stdout)
        assert code == 0, done.stderr
        return Took(*took)

    def best(
        self,
        commands: Mapping[str, Sequence[str]],
        *,
        at: Path,
        environ: Mapping[str, str] | None = None,
        rounds: int = 5,
    ) -> dict[str, Took]:
        """The least of each figure over rounds that are interleaved: other work only ever adds.

        A first round, which compiles, does not count.
        """
        taken: dict[str, list[Took]] = {name: [] for name in commands}
        for number in range(rounds + 1):
            for name, arguments in commands.items():
                took = self.once(*arguments, at=at, environ=environ)
                if number:
                    taken[name].append(took)
        return {
            name: Took(*(min(figures) for figures in zip(*each, strict=True)))
            for name, each in taken.items()
        }

    def modules(
        self, *arguments: str, at: Path, environ: Mapping[str, str] | None = None
    ) -> set[str]:
        """Top-level modules that a command has imported when it ends."""
        done = subprocess.run(
            [sys.executable, "-c", MODULES + PROGRAM, *arguments],
            cwd=at,
            env={**self._environ, **(environ or {})},
            capture_output=True,
            text=True,
            check=True,
        )
        return {name.partition(".")[0] for name in done.stderr.rsplit("\n", 1)[-1].split()}


def command(*arguments: str) -> tuple[str, ...]:
    """Arguments of Python for one command line of ours."""
    return ("-c", PROGRAM, *arguments)


def table(title: str, figures: Mapping[str, Took], floor: str) -> str:
    """The figures side by side, with the processor time as a multiple of that of `floor`."""
    least = figures[floor].processor
    lines = [f"\n{title}", f"{'':34}   clock  processor   × {floor:<10}    peak"]
    lines += [
        f"{name:34} {each.clock:5.2f} s    {each.processor:5.2f} s   {each.processor / least:8.1f}"
        f"     {each.peak:5.0f} MB"
        for name, each in figures.items()
    ]
    return "\n".join(lines)
