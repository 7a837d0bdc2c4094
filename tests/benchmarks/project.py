"""A project of any size with all its answers kept, and what a process costs that works in it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from promptops.documents.tree import WorkingTree
from promptops.history.repository import Repository
from promptops.history.versions import versions
from promptops.models.endpoints import endpoint
from promptops.prompts.rendering import Renderer
from promptops.store.store import Store
from promptops.values.request import request_key
from promptops.values.response import Response, Usage
from tests.git_sandbox import Sandbox

MODEL = "openai/loop"
WRITTEN_AT_ONCE = 5_000
PROMPT = """\
version: {version}
change: {change}
model: openai/loop
inputs: {{word: {{type: string}}}}
messages:
  - {{role: system, content: "{change}"}}
  - {{role: user, content: "{{{{ word }}}}"}}
"""
SUITE = """\
prompt: shout
dataset: shout.jsonl
samples: {samples}
scorers:
  exact: {{type: equals, expected: "{{{{ expected }}}}"}}
"""


class Took(NamedTuple):
    """A whole process, its children's time included."""

    clock_seconds: float
    processor_seconds: float
    peak_megabytes: float


def process(root: Path, *arguments: str) -> Took:
    """Run `python ARGUMENTS` in a project and take its measures."""
    began = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=root,
        env={**os.environ, "OPENAI_API_KEY": "sk-of-nobody", "OPENAI_API_BASE": ""},
        stdout=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0
    unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss is in bytes there
    return Took(
        time.perf_counter() - began,
        used.ru_utime + used.ru_stime,
        used.ru_maxrss * unit / 2**20,
    )


def kept_project(root: Path, *, cases: int, samples: int) -> Path:
    """A suite whose two versions have every answer in the store: 2 × cases × samples of them."""
    rows = (
        json.dumps({"id": f"case-{n:06}", "word": f"word{n}", "expected": f"WORD{n}"}) + "\n"
        for n in range(cases)
    )
    sandbox = Sandbox(root)
    files: dict[str, str | bytes | None] = {
        "evals/shout.jsonl": "".join(rows),
        "evals/shout.yaml": SUITE.format(samples=samples),
        "prompts/shout.yaml": PROMPT.format(version=1, change="Shout."),
    }
    sandbox.commit("Shout", files)
    louder = PROMPT.format(version=2, change="Shout louder.")
    sandbox.commit("Shout louder", {"prompts/shout.yaml": louder})
    asyncio.run(_keep(root, cases, samples))
    return root


async def _keep(root: Path, cases: int, samples: int) -> None:
    with Store(root) as store:
        waiting = []
        for key, sample, content in _answers(root, cases, samples):
            answer = Response(
                content,
                finish_reason="stop",
                usage=Usage(9, 1),
                cost_usd=0.0001,
                latency_seconds=0.05,
            )
            waiting.append(store.responses.keep(key, sample, MODEL, answer))
            if len(waiting) == WRITTEN_AT_ONCE:
                await asyncio.gather(*waiting)
                waiting.clear()
        await asyncio.gather(*waiting)


def _answers(root: Path, cases: int, samples: int) -> Iterator[tuple[str, int, str]]:
    """Key, sample and text: version 1 is right on half of the words, version 2 on eight in ten."""
    repository = Repository.find(root)
    assert repository is not None
    with repository:
        new, old = versions(repository, "shout", WorkingTree(root))
    where = endpoint(MODEL, {})
    for version, right in ((old, 5), (new, 8)):
        assert version.loaded is not None
        renderer = Renderer(version.loaded)
        for n in range(cases):
            key = request_key(renderer.render({"word": f"word{n}"}), where)
            for sample in range(samples):
                yield key, sample, f"WORD{n}" if n % 10 < right else f"word{n}"
