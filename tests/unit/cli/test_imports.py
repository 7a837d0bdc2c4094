"""What the quick commands leave alone: the set of modules that a whole process imports."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROMPT = """\
version: 1
model: embedded/smollm2-135m
inputs: {name: {type: string}}
messages: [{role: user, content: "Greet {{ name }}."}]
"""
SUITE = """\
prompt: greet
dataset: greet.jsonl
scorers:
  same: {type: equals, expected: "{{ name }}"}
  like: {type: similarity, expected: "{{ name }}"}
  valid: {type: json_schema, schema: {}}
"""
PROBE = (
    "import json, sys\n"
    "from promptops.cli.main import main\n"
    "code = main(sys.argv[1:])\n"
    "sys.stderr.write(json.dumps([int(code), sorted(sys.modules)]))\n"
)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("project")
    for path, text in {
        "prompts/greet.yaml": PROMPT,
        "evals/greet.yaml": SUITE,
        "evals/greet.jsonl": '{"id": "a", "name": "Ana"}\n',
    }.items():
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text(text)
    settings = ("-c", "user.name=Ana Ficta", "-c", "user.email=ana@ficta.example")
    for arguments in (["init", "-q"], ["add", "-A"], [*settings, "commit", "-qm", "Greet"]):
        subprocess.run(["git", *arguments], cwd=root, check=True)
    return root


def imported(root: Path, *arguments: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    code, modules = json.loads(done.stderr.splitlines()[-1])
    assert code == 0, done.stdout
    return {name.partition(".")[0] for name in modules}


@pytest.mark.parametrize(
    "arguments",
    [
        ["list"],
        ["lint"],
        ["log", "greet"],
        ["show", "greet"],
        ["-C", ".", "log", "greet", "--format", "json"],
    ],
)
def test_quick_commands_import_nothing_slow(root: Path, arguments: list[str]) -> None:
    found = imported(root, *arguments)
    assert not found & {"litellm", "numpy", "git", "pydantic", "asyncio", "xllamacpp"}


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], []])
def test_help_imports_next_to_nothing(root: Path, arguments: list[str]) -> None:
    found = imported(root, *arguments)
    slow = {"litellm", "numpy", "git", "jinja2", "pydantic", "yaml", "msgspec", "rich", "sqlite3"}
    assert not found & slow


@pytest.mark.parametrize("name", ["comment", "report", "view"])
def test_the_help_of_a_command_needs_none_of_its_libraries(root: Path, name: str) -> None:
    found = imported(root, name, "--help")
    assert not found & {"litellm", "numpy", "git", "jinja2", "pydantic", "aiohttp", "xllamacpp"}


@pytest.mark.parametrize("arguments", [["list"], ["log", "greet"], ["show", "greet"]])
def test_reading_needs_no_template_engine(root: Path, arguments: list[str]) -> None:
    assert "jinja2" not in imported(root, *arguments)
