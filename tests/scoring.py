"""Building scorers and subjects for tests, with plain classes where the engine would stand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from promptops.documents.tree import WorkingTree
from promptops.documents.yaml_reader import read_yaml
from promptops.prompts.loading import LoadedPrompt, load_prompt
from promptops.scorers.discovery import Scorer, build
from promptops.scorers.scorer import Subject
from promptops.values.case import Case
from promptops.values.request import Message, Request
from promptops.values.response import Outcome, Response, Usage
from promptops.values.score import Scored

SUITE = "evals/towns.yaml"


class Desk:
    """Services without an engine: answers come from a function, vectors from a table."""

    def __init__(
        self,
        root: Path = Path(),
        *,
        answer: Callable[[Request, int], Outcome] | None = None,
        vectors: Callable[[str], list[float]] | None = None,
        allow_code: bool = False,
    ) -> None:
        self.root = root
        self.allow_code = allow_code
        self.asked: list[tuple[Request, int]] = []
        self.embedded: list[tuple[str, list[str]]] = []
        self._answer = answer
        self._vectors = vectors

    def load_prompt(self, name: str) -> LoadedPrompt:
        return load_prompt(WorkingTree(self.root), name)

    async def ask(self, request: Request, index: int) -> Outcome:
        self.asked.append((request, index))
        assert self._answer is not None, "nobody is there to answer"
        return self._answer(request, index)

    async def embed(self, model: str, texts: Sequence[str]) -> list[list[float]]:
        self.embedded.append((model, list(texts)))
        assert self._vectors is not None, "nobody is there to embed"
        return [self._vectors(text) for text in texts]


def scorer(name: str = "metric", **options: Any) -> Scorer:
    """A scorer as a suite would write it."""
    text = msgspec.json.encode({"scorers": {name: options}}).decode()
    return build(name, read_yaml(text, SUITE), ("scorers", name))


def written(text: str, name: str = "metric") -> Scorer:
    """The scorer `name` of a suite's text."""
    return build(name, read_yaml(text, SUITE), ("scorers", name))


def subject(answer: str | Response, /, question: str = "Which town?", **columns: Any) -> Subject:
    response = (
        answer
        if isinstance(answer, Response)
        else Response(
            content=answer,
            finish_reason="stop",
            usage=Usage(12, 3),
            cost_usd=0.002,
            latency_seconds=0.8,
        )
    )
    request = Request(
        model="openai/gpt-plain",
        messages=(Message("system", "You name towns."), Message("user", question)),
    )
    return Subject(Case(id="c1", columns=columns), request, response)


def score(made: Scorer, of: Subject, desk: Desk | None = None) -> Scored:
    return asyncio.run(made.score(of, desk or Desk()))


def value(made: Scorer, of: Subject, desk: Desk | None = None) -> float:
    """The value of a score; anything else fails the test."""
    scored = score(made, of, desk)
    assert hasattr(scored, "value"), scored
    return scored.value
