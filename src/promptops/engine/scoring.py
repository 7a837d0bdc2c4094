"""From a response to its scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import msgspec

from promptops.documents.tree import Tree
from promptops.engine.drawing import Drawing, Drawn
from promptops.engine.tally import SourceTally
from promptops.errors import ModelDownError
from promptops.prompts.loading import LoadedPrompt, load_prompt
from promptops.prompts.output import OutputChecker
from promptops.scorers.discovery import Scorer
from promptops.scorers.judging.turns import in_turn, spared
from promptops.scorers.scorer import ServiceError, Subject
from promptops.values.account import Account
from promptops.values.case import Case
from promptops.values.request import Request
from promptops.values.response import Failure, Outcome, Response
from promptops.values.score import Score, Scored


@dataclass(frozen=True, slots=True)
class ProjectAccess:
    """What scorers may see of the project before anything is asked."""

    tree: Tree
    root: Path
    allow_code: bool = False

    def load_prompt(self, name: str) -> LoadedPrompt:
        """A prompt of the working tree, a judge's for example."""
        return load_prompt(self.tree, name)


@dataclass(slots=True)
class EngineServices:
    """What scorers are handed: responses through the same store, budget and retries as samples."""

    drawing: Drawing
    project: ProjectAccess
    run: str = ""
    suite: str = ""
    sources: SourceTally = field(default_factory=SourceTally)
    """Each answer of a judge and each vector, once."""
    calls: int = 0
    """Made for scorers by this run, retries included."""
    _seen: set[int] = field(default_factory=set)
    _made: set[int] = field(default_factory=set)
    _lent: dict[str, ScorerServices] = field(default_factory=dict)

    def on_behalf_of(self, scorer: Scorer) -> ScorerServices:
        """The same, on the account of one scorer."""
        found = self._lent.get(scorer.name)
        if found is None:
            found = self._lent[scorer.name] = ScorerServices(self, scorer)
        return found

    def first_of(self, name: str) -> int:
        """The number under which a scorer's first draw is kept."""
        return self._lent[name].first if name in self._lent else 0

    async def ask(self, request: Request, index: int, account: Account) -> Outcome:
        """One response of a judge."""
        key = self.drawing.key(request)
        drawn = await self.drawing.draw(request, key, index, account)
        self._count(drawn, (key, index))
        return drawn.outcome

    async def embed(self, texts: Sequence[str], account: Account) -> list[list[float]]:
        """One vector per text."""
        model, vectors = account.model, []
        for text in texts:
            drawn = await self.drawing.embed(text, account)
            self._count(drawn, (f"{model}/{text}", 0))
            if isinstance(drawn.outcome, Failure):
                raise ServiceError(f"{model}: {drawn.outcome.message}")
            vectors.append(msgspec.json.decode(drawn.outcome.content, type=list[float]))
        return vectors

    def _count(self, drawn: Drawn, slot: tuple[str, int]) -> None:
        seen = hash(slot)
        if drawn.source == "made" and seen not in self._made:
            self._made.add(seen)  # a run that goes on meets what it made before more than once
            self.calls += 1 + drawn.retries
        if seen not in self._seen:
            self._seen.add(seen)
            self.sources.count(drawn.outcome, drawn.source)


class ScorerServices:
    """The services as one scorer has them: what it asks goes on its own account."""

    def __init__(self, services: EngineServices, scorer: Scorer) -> None:
        self._services = services
        self._spare = scorer.spare_models
        self.first = 0
        """The number of its first draw: what was drawn under other numbers is not used."""
        self._down: set[str] = set()
        """Models that cannot be asked any more, while the rest of the panel goes on."""
        name, version, digest = scorer.judge or (scorer.name, 0, "")
        self._account = partial(
            Account,
            run=services.run,
            suite=services.suite,
            prompt=name,
            version=version,
            digest=digest,
        )

    @property
    def root(self) -> Path:
        return self._services.project.root

    @property
    def allow_code(self) -> bool:
        return self._services.project.allow_code

    def load_prompt(self, name: str) -> LoadedPrompt:
        return self._services.project.load_prompt(name)

    async def ask(self, request: Request, index: int) -> Outcome:
        model = request.model
        account = self._account(purpose="judge", model=model)
        try:
            return await self._services.ask(request, self.first + index, account)
        except ModelDownError as error:
            self._down.add(model)
            if len(self._down) > self._spare:
                raise
            return Failure("unavailable", error.message.removeprefix(f"{model}: "))

    async def embed(self, model: str, texts: Sequence[str]) -> list[list[float]]:
        account = self._account(purpose="embedding", model=model)
        return await self._services.embed(texts, account)


_CUT = frozenset({"length", "model_context_window_exceeded"})
"""How providers say that an answer ended at a limit."""


def own_failure(
    response: Response, output: OutputChecker | None, *, truncated_fails: bool
) -> tuple[str, str] | None:
    """How an answer failed by itself, as a label and an explanation; None when it did not.

    `refused` (a content filter, or a refusal field), `truncated` (the token limit), `bad_schema`
    (not what the prompt's output schema asks for).
    """
    if response.refusal or response.finish_reason == "content_filter":
        return "refused", response.refusal or "the provider's content filter stopped the answer"
    if truncated_fails and response.finish_reason in _CUT:
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
    """What every scorer says of a response, but for those of pairs: they need the other version's.

    An answer that failed by itself scores zero with its label, except where a scorer looks at such
    answers itself; and so does one that fails a check before a judge.
    """
    subject = Subject(case=case, request=request, response=response)
    scores: dict[str, Scored] = {}
    alone = [scorer for scorer in scorers if not scorer.pairs]
    for scorer in in_turn(alone):
        if failure and not scorer.scores_own_failures:
            scores[scorer.name] = Score(0.0, label=failure[0], explanation=failure[1])
        elif (nothing := spared(scorer, scores)) is not None:
            scores[scorer.name] = nothing
        else:
            scores[scorer.name] = await scorer.score(subject, services.on_behalf_of(scorer))
    return {scorer.name: scores[scorer.name] for scorer in alone}
