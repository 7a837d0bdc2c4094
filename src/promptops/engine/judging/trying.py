"""Another wording of a judge asked about answers that people labelled."""

from __future__ import annotations

from promptops.documents.tree import Tree
from promptops.engine.judging.checking import Checking
from promptops.engine.people.labelled_answers import LabelledAnswer
from promptops.trust.judged import Key
from promptops.trust.reporting import Found
from promptops.trust.tuning import Labelled
from promptops.values.score import Score, Unscorable
from promptops.values.trust import CanaryReport


class OneOtherFile:
    """A tree in which one file says something else; implements `documents.tree.Tree`."""

    def __init__(self, tree: Tree, path: str, text: str) -> None:
        self._tree = tree
        self._path = path
        self._text = text

    def read(self, path: str) -> str | None:
        return self._text if path == self._path else self._tree.read(path)

    def list(self, folder: str) -> list[str]:
        return self._tree.list(folder)


class Trying(Checking):
    """A judge in one place, asked about as much as its caller wants."""

    def labelled(self) -> tuple[list[LabelledAnswer], list[Labelled]]:
        """The answers of which people say something definite, and what they say.

        Raises:
            InputError: labels or dataset are wrong.
        """
        answers, found = self._labelled()
        known = []
        for each in answers:
            word = found.words[each.key]
            if word.value is not None:
                cluster = each.case.group or each.case.id
                known.append(Labelled(each.key, cluster, word.value, each.response.content))
        return answers, known

    async def said(self, answers: list[LabelledAnswer]) -> dict[Key, float | None]:
        """What the judge says of each: a value, or None where it says nothing; those on which it
        could not be asked are left out.
        """
        found: dict[Key, float | None] = {}
        scored = await self._all_scored(answers)
        for answer, askings in zip(answers, scored, strict=True):
            first = askings[0] if askings else None
            if isinstance(first, Score):
                found[answer.key] = 1 - first.value if answer.mirrored else first.value
            elif isinstance(first, Unscorable) and not first.infrastructure:
                found[answer.key] = None
        return found

    async def canaries(self) -> list[CanaryReport]:
        """What it says of answers that no judge may let pass."""
        found = Found([], {})
        await self._canaries(found)
        return found.canaries


def unjudged(answer: LabelledAnswer) -> LabelledAnswer:
    """The same answer without what another wording said of it."""
    return LabelledAnswer(
        answer.key,
        answer.case,
        answer.request,
        answer.response,
        rival=answer.rival,
        mirrored=answer.mirrored,
    )
