"""A project of any size: a prompt in two committed versions, whose answers are known beforehand.

Nothing changed on average and the margin is next to nothing, so that every sample is drawn and
every planned look is taken.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

from promptops.documents.tree import WorkingTree
from promptops.history.repository import Repository
from promptops.history.versions import versions
from promptops.models.endpoints import endpoint
from promptops.prompts.rendering import Renderer
from promptops.store.store import Store
from promptops.values.account import Account
from promptops.values.request import request_key
from promptops.values.response import Response, Usage
from tests.git_sandbox import Sandbox
from tests.loopback import Asked

MODEL = "openai/loop"
ACCOUNT = Account("run", "shout", "sample", "shout", 1, "abc", MODEL)
AT_ONCE = 5_000
SUITE = """\
prompt: shout
dataset: shout.jsonl
samples: {samples}
scorers:
  exact: {{type: equals, expected: "{{{{ expected }}}}"}}
gate: {{margin: 0.0001}}
"""
PROMPT = """\
version: {version}
change: {change}
model: {model}
params: {{temperature: 1, max_tokens: 20}}
inputs: {{word: {{type: string}}}}
messages:
  - {{role: system, content: "{system}"}}
  - {{role: user, content: "{{{{ word }}}}"}}
"""
RIGHT_OF_TEN = {"old": range(5), "new": range(3, 8)}
"""Three of ten words break and three are fixed, so that no look finds anything."""


def prompt(version: int, system: str, change: str = "Louder.") -> str:
    """A version of the prompt's file."""
    return PROMPT.format(version=version, change=change, model=MODEL, system=system)


def rows(cases: int) -> Iterator[dict[str, object]]:
    """The dataset."""
    for number in range(cases):
        tag = "odd" if number % 2 else "even"
        word = f"word{number}"
        yield {
            "id": f"case-{number:06}", "word": word, "expected": word.upper(), "tags": [tag],
        }  # fmt: skip


def shouting(root: Path, *, cases: int, samples: int) -> Path:
    """Make the project."""
    sandbox = Sandbox(root)
    files = {
        "evals/shout.jsonl": "".join(json.dumps(row) + "\n" for row in rows(cases)),
        "evals/shout.yaml": SUITE.format(samples=samples),
        "prompts/shout.yaml": prompt(1, "old", "First."),
    }
    sandbox.commit("Shout", files)
    sandbox.commit("Shout louder", {"prompts/shout.yaml": prompt(2, "new")})
    return root


def said(system: str, word: str) -> str:
    """The answer: the word in capitals for the right share of the words."""
    right = int(word.removeprefix("word")) % 10 in RIGHT_OF_TEN[system]
    return word.upper() if right else word


def answer(asked: Asked) -> str:
    """The same, as the script of a server."""
    return said(asked.messages[0]["content"], asked.last_user)


def keep_all(root: Path, cases: int, environ: Mapping[str, str]) -> None:
    """Put the first answer to every case on both versions into the store of the project."""
    repository = Repository.find(root)
    assert repository is not None
    with Store(root) as store:
        for version in versions(repository, "shout", WorkingTree(root)):
            assert version.loaded is not None
            renderer = Renderer(version.loaded)
            system = str(version.loaded.prompt.messages[0].content)
            asyncio.run(_keep(store, renderer, system, endpoint(MODEL, environ), cases))
    repository.close()


async def _keep(store: Store, renderer: Renderer, system: str, place: str, cases: int) -> None:
    todo = rows(cases)
    while some := list(islice(todo, AT_ONCE)):
        await asyncio.gather(
            *(
                store.responses.keep(
                    request_key(renderer.render(row), place), 0, _answer(system, row), ACCOUNT
                )
                for row in some
            )
        )


def _answer(system: str, row: Mapping[str, object]) -> Response:
    return Response(
        said(system, str(row["word"])),
        finish_reason="stop",
        response_model="loop",
        usage=Usage(9, 1),
        latency_seconds=0.05,
    )
