"""A judge asked about answers that people labelled, and about canaries: then its trust is told."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from promptops.engine.judging.asking_anew import APART, Anew, canaries_of, shown_to
from promptops.engine.judging.examples import first_case, own_examples
from promptops.engine.judging.uses import Use
from promptops.engine.people.labelled_answers import LabelledAnswer, gather
from promptops.engine.people.labels import DRAWN_AT_RANDOM
from promptops.engine.preparing import Workplace
from promptops.engine.scoring import EngineServices, ScorerServices
from promptops.errors import NoVerdictError, StoreError
from promptops.labels.files import AnyLabel, read_labels
from promptops.scorers.scorer import Subject
from promptops.trust.biases import both_orders, repeated
from promptops.trust.canaries import canary_report
from promptops.trust.judged import Judged, Key, as_label, said_by_people
from promptops.trust.reporting import Found, Named, trust_report
from promptops.values.label import Label, output_digest
from promptops.values.response import Response
from promptops.values.score import Score, Scored, Unscorable
from promptops.values.trust import Example, TrustReport


@dataclass(slots=True)
class Checking:
    """One judge in one place, while it is looked at."""

    use: Use
    place: Workplace
    services: EngineServices
    concurrency: int
    repeat: int = 1
    """How often each question is asked."""
    pinned: bool = True
    """It is asked as the suite says: scores that runs had from it count."""
    first: int = 0
    """The number of its first draw; not 0 where it changed: what runs had before counts no more."""
    stopped: NoVerdictError | None = None
    """Why not everything could be asked."""
    _lent: ScorerServices = field(init=False)
    _portable: set[Key] = field(default_factory=set)
    """Answers whose words are in the labels, or in the dataset."""

    def __post_init__(self) -> None:
        self._lent = self.services.on_behalf_of(self.use.scorer)
        self._lent.first = self.first
        self.pinned = self.pinned and not self.first  # those since are in the store all the same

    async def report(self, created: str) -> TrustReport:
        """Ask what is not known, and say how far the judge can be trusted.

        Where no more can be asked, `stopped` says why, and the report is of what was.

        Raises:
            InputError: labels or dataset are wrong; nothing was spent for this use.
        """
        answers, found = self._labelled()
        scored = await self._all_scored(answers)
        for answer, askings in zip(answers, scored, strict=True):
            self._enter(found, answer, askings)
        await self._note_what_was_shown(answers, found)
        await self._canaries(found)
        told = trust_report(self._named(), found, created=created)
        return msgspec.structs.replace(told, first=self.first)

    def _named(self) -> Named:
        scorer = self.use.scorer
        assert scorer.judge is not None
        models = ", ".join(scorer.models)
        return Named(*scorer.judge, scorer.digest, models, self.use.suite.name, self.use.metric)

    @property
    def _name(self) -> str:
        assert self.use.scorer.judge is not None
        return self.use.scorer.judge[0]

    def _labelled(self) -> tuple[list[LabelledAnswer], Found]:
        if self.use.own:
            examples = own_examples(self.use, self.place, self.services.project)
            self._portable = {each.key for each in examples.answers}
            labels = [label for of in examples.labels for label in of]
            words = said_by_people(labels)
            # Where nobody can tell what is right, nothing that the judge says is right or wrong.
            told = [each for each in examples.answers if words[each.key].value is not None]
            return told, Found(labels, words, of_pairs=self.use.of_pairs)
        labels, aside = self._labels()
        self._portable = {
            (each.case, each.output)
            for each in labels
            if output_digest(Response(each.text)) == each.output
        }
        words = said_by_people(labels)
        wanted: dict[Key, Label] = {}
        for each in labels:
            key = (each.case, each.output)
            if words[key].value is not None and len(each.text) >= len(_text(wanted, key)):
                wanted[key] = each
        gathered = gather(self.use, wanted, self.place, pinned=self.pinned)
        found = Found(
            labels, words, orders=gathered.orders, aside=aside, of_pairs=self.use.of_pairs
        )
        found.missing = len(wanted) - len(gathered.answers)
        return [gathered.answers[key] for key in sorted(gathered.answers)], found

    def _labels(self) -> tuple[list[Label], int]:
        """Those of answers that were drawn at random, and how many others there are."""
        read = read_labels(self.place.tree, self.use.suite.name)
        of = self.use.metric
        given: list[AnyLabel] = [*(read.pairs if self.use.of_pairs else read.answers)]
        there = [each for each in given if each.metric == of]
        drawn = [each for each in there if each.chosen == DRAWN_AT_RANDOM]
        labels = [each if isinstance(each, Label) else as_label(each) for each in drawn]
        return labels, len(there) - len(drawn)

    async def _all_scored(self, answers: Sequence[LabelledAnswer]) -> list[list[Scored]]:
        """What the judge says of each answer, every asking of it; none where it was not asked."""
        found: list[list[Scored]] = [[] for _ in answers]
        todo = iter(range(len(answers)))
        errors: list[Exception] = []

        async def worker() -> None:
            for at in todo:
                if self.stopped or errors:
                    return
                try:
                    found[at] = await self._askings(answers[at])
                except Exception as error:  # noqa: BLE001  # raised below, when all have come home
                    errors.append(error)

        async with asyncio.TaskGroup() as group:
            for _ in range(min(self.concurrency, len(answers)) or 1):
                group.create_task(worker())
        if errors:
            raise errors[0]
        return found

    async def _askings(self, answer: LabelledAnswer) -> list[Scored]:
        said: list[Scored] = [] if answer.scored is None else [answer.scored]
        subject = _subject(answer)
        for number in range(len(said), self.repeat):
            scored = await self._ask(subject, number)
            if scored is None:
                break
            said.append(scored)
        return said

    async def _ask(self, subject: Subject, number: int) -> Scored | None:
        try:
            return await self.use.scorer.score(subject, Anew(self._lent, number * APART))
        except StoreError:
            raise
        except NoVerdictError as error:
            self.stopped = self.stopped or error
            return None

    def _enter(self, found: Found, answer: LabelledAnswer, askings: Sequence[Scored]) -> None:
        word = found.words[answer.key]
        first = askings[0] if askings else None
        if first is None or (isinstance(first, Unscorable) and first.infrastructure):
            found.failed += 1
        elif isinstance(first, Unscorable):
            found.unscored += 1
        elif word.value is not None:
            judged = _judged(answer, word.value, first, askings)
            found.judged.append(judged)
            if answer.key in self._portable:
                found.examples.append(Example(*answer.key, word.value, judged.judge))
            if self.use.of_pairs and answer.scored is None:
                found.orders += both_orders(answer.case.group or answer.case.id, first.votes)

    async def _note_what_was_shown(self, answers: Sequence[LabelledAnswer], found: Found) -> None:
        subjects = {each.key: _subject(each) for each in answers}
        found.examples = [
            msgspec.structs.replace(
                each,
                shown=await shown_to(self.use.scorer, subjects[each.case, each.output], self._lent),
            )
            for each in found.examples
        ]

    async def _canaries(self, found: Found) -> None:
        """All of them as answers to one case, the first that there is."""
        first = first_case(self.use, self.place)
        if first is None:
            return
        loaded = self.services.project.load_prompt(self._name)
        for canary, subject in canaries_of(self.use.scorer, loaded, *first):
            scored = None if self.stopped else await self._ask(subject, 0)
            told = scored or Unscorable("it was not asked", infrastructure=True)
            shown = await shown_to(self.use.scorer, subject, self._lent)
            report = canary_report(canary, told)
            found.canaries.append(msgspec.structs.replace(report, shown=shown))


def _judged(
    answer: LabelledAnswer, people: float, first: Score, askings: Sequence[Scored]
) -> Judged:
    values = tuple(each.value for each in askings if isinstance(each, Score))
    case, told = answer.case, answer.rival if answer.mirrored else answer.response
    return Judged(
        case=case.id,
        cluster=case.group or case.id,
        people=people,
        judge=1 - first.value if answer.mirrored else first.value,
        answer=told.content if told else "",
        tags=case.tags,
        label=first.label,
        explanation=first.explanation,
        askings=values if len(values) > 1 else repeated(first.votes),
    )


def _subject(answer: LabelledAnswer) -> Subject:
    return Subject(
        case=answer.case, request=answer.request, response=answer.response, rival=answer.rival
    )


def _text(wanted: Mapping[Key, Label], key: Key) -> str:
    return wanted[key].text if key in wanted else ""
