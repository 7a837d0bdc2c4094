"""How long the quick commands take as whole processes, and what they leave alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.measuring import LIBRARIES, NOTHING, Bench, Took, command, table
from tests.benchmarks.shouting import prompt, shouting
from tests.git_sandbox import Sandbox

pytestmark = pytest.mark.slow

BOUND_SECONDS = 0.4
HISTORY_BOUND_SECONDS = 0.5
VERSIONS = 300
SLOW = {"litellm", "numpy", "git", "pydantic"}
QUICK = {
    "promptops --help": ("--help",),
    "promptops gate --help": ("gate", "--help"),
    "promptops comment --help": ("comment", "--help"),
    "promptops view --help": ("view", "--help"),
    "promptops list": ("list",),
    "promptops lint": ("lint",),
    "promptops log": ("log", "shout"),
}
IMPORT = ("-c", "import promptops.cli.commands.eval")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shouting(tmp_path_factory.mktemp("quick"), cases=20, samples=1)


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sandbox = Sandbox(tmp_path_factory.mktemp("long"))
    sandbox.import_history(
        (f"Version {number}", {"prompts/shout.yaml": prompt(number, f"Shout {number} times.")})
        for number in range(1, VERSIONS + 1)
    )
    return sandbox.root


def bound(figures: dict[str, Took], seconds: float) -> float:
    """Seconds of a processor that a command may take.

    They are meant for a machine on which the libraries of an evaluation take about 0.17 s; a slower
    one may take longer in proportion.
    """
    return max(seconds, seconds / 0.17 * figures["libraries"].processor)


def test_quick_commands_start_quickly(bench: Bench, root: Path) -> None:
    commands = {
        "python": NOTHING,
        "libraries": LIBRARIES,
        "import of eval": IMPORT,
        **{name: command(*arguments) for name, arguments in QUICK.items()},
    }
    figures = bench.best(commands, at=root)
    print(table("Quick commands", figures, "libraries"))
    for name in QUICK:
        assert figures[name].processor < bound(figures, BOUND_SECONDS), name
    assert figures["import of eval"].processor < 3 * figures["libraries"].processor


@pytest.mark.parametrize("name", QUICK)
def test_quick_commands_import_nothing_slow(bench: Bench, root: Path, name: str) -> None:
    found = bench.modules(*QUICK[name], at=root)
    assert "promptops" in found
    assert not found & SLOW


def test_a_long_history_lists_quickly(bench: Bench, long: Path) -> None:
    commands = {"libraries": LIBRARIES, "300 versions": command("log", "shout")}
    figures = bench.best(commands, at=long)
    print(table("promptops log", figures, "libraries"))
    place = long / "log.json"
    bench.once(*command("log", "shout", "--format", "json", "--output", str(place)), at=long)
    assert place.read_text().count('"commit": "') == VERSIONS
    assert figures["300 versions"].processor < bound(figures, HISTORY_BOUND_SECONDS)
