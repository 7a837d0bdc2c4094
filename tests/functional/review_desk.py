"""A project with a run to label, and a person at a real pseudo-terminal."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import pytest

from promptops.cli.main import main
from tests.functional.cli_project import Project, git
from tests.loopback import Asked, Loopback, Script

PROMPT = """\
version: {version}
model: openai/gpt-4.1-mini
params: {{max_tokens: 20}}
inputs: {{word: {{type: string}}}}
messages:
  - {{role: system, content: "{system}"}}
  - {{role: user, content: "Say {{{{ word }}}}"}}
"""
JUDGE = """\
version: 1
description: Is the answer fair to everyone?
model: openai/unheard-of
inputs: {answer: {type: string}}
messages: [{role: user, content: "Is it fair? {{ answer }}"}]
output:
  schema:
    type: object
    required: [explanation, verdict]
    additionalProperties: false
    properties: {explanation: {type: string}, verdict: {enum: [good, bad]}}
"""
SUITE = """\
prompt: say
dataset: say.jsonl
samples: 2
scorers:
  said: {type: contains, expected: "{{ word }}"}
  fair: {type: judge, prompt: judges/fair, role: observe, labels: {good: 1, bad: 0}}
"""
WORDS = ("one", "two", "three", "four")
SECONDS = 20.0
LABELS = "evals/say.labels.jsonl"

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_CLEAR = "\x1b[H\x1b[2J"


def answer(asked: Asked) -> str:
    if "fair" in asked.last_user:
        return '{"explanation": "so it is", "verdict": "good"}'
    brief = "brief" in asked.messages[0]["content"]
    return f"{asked.last_user}, {'in short' if brief else 'at some length'}"


class Desk:
    """Two versions of a prompt, compared once; four cases, two samples of each alike."""

    def __init__(self, project: Project) -> None:
        self.root = project.root
        self.run = project.run
        self.write = project.write

    def labels(self) -> list[dict[str, Any]]:
        """Every label that is on disk."""
        place = self.root / LABELS
        text = place.read_text(encoding="utf-8") if place.exists() else ""
        return [json.loads(line) for line in text.splitlines()]


def lay(root: Path, script: Script = answer, words: tuple[str, ...] = WORDS) -> None:
    """Make the project below `root`, and have its suite evaluated."""
    rows = [json.dumps({"id": f"case-{word}", "word": word}) for word in words]
    files = {
        "prompts/judges/fair.yaml": JUDGE,
        "evals/say.yaml": SUITE,
        "evals/say.jsonl": "\n".join(rows) + "\n",
        "prompts/say.yaml": PROMPT.format(version=1, system="Be polite."),
    }
    root.mkdir(parents=True)
    git(root, "init", "--quiet", "--initial-branch", "main")
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    for version, system in ((1, "Be polite."), (2, "Be brief.")):
        text = PROMPT.format(version=version, system=system)
        (root / "prompts/say.yaml").write_text(text, encoding="utf-8")
        git(root, "add", "--all")
        git(root, "commit", "--quiet", "--message", system)
    git(root, "config", "user.name", "Ana Ficta")
    with Loopback(script) as server, pytest.MonkeyPatch.context() as patch:
        for name, value in server.environ.items():
            patch.setenv(name, value)
        patch.chdir(root)
        assert main(["eval", "--quiet"]) in {0, 1}


class Person:
    """Somebody at a terminal, who reads the screen before each key."""

    def __init__(
        self, desk: Desk, *arguments: str, columns: int = 60, lines: int = 24, **variables: str
    ) -> None:
        self.unit = "pair" if "--pairs" in arguments else "answer"
        self._master, slave = pty.openpty()
        self.resize(columns, lines)
        unset = {"NO_COLOR", "FORCE_COLOR", "COLUMNS"}
        environ = {name: value for name, value in os.environ.items() if name not in unset}
        environ |= {"TERM": "xterm", "PYTHONIOENCODING": "utf-8", **variables}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "promptops", "review", *arguments],
            cwd=desk.root,
            env=environ,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            process_group=0,
        )
        os.close(slave)
        self.all = ""
        """Everything that was written to the terminal."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.hang_up()

    def hang_up(self) -> None:
        """Take the terminal away."""
        if self._master >= 0:
            os.close(self._master)
        self._master = -1

    def resize(self, columns: int, lines: int) -> None:
        size = struct.pack("HHHH", lines, columns, 0, 0)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, size)

    @property
    def screen(self) -> str:
        """What is on the screen now."""
        return _ESCAPES.sub("", self.all.rpartition(_CLEAR)[2]).replace("\r", "")

    @property
    def rows(self) -> list[str]:
        return self.screen.split("\n")

    def sees(self, *words: str) -> str:
        """Wait until all words are on the screen together; answers the screen."""
        self.until(lambda: all(word in self.screen for word in words), f"sees {words}")
        return self.screen

    def at_question(self, number: int) -> str:
        """Wait until a question is whole on the screen."""
        return self.sees(f"{self.unit} {number} of ", "q quit")

    def types(self, text: str) -> None:
        os.write(self._master, text.encode())

    def signals(self, number: int) -> None:
        os.kill(self.process.pid, number)

    def ends(self) -> tuple[int, str]:
        """Wait for the end; answers the exit code, and what is then on the screen."""
        end = time.monotonic() + SECONDS
        while self._reads(0.1):
            assert time.monotonic() < end, self.screen
        return self.process.wait(SECONDS), self.screen

    def modes(self) -> list[Any]:
        """How the terminal treats what is typed."""
        return termios.tcgetattr(self._master)

    def kill(self) -> None:
        self.signals(signal.SIGKILL)
        self.process.wait(SECONDS)

    def until(self, holds: Callable[[], bool], what: str) -> None:
        """Read until something holds."""
        end = time.monotonic() + SECONDS
        while not holds():
            assert time.monotonic() < end, f"nobody {what}: {self.screen}"
            assert self._reads(0.1) or holds(), f"ended before it {what}: {self.all}"

    def _reads(self, seconds: float) -> bool:
        """Read what is there; False when the other side has closed."""
        ready, _, _ = select.select([self._master], [], [], seconds)
        if not ready:
            return True
        try:
            data = os.read(self._master, 65536)
        except OSError:
            return False
        self.all += data.decode("utf-8", "replace")
        return bool(data)
