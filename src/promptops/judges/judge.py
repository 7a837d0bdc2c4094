"""A judge: a prompt that is shown an answer and asked for one verdict, or several."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from promptops.errors import InputError
from promptops.judges.answers import has_content
from promptops.judges.asking import ATTEMPTS, MAX_REASON, Ask, Silence, word
from promptops.judges.rubric import Ruled
from promptops.judges.showing import (
    FENCE,
    Showing,
    sendable,
    sent_conversation,
    sent_question,
)
from promptops.judges.votes import Panel, ballot, combined
from promptops.values.request import Request
from promptops.values.score import Score, Scored, Unscorable

__all__ = ["ANSWER", "ATTEMPTS", "FENCE", "Ask", "Judge"]

ANSWER = "answer"
_STAND_IN = "-"


class Judge:
    """One judge prompt, made ready.

    Its inputs are filled by name, or by `inputs` (variable to template).  Both see the columns of
    the case, and

    - `answer`: the answer under judgement.  It hides a column of this name;
    - `question`: the column of this name, or else the last user message that was sent;
    - `conversation`: all messages that were sent, each under its role.  It hides a column of this
      name;
    - `case`: all columns, the hidden ones too.  It hides a column of this name.

    `fence` is always filled by us: a line to put before and after the answer; `anchors` and
    `criteria` are where the prompt's rubric has them.

    Raises:
        JudgeOptionError: the prompt is no judge, or `panel` or `inputs` do not fit it.
        InputError: the prompt or a template does not compile.
    """

    def __init__(
        self,
        ruled: Ruled,
        *,
        panel: Panel | None = None,
        inputs: Mapping[str, str] | None = None,
    ) -> None:
        loaded = ruled.loaded
        self.name = loaded.name
        self.version = loaded.prompt.version
        self.digest = loaded.digest
        self.panel = panel or Panel((loaded.prompt.model,))
        self.panel.check(ruled.reader)
        self.notes = self.panel.notes(loaded)
        """What its author probably did not mean."""
        self._reader = ruled.reader
        self._showing = Showing(ruled, (ANSWER,), inputs)

    @property
    def questions(self) -> dict[str, int]:
        """Model to how often it is asked about one answer, second attempts aside."""
        return dict.fromkeys(self.panel.models, self.panel.repeats)

    def check(self, columns: Mapping[str, Any]) -> str | None:
        """What the judge lacks for a case with these columns, in one sentence, or None."""
        return self._showing.problem(_visible(columns, _STAND_IN, _STAND_IN, _STAND_IN))

    async def judge(
        self, columns: Mapping[str, Any], request: Request, answer: str, ask: Ask
    ) -> Scored:
        """The verdict on one answer.

        Nothing to judge is a score of zero without a call.  Without a word from at least half of
        the panel the answer is unscorable: it cannot be asked, says nothing readable twice, or says
        that it cannot tell.
        """
        answer = sendable(answer)
        if not has_content(answer):
            return Score(0.0, "empty", "there is nothing to judge", self.digest)
        try:
            question = self._showing.request(
                _visible(columns, answer, sent_question(request), sent_conversation(request))
            )
        except InputError as error:
            return Unscorable(
                f"the judge cannot be shown it: {error.message}"[:MAX_REASON], self.digest
            )
        if self.panel.size == 1:
            return await self._alone(question, answer, ask)
        ballots = []
        for model in self.panel.models:
            of_model = msgspec.structs.replace(question, model=model)
            for number in range(self.panel.repeats):
                said = await word(of_model, self._reader, [answer], ask, number)
                ballots.append(ballot(said, model))
        return combined(ballots, self.panel.combine, self.digest)

    async def _alone(self, question: Request, answer: str, ask: Ask) -> Scored:
        of_model = msgspec.structs.replace(question, model=self.panel.models[0])
        said = await word(of_model, self._reader, [answer], ask)
        if isinstance(said, Silence):
            return Unscorable(said.reason, self.digest, infrastructure=said.kind == "down")
        assert said.value is not None
        return Score(said.value, said.label, said.explanation, self.digest, said.votes)


def _visible(
    columns: Mapping[str, Any], answer: str, question: str, conversation: str
) -> dict[str, Any]:
    return {
        "question": question,
        **columns,
        "case": dict(columns),
        "conversation": conversation,
        ANSWER: answer,
    }
