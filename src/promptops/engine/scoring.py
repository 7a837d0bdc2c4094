"""From a response to its scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from promptops.documents.tree import Tree
from promptops.engine.drawing import Drawing, Drawn
from promptops.engine.tally import SourceTally
from promptops.prompts.loading import LoadedPrompt, load_prompt
from promptops.prompts.output import OutputChecker
from promptops.scorers.discovery import Scorer
from promptops.scorers.scorer import ServiceError, Subject
from promptops.values.case import Case
from promptops.values.request import Request
from promptops.values.response import Failure, Outcome, Response
from promptops.values.score import Score, Scored


@dataclass(slots=True)
class EngineServices:
    """What scorers are handed: responses through the same store, budget and retries as samples."""

    drawing: Drawing
    tree: Tree
    root: Path
    allow_code: bool
    sources: SourceTally = field(default_factory=SourceTally)
    """Each answer of a judge and each vector, once."""
    calls: int = 0
    """Made for scorers by this run, retries included."""
    _seen: set[tuple[str, int]] = field(default_factory=set)

    async def ask(self, request: Request, index: int) -> Outcome:
        """One response of a judge."""
        key = self.drawing.key(request)
        drawn = await self.drawing.draw(request, key, index)
        self._count(drawn, (key, index))
        return drawn.outcome

    async def embed(self, model: str, texts: Sequence[str]) -> list[list[float]]:
        """One vector per text."""
        vectors = []
        for text in texts:
            drawn = await self.drawing.embed(model, text)
            self._count(drawn, (f"{model}/{text}", 0))
            if isinstance(drawn.outcome, Failure):
                raise ServiceError(f"{model}: {drawn.outcome.message}")
            vectors.append(msgspec.json.decode(drawn.outcome.content, type=list[float]))
        return vectors

    def _count(self, drawn: Drawn, slot: tuple[str, int]) -> None:
        if drawn.source == "made":
            self.calls += 1 + drawn.retries
        if slot not in self._seen:
            self._seen.add(slot)
            self.sources.count(drawn.outcome, drawn.source)

    def load_prompt(self, name: str) -> LoadedPrompt:
        """A prompt of the working tree, a judge's for example."""
        return load_prompt(self.tree, name)


def own_failure(
    response: Response, output: OutputChecker | None, *, truncated_fails: bool
) -> tuple[str, str] | None:
    """How an answer failed by itself, as a label and an explanation; None when it did not.

    `refused` (a content filter, or a refusal field), `truncated` (the token limit), `bad_schema`
    (not what the prompt's output schema asks for).
    """
    if response.refusal or response.finish_reason == "content_filter":
        return "refused", response.refusal or "the provider's content filter stopped the answer"
    if truncated_fails and response.finish_reason == "length":
        return "truncated", "the answer was cut at its token limit"
    if output is not None:
        problem = output.check(response.content).problem
        if problem:
            return "bad_schema", problem
    return None


async def score_sample(
    scorers: Sequence[Scorer],
    case: Case,
    request: Request,
    response: Response,
    services: EngineServices,
    *,
    failure: tuple[str, str] | None,
) -> dict[str, Scored]:
    """What every scorer says of a response.

    An answer that failed by itself scores zero with its label, except where a scorer looks at such
    answers itself.
    """
    subject = Subject(case=case, request=request, response=response)
    scores: dict[str, Scored] = {}
    for scorer in scorers:
        if failure and not scorer.scores_own_failures:
            scores[scorer.name] = Score(0.0, label=failure[0], explanation=failure[1])
        else:
            scores[scorer.name] = await scorer.score(subject, services)
    return scores
