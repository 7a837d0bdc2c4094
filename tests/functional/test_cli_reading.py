"""Commands that read alone: where nothing may be written, where there is no store, and damage."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.functional.cli_project import Project
from tests.functional.kept_project import Desk, desk
from tests.functional.test_cli_cache import KEPT, ask, count, database

PR_CAPBSET_DROP, CAP_DAC_OVERRIDE = 24, 1


@pytest.fixture
def kept(empty: Project, monkeypatch: pytest.MonkeyPatch):
    with desk(empty, monkeypatch) as made:
        yield made


@pytest.mark.skipif(sys.platform != "linux", reason="modes hold for root only where it says so")
def test_what_only_reads_needs_nothing_that_can_be_written(kept: Desk) -> None:
    """A cache that is mounted to be read."""
    root = Path(tempfile.mkdtemp(prefix="promptops-"))
    try:
        shutil.copytree(kept.project.root, root, dirs_exist_ok=True)
        for each in (root, *root.rglob("*")):
            each.chmod(0o555 if each.is_dir() else 0o444)
        for words in READING:
            done = as_anybody(root, *words)
            assert (done.returncode, done.stderr) == (0, ""), words
            assert done.stdout == kept.run(*words).out
        done = as_anybody(root, "cache", "prune", "--older-than", "0h", "--yes")
        assert done.returncode == 3
        asked = len(kept.server.chats)
        done = as_anybody(root, "eval", "--quiet")
        assert (done.returncode, len(kept.server.chats)) == (3, asked)
    finally:
        for each in (root, *root.rglob("*")):
            if each.is_dir():
                each.chmod(0o755)
        shutil.rmtree(root)


READING = (
    ("runs",),
    ("report", "--format", "json"),
    ("costs", "--format", "json"),
    ("cache", "verify", "--format", "json"),
    ("log", "say"),
)


def as_anybody(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A command of a process that modes of files hold for, whoever it is."""
    code = "import sys; from promptops.cli.main import main; sys.exit(main(sys.argv[1:]))"
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        check=False, cwd=root, env=dict(os.environ), capture_output=True, text=True, timeout=120,
        preexec_fn=_without_override if os.geteuid() == 0 else None,
    )  # fmt: skip


def _without_override() -> None:
    """What is executed next may not pass over modes ("capabilities(7)"), root or not."""
    assert ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0) == 0


def test_without_a_store_reading_makes_none(project: Project) -> None:
    for words, code in ((("runs",), 0), (("report",), 2), (("costs",), 0), (("log", "greet"), 0)):
        assert project.run(*words).code == code
        assert not database(project).parent.exists()


def test_damage_that_a_command_meets_costs_that_one_command(kept: Desk) -> None:
    place = database(kept.project)
    (page,) = ask(kept.project, "SELECT rootpage FROM sqlite_schema WHERE name = 'runs'")[0]
    with place.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(os.urandom(4096))
    first = kept.run("runs")
    assert (first.code, first.out) == (3, "")
    assert "is damaged" in first.err
    assert f"{KEPT} responses and" in first.err
    assert "could not be read" in first.err or "may be missing" in first.err
    assert "run the command again; the damaged file is .promptops/store.db.damaged-" in first.err
    assert kept.run("runs").code == 0
    assert count(kept.project) == KEPT


def test_an_evaluation_that_meets_damage_mends_it_and_the_next_one_goes_on(kept: Desk) -> None:
    (page,) = ask(kept.project, "SELECT rootpage FROM sqlite_schema WHERE name = 'responses'")[0]
    with database(kept.project).open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(os.urandom(4096))
    first = kept.run("eval", "--quiet")
    assert (first.code, first.out) == (3, "")
    assert "carried over into a new one; some responses may be missing" in first.err
    kept.eval()
