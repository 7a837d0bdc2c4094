"""A real project in a real git repository, driven through the command line."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from promptops.cli.main import main

PROMPT = """\
version: {version}
description: Greet somebody.
change: {change}
model: embedded/smollm2-135m
params: {{temperature: 0.2, max_tokens: 12}}
inputs:
  name: {{type: string}}
messages:
  - {{role: system, content: "{system}"}}
  - {{role: user, content: "Greet {{{{ name }}}}."}}
"""

SUITE = """\
prompt: greet
dataset: greet.jsonl
scorers:
  named: {type: contains, expected: "{{ name }}"}
"""

CASES = '{"id": "ana", "name": "Ana Ficta"}\n{"id": "bo", "name": "Bo Example"}\n'


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def value(self) -> Any:
        return json.loads(self.out)


class Project:
    def __init__(self, root: Path, capfd: pytest.CaptureFixture[str]) -> None:
        self.root = root
        self._capfd = capfd

    def run(self, *arguments: str) -> Done:
        self._capfd.readouterr()
        code = main(list(arguments))
        return Done(code, *self._capfd.readouterr())

    def write(self, path: str, text: str) -> None:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")

    def prompt(
        self, version: int, system: str, change: str = "Said otherwise.", name: str = "greet"
    ) -> None:
        text = PROMPT.format(version=version, system=system, change=change)
        self.write(f"prompts/{name}.yaml", text)

    def git(self, *arguments: str) -> str:
        return git(self.root, *arguments)

    def commit(self, message: str) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        return self.git("rev-parse", "HEAD").strip()


def git(root: Path, *arguments: str) -> str:
    settings = {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_AUTHOR_NAME": "Ana Ficta",
        "GIT_AUTHOR_EMAIL": "ana@ficta.example",
        "GIT_COMMITTER_NAME": "Ana Ficta",
        "GIT_COMMITTER_EMAIL": "ana@ficta.example",
    }
    done = subprocess.run(
        ["git", *arguments],
        cwd=root,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout
