"""A stranger's pull request from end to end: recorded, gated without a key, commented on, mended.

The author has a key, and a model that answers. The build has neither key nor network. The comment
is made in a third place, which sees the build's artifact and GitHub, and no file of the change.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from promptops.reports.markdown.marker import MARKER
from tests.functional.cli_project import Done, Project, git
from tests.functional.github_desk import FORK, TOKEN, Desk, pull, workflow_run_event, zipped
from tests.functional.github_desk import pull_request_event as event_of
from tests.loopback import Asked, Loopback

BRANCH = "shorter-answers"
CASES = 30
PROMPT = """\
version: {version}
change: {change}
model: openai/loop
params: {{temperature: 1, max_tokens: 20}}
inputs: {{word: {{type: string}}}}
messages:
  - role: system
    content: {system}
  - {{role: user, content: "{{{{ word }}}}"}}
"""
SUITE = """\
prompt: shout
dataset: shout.jsonl
samples: 2
scorers:
  exact: {type: equals, expected: "{{ expected }}"}
"""
RIGHT = {
    "Say the word in capitals.": 28,
    "Capitals.": 6,
    "Say the word in capitals, nothing else.": 30,
}
"""System message to how many of the words it makes right."""
OFFLINE = """\
import sys

def refuse(event, arguments):
    if event in {"socket.connect", "socket.getaddrinfo", "socket.sendto"}:
        sys.stderr.write(f"NETWORK {event} {arguments}\\n")
        raise OSError("there is no network")

sys.addaudithook(refuse)
from promptops.cli.main import main
sys.exit(main(sys.argv[1:]))
"""


def answer(asked: Asked) -> str:
    system, word = asked.messages[0]["content"], asked.last_user
    right = int(word.removeprefix("word")) < RIGHT[system]
    return word.upper() if right else f"Here it is: {word}"


@dataclass
class Stranger:
    """Who writes the change, in a fork of their own, with a key of their own."""

    project: Project

    def writes(self, version: int, system: str, change: str) -> None:
        text = PROMPT.format(version=version, system=system, change=change)
        self.project.write("prompts/shout.yaml", text)

    def records(self) -> Done:
        with Loopback(answer) as server, pytest.MonkeyPatch.context() as patch:
            for name, value in server.environ.items():
                patch.setenv(name, value)
            done = self.project.run("eval", "--record", "--quiet", "--against", "main")
        assert (self.project.root / "evals/shout.recording/manifest.json").is_file(), done.err
        return done


@dataclass
class Build:
    """Stage one: a clone with the merge commit checked out, as the service makes it."""

    root: Path
    place: Path
    head: str = ""

    def gate(self) -> Done:
        reports = self.place / "reports"
        shutil.rmtree(reports, ignore_errors=True)
        for name in ("summary.md", "output.txt"):
            (self.place / name).write_text("")
        done = subprocess.run(
            [sys.executable, "-c", OFFLINE, "gate", "--report-dir", str(reports)],
            cwd=self.root,
            env=self._environ(),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert "NETWORK" not in done.stderr, done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    def artifact(self) -> bytes:
        files = sorted((self.place / "reports").iterdir())
        return zipped({each.name: each.read_bytes() for each in files})

    def read(self, name: str) -> str:
        return (self.place / name).read_text(encoding="utf-8")

    def _environ(self) -> Mapping[str, str]:
        event = self.place / "event.json"
        event.write_text(json.dumps(event_of(head=self.head, branch=BRANCH, source=FORK)))
        ours = {name: value for name, value in os.environ.items() if "OPENAI" not in name}
        return {
            **ours,
            "GITHUB_ACTIONS": "true",
            "GITHUB_BASE_REF": "main",
            "GITHUB_EVENT_NAME": "pull_request",
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_STEP_SUMMARY": str(self.place / "summary.md"),
            "GITHUB_OUTPUT": str(self.place / "output.txt"),
        }


@pytest.fixture
def stranger(empty: Project) -> Stranger:
    rows = [{"id": f"w{at}", "word": f"word{at}", "expected": f"WORD{at}"} for at in range(CASES)]
    empty.write("evals/shout.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    empty.write("evals/shout.yaml", SUITE)
    empty.write(".gitignore", ".promptops/\n")
    made = Stranger(empty)
    made.writes(1, "Say the word in capitals.", "The first.")
    empty.commit("Shout")
    empty.git("checkout", "--quiet", "-b", BRANCH)
    return made


@pytest.fixture
def desk() -> Iterator[Desk]:
    with Desk() as desk:
        yield desk


def built(stranger: Stranger, tmp_path: Path, head: str) -> Build:
    """What `actions/checkout` makes of a pull request: the change merged into its target."""
    root, place = tmp_path / f"build-{head[:7]}", tmp_path / f"runner-{head[:7]}"
    place.mkdir()
    git(tmp_path, "clone", "--quiet", str(stranger.project.root), str(root))
    git(root, "checkout", "--quiet", "--detach", "origin/main")
    git(root, "merge", "--quiet", "--no-ff", "-m", f"Merge {head} into main", head)
    return Build(root, place, head)


def comment(
    desk: Desk, build: Build, run: int, monkeypatch: pytest.MonkeyPatch, project: Project
) -> Done:
    """Stage two: it has the artifact of stage one and a token, and an empty folder to stand in."""
    elsewhere = build.place / "elsewhere"
    elsewhere.mkdir()
    of_run = {"id": run, "head_sha": build.head, "head_branch": BRANCH}
    desk.upload(build.artifact(), workflow_run=of_run)
    desk.pulls = [pull(head=build.head, source=FORK)]
    event = build.place / "workflow_run.json"
    event.write_text(json.dumps(workflow_run_event(head=build.head, source=FORK, run=run)))
    with monkeypatch.context() as patch:
        for name, value in desk.environ(str(event)).items():
            patch.setenv(name, value)
        patch.chdir(elsewhere)
        return project.run("comment")


def test_a_regression_in_a_fork_is_found_told_and_mended(
    stranger: Stranger, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = stranger.project
    stranger.writes(2, "Capitals.", "Fewer tokens.")
    assert stranger.records().code == 1
    build = built(stranger, tmp_path, project.commit("Fewer tokens"))

    done = build.gate()
    assert done.code == 1, done.err
    assert "regressed" in done.out
    assert "::error file=prompts/shout.yaml,line=" in done.err
    file: Any = json.loads(build.read("reports/gate.json"))
    told = file["gate"]
    assert (told["may_merge"], told["exit_code"], told["head"]) == (False, 1, build.head)
    assert "supplied" in told["supplied"]
    (report,) = file["reports"]
    assert (report["verdict"], report["calls"]["made"]) == ("regressed", 0)
    assert report["candidate"]["samples"] == report["baseline"]["samples"] > 0
    written = {each.name for each in (build.place / "reports").iterdir()}
    assert {"gate.json", "report.md", "report.html", "junit.xml", "cases.csv"} <= written
    assert "regressed" in build.read("summary.md").splitlines()[0]
    assert "exit-code=1" in build.read("output.txt")
    with monkeypatch.context() as patch:
        patch.chdir(build.root)
        kept = project.run("cache", "--format", "json").value
    assert (kept["total"]["responses"], kept["runs"]) == (0, 0)  # what was supplied is not trusted

    first = comment(desk, build, 7_311_402, monkeypatch, project)
    assert (first.code, first.err) == (0, "")
    (made,) = desk.comments
    body = made["body"]
    assert "regressed" in body.splitlines()[0]
    assert "-Say the word in capitals.\n+Capitals." in body
    assert "Here it is: word" in body  # what broke, with what it was before
    assert told["supplied"][:30] in body
    assert body.splitlines()[-1] == MARKER
    assert TOKEN not in body

    stranger.writes(3, "Say the word in capitals, nothing else.", "Nothing around it.")
    assert stranger.records().code == 0
    mended = built(stranger, tmp_path, project.commit("Nothing around the word"))
    done = mended.gate()
    assert done.code == 0, done.err
    second = comment(desk, mended, 7_311_403, monkeypatch, project)
    assert (second.code, second.err) == (0, "")
    (updated,) = desk.comments
    assert updated["id"] == made["id"]  # one comment, in its place
    assert "regressed" not in updated["body"].splitlines()[0]


def test_what_was_not_recorded_is_no_verdict(stranger: Stranger, tmp_path: Path) -> None:
    project = stranger.project
    stranger.writes(2, "Say the word in capitals, nothing else.", "Nothing around it.")
    assert stranger.records().code == 0
    stranger.writes(2, "Capitals.", "Fewer tokens.")  # changed after it was recorded
    build = built(stranger, tmp_path, project.commit("Not what was recorded"))
    done = build.gate()
    assert done.code == 3, done.out + done.err
    assert "invalid" in done.out
    assert "--record" in done.out + done.err
