"""A small project in git with a server for its model, for bad input at the command line."""

from __future__ import annotations

from dataclasses import dataclass

from tests.functional.cli_project import Done, Project
from tests.loopback import Loopback

PROMPT = """\
version: 1
model: openai/loop
inputs: {word: {type: string}}
messages:
  - {role: user, content: "Say {{ word }}"}
"""
SUITE = """\
prompt: say
dataset: cases.jsonl
samples: 1
scorers:
  said: {type: contains, expected: "{{ word }}"}
"""
ROWS = '{"id": "a", "word": "one"}\n{"id": "b", "word": "two"}\n'

COMMANDS = {
    "lint": ("lint", "--format", "json"),
    "eval": ("eval", "say", "--quiet"),
    "render": ("render", "say", "--case", "a", "--suite", "say", "--no-tokens"),
}
PROMPT_FILE, SUITE_FILE, ROWS_FILE = "prompts/say.yaml", "evals/say.yaml", "evals/cases.jsonl"


@dataclass
class Desk:
    project: Project
    server: Loopback

    def write(self, path: str, text: str | bytes) -> None:
        place = self.project.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text if isinstance(text, bytes) else text.encode())

    def dataset(self, name: str, text: str | bytes) -> None:
        """Another dataset in place of the first."""
        self.write(f"evals/{name}", text)
        self.write(SUITE_FILE, SUITE.replace("cases.jsonl", name))

    def refused(self, command: str, *said: str) -> str:
        """Run a command, which must refuse before the model is asked; answers what it says."""
        done = self.project.run(*COMMANDS[command])
        assert done.code == 2, done
        told = told_by(command, done)
        for words in said:
            assert words in told
        assert "this is a bug" not in told
        assert len(told) < 20_000
        assert self.server.requests == []
        return told

    def content(self, case: str) -> str:
        """What `render` would send for a case."""
        done = self.project.run("render", "say", "--case", case, "--no-tokens", "--format", "json")
        assert done.code == 0, done.err
        content = done.value["request"]["messages"][-1]["content"]
        assert isinstance(content, str)
        return content


def told_by(command: str, done: Done) -> str:
    if command != "lint":
        assert done.out == ""
        return done.err.replace(": error: ", ": ")
    assert done.err == ""
    return "\n".join(
        f"{each['path']}:{each['line']}:{each['column']}: {each['message']}\n{each['hint']}"
        for each in done.value["findings"]
        if each["severity"] == "error"
    )
