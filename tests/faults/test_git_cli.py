"""Rows 34 and 35 at the command line: nothing of a repository's runs; `eval` compares with the
right version, or ends with 2 and says how to mend it, and the model's server is not asked.
"""

from __future__ import annotations

import json
import os
import stat
import subprocess

import pytest

from tests.faults.desk import COMMANDS, PROMPT, PROMPT_FILE, ROWS, ROWS_FILE, SUITE, SUITE_FILE
from tests.faults.test_git import PLANTS, bare_in, plant
from tests.git_sandbox import Sandbox

POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 12345\n"

posix = pytest.mark.skipif(os.name == "nt", reason="shell scripts")


def numbered(number: int) -> str:
    said = PROMPT.replace("Say", f"Way {number} of saying")
    return said.replace("version: 1", f"version: {number}")


@pytest.fixture
def three(desk):
    """Versions 1, 2 and 3 of the prompt, all committed."""
    for number in (2, 3):
        desk.write(PROMPT_FILE, numbered(number))
        desk.project.commit(f"Way {number}")
    return desk


def compared(desk, *arguments):
    """The numbers of the versions that `eval` compares, None where there is no earlier one."""
    done = desk.project.run("eval", "--format", "json", "--quiet", *arguments)
    assert done.code in {0, 1, 3}, done.err
    (report,) = done.value
    baseline = report["baseline"]
    assert len(desk.server.requests) > 0
    return baseline and baseline["version"], report["candidate"]["version"]


def clone(desk, monkeypatch, *options):
    """A clone as the working directory."""
    root = desk.project.root
    place = root.parent / "clone"
    desk.project.git("clone", "--quiet", *options, root.as_uri(), str(place))
    monkeypatch.chdir(place)
    return place


# 34


EVERYTHING = [
    ("list",),
    ("lint",),
    ("show", "say", "--at", "v1"),
    ("log", "say"),
    ("diff", "say"),
    ("diff", "say", "v1", "main", "--case", "a", "--no-tokens"),
    ("render", "say", "--case", "a", "--at", "HEAD~1", "--no-tokens"),
    ("eval", "--quiet"),
    ("eval", "--quiet", "--against", "v1"),
    ("runs",),
    ("report",),
]


@pytest.fixture
def canary(tmp_path):
    """A program that leaves a mark, and the mark."""
    mark = tmp_path / "RAN"
    script = tmp_path / "canary.sh"
    script.write_text(f'#!/bin/sh\necho "$0 $*" >> "{mark}"\nexit 0\n')
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return str(script), mark


@posix
def test_34_no_command_runs_what_a_repository_plants(three, canary, monkeypatch):
    run, mark = canary
    sandbox = Sandbox(three.project.root, init=False)
    plant(sandbox, run, list(PLANTS))
    three.write(".gitattributes", "* filter=evil diff=evil merge=evil\n")
    three.write(PROMPT_FILE, numbered(4))
    monkeypatch.setenv("GITHUB_BASE_REF", "main")
    for arguments in EVERYTHING:
        done = three.project.run(*arguments)
        assert done.code == 0, (arguments, done.err)
        assert not mark.exists(), (arguments, mark.read_text())
    subprocess.run(
        ["git", "status"],
        cwd=sandbox.root,
        env=sandbox.environment(),
        capture_output=True,
        check=False,
    )
    assert mark.exists()  # plain git does run it: else this test could not fail


@posix
def test_34_a_bare_repository_planted_in_a_folder(three, canary, monkeypatch):
    run, mark = canary
    place = bare_in(three.project.root / "vendor" / "thing", run)
    for path, text in ((PROMPT_FILE, PROMPT), (SUITE_FILE, SUITE), (ROWS_FILE, ROWS)):
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_text(text)
    monkeypatch.chdir(place)
    for arguments in (("list",), ("lint",), ("log", "say"), ("eval", "--quiet")):
        done = three.project.run(*arguments)
        assert done.code == 0, (arguments, done.err)
        assert not mark.exists(), (arguments, mark.read_text())


# 35: the right baseline


def test_35_the_version_before(three):
    assert compared(three) == (2, 3)
    three.write(PROMPT_FILE, numbered(4))
    assert compared(three) == (3, 4)
    assert compared(three, "--against", "v1") == (1, 4)
    assert compared(three, "--against", "HEAD~1") == (2, 4)


def test_35_a_pull_request_is_compared_with_where_it_left(three, monkeypatch):
    git = three.project.git
    git("checkout", "--quiet", "-b", "topic")
    for number in (4, 5):
        three.write(PROMPT_FILE, numbered(number))
        three.project.commit(f"Way {number}")
    git("checkout", "--quiet", "main")
    three.write("README.md", "Moved on.\n")
    three.project.commit("Main moves on")
    git("checkout", "--quiet", "--detach")
    git("merge", "--quiet", "--no-ff", "--message", "Merge", "topic")
    assert compared(three) == (4, 5)
    monkeypatch.setenv("GITHUB_BASE_REF", "main")
    assert compared(three) == (3, 5)


def test_35_a_renamed_prompt_keeps_its_history(three):
    three.project.git("mv", PROMPT_FILE, "prompts/speak.yaml")
    three.write(SUITE_FILE, SUITE.replace("prompt: say", "prompt: speak"))
    assert compared(three) == (2, 3)
    three.project.commit("A better name")
    assert compared(three) == (2, 3)
    log = three.project.run("log", "speak", "--format", "json").value
    assert [each["number"] for each in log["versions"]] == [3, 2, 1]


def test_35_a_merge_that_means_something_new(three):
    git = three.project.git
    git("checkout", "--quiet", "-b", "topic", "HEAD~1")
    three.write(PROMPT_FILE, numbered(4))
    three.project.commit("Way 4")
    git("checkout", "--quiet", "main")
    git("merge", "--quiet", "--no-commit", "--strategy", "ours", "topic")
    three.write(PROMPT_FILE, numbered(5))
    three.project.commit("Both ways")
    assert compared(three) == (3, 5)


def test_35_a_detached_head(three):
    three.project.git("checkout", "--quiet", "--detach", "HEAD~1")
    assert compared(three) == (1, 2)


def test_35_a_worktree(three, monkeypatch):
    place = three.project.root.parent / "tree"
    three.project.git("worktree", "add", "--quiet", "-b", "topic", str(place), "HEAD~1")
    monkeypatch.chdir(place)
    assert compared(three) == (1, 2)
    (place / PROMPT_FILE).write_text(numbered(8))
    assert compared(three) == (2, 8)


def test_35_no_commit_yet(desk, monkeypatch):
    place = desk.project.root.parent / "fresh"
    for path, text in ((PROMPT_FILE, PROMPT), (SUITE_FILE, SUITE), (ROWS_FILE, ROWS)):
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_text(text)
    desk.project.git("init", "--quiet", str(place))
    monkeypatch.chdir(place)
    done = desk.project.run("eval", "--quiet", "--against", "v1")
    assert done.code == 2
    assert "commit the prompt first" in done.err
    assert desk.server.requests == []
    assert desk.project.run("lint").code == 0
    assert compared(desk) == (None, 1)


def test_35_no_repository(desk):
    (desk.project.root / ".git").rename(desk.project.root.parent / "gone")
    done = desk.project.run("eval", "--quiet", "--against", "v1")
    assert done.code == 2
    assert "git init" in done.err
    assert desk.server.requests == []
    assert desk.project.run("lint").code == 0
    done = desk.project.run("log", "say")
    assert (done.code, done.out) == (2, "")
    assert "git init" in done.err
    assert compared(desk) == (None, 1)


# 35: or how to mend it


def test_35_a_shallow_clone(three, monkeypatch):
    place = clone(three, monkeypatch, "--depth=1")
    for arguments in ((), ("--against", "v1"), ("--against", "HEAD~1")):
        done = three.project.run("eval", "--quiet", *arguments)
        assert done.code == 2, done
        assert "shallow" in done.err
        assert "git fetch --unshallow" in done.err
        assert "fetch-depth: 0" in done.err
    assert three.server.requests == []
    (place / PROMPT_FILE).write_text(numbered(4))
    assert compared(three) == (3, 4)


def test_35_a_base_that_is_not_in_the_clone(three, monkeypatch):
    three.project.git("checkout", "--quiet", "-b", "topic")
    clone(three, monkeypatch, "--depth=1", "--branch=topic")
    monkeypatch.setenv("GITHUB_BASE_REF", "main")
    done = three.project.run("eval", "--quiet")
    assert done.code == 2
    assert "'main'" in done.err or "main, which" in done.err
    assert "fetch-depth: 0" in done.err
    assert three.server.requests == []
    done = three.project.run("lint")
    assert done.code == 0
    assert "fetch-depth" in done.out


@pytest.mark.parametrize("against", ["v9", "nowhere", "HEAD~9", "--help", "-1", "a..b"])
def test_35_a_version_that_there_is_not(three, against):
    done = three.project.run("eval", "--quiet", f"--against={against}")
    assert done.code == 2, done
    assert against in done.err
    assert "this is a bug" not in done.err
    assert three.server.requests == []


@pytest.mark.parametrize("command", ["lint", "eval", "render"])
@pytest.mark.parametrize("path", [PROMPT_FILE, SUITE_FILE, ROWS_FILE])
def test_35_an_lfs_pointer_on_disk(desk, command, path):
    desk.write(path, POINTER)
    done = desk.project.run(*COMMANDS[command])
    assert done.code == 2, done
    told = json.dumps(done.value) if done.out else done.err
    assert path in told
    assert "a Git LFS pointer stands where the file should be" in told
    assert "git lfs pull" in told
    assert desk.server.requests == []


@pytest.mark.parametrize("command", ["lint", "eval", "render"])
def test_35_an_lfs_pointer_that_is_included(desk, command):
    desk.write("prompts/tone.txt", POINTER)
    desk.write(PROMPT_FILE, PROMPT.replace("Say", "{% include 'tone.txt' %}"))
    told = desk.refused(command, f"{PROMPT_FILE}:5:", "a Git LFS pointer")
    assert "git lfs pull" in told


def test_35_a_prompt_that_was_an_lfs_pointer(three):
    three.write(PROMPT_FILE, POINTER)
    three.project.commit("Into LFS")
    three.write(PROMPT_FILE, numbered(4))
    done = three.project.run("eval", "--quiet")
    assert done.code == 2
    assert "a Git LFS pointer" in done.err
    assert "git lfs migrate export" in done.err
    assert three.server.requests == []
    log = three.project.run("log", "say", "--format", "json").value
    assert [each["number"] for each in log["versions"]] == [4, 0, 3, 2, 1]
    assert compared(three, "--against", "v3") == (3, 4)


def test_35_a_dataset_that_was_an_lfs_pointer_is_only_data_of_the_past(three):
    three.write(ROWS_FILE, POINTER)
    three.project.commit("Into LFS")
    three.write(ROWS_FILE, ROWS)
    assert compared(three) == (2, 3)
