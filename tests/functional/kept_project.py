"""A project whose runs are made by `promptops eval` against a server on loopback."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from tests.functional.cli_project import Done, Project
from tests.loopback import Asked, Loopback

PROMPT = """\
version: {version}
model: openai/{model}
params: {{max_tokens: 20}}
inputs: {{word: {{type: string}}}}
messages:
  - {{role: system, content: "{system}"}}
  - {{role: user, content: "Say {{{{ word }}}}"}}
"""
JUDGE = """\
version: 1
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
CASES = '{"id": "a", "word": "one"}\n{"id": "b", "word": "two"}\n'


def answer(asked: Asked) -> str:
    if "fair" in asked.last_user:
        return '{"explanation": "so it is", "verdict": "good"}'
    return asked.last_user


class Desk:
    """Three versions: two committed, one on disk that was then thrown away."""

    def __init__(self, project: Project, server: Loopback) -> None:
        self.project = project
        self.server = server
        self.write = project.write
        self.run = project.run
        self.commit = project.commit

    def prompt(self, version: int, system: str, model: str = "gpt-4.1-mini") -> None:
        self.write("prompts/say.yaml", PROMPT.format(version=version, system=system, model=model))

    def eval(self, *arguments: str) -> Done:
        done = self.run("eval", "--quiet", *arguments)
        assert done.code == 0, done.err
        return done

    def lay(self) -> None:
        self.write("prompts/judges/fair.yaml", JUDGE)
        self.write("evals/say.yaml", SUITE)
        self.write("evals/say.jsonl", CASES)
        self.prompt(1, "Be polite.")
        self.commit("Say it politely")
        self.eval()
        self.prompt(2, "Be brief.")
        self.commit("Say it briefly")
        self.prompt(3, "Be rude.")
        self.eval()
        self.prompt(2, "Be brief.")
        self.age()

    def age(self) -> None:
        """Have all that is kept drawn long ago."""
        place = self.project.root / ".promptops" / "store.db"
        with closing(sqlite3.connect(place)) as connection, connection:
            connection.execute("UPDATE responses SET created = '2026-01-01T10:00:00+00:00'")


@contextmanager
def desk(project: Project, patch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with Loopback(answer) as server:
        for name, value in server.environ.items():
            patch.setenv(name, value)
        made = Desk(project, server)
        made.lay()
        yield made
