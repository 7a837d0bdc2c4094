"""A judge of pairs: shown two answers to one case, in both orders, and asked which is better.

Judges favour a place.  Asked in both orders, a judge that does so contradicts itself, and its two
words come to a tie; which place it favoured is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import fmean
from typing import Any

import msgspec

from promptops.errors import InputError
from promptops.judges.answers import has_content
from promptops.judges.asking import MAX_REASON, Ask, Silence, Word, word
from promptops.judges.rubric import Ruled
from promptops.judges.showing import Showing, sendable
from promptops.judges.verdicts import CANNOT_TELL, JudgeOptionError, Verdict
from promptops.judges.votes import Ballot, Panel, combined, vote
from promptops.prompts.loading import LoadedPrompt
from promptops.values.score import Score, Scored, Unscorable

FIRST, SECOND, TIE = "first", "second", "tie"
BETTER, WORSE = "better", "worse"
BASELINE_FIRST, CANDIDATE_FIRST = "baseline first", "candidate first"
WORTH: dict[str, float | None] = {FIRST: 1.0, SECOND: 0.0, TIE: 0.5, CANNOT_TELL: None}
"""What a verdict is worth to the answer that was shown first."""
_STAND_IN = "-"
_LABELS = {1.0: BETTER, 0.5: TIE, 0.0: WORSE}
_MIRRORED = {BETTER: WORSE, WORSE: BETTER}


class PairJudge:
    """One judge of pairs, made ready.

    Its inputs are filled as those of a judge of single answers, from the columns of the case, from
    `case`, and from `first` and `second`, the two answers.  It is shown the case and not what was
    sent: two versions ask in two ways, and the judge is not to know them by it.

    Raises:
        JudgeOptionError: the prompt is no judge of pairs, or `panel` or `inputs` do not fit it.
        InputError: the prompt or a template does not compile.
    """

    def __init__(
        self,
        loaded: LoadedPrompt,
        *,
        panel: Panel | None = None,
        inputs: Mapping[str, str] | None = None,
    ) -> None:
        ruled = ruled_pairs(loaded)
        self.name = loaded.name
        self.version = loaded.prompt.version
        self.digest = loaded.digest
        self.panel = panel or Panel((loaded.prompt.model,))
        self.panel.check(ruled.reader)
        self.notes = self.panel.notes(loaded)
        """What its author probably did not mean."""
        self._reader = ruled.reader
        self._showing = Showing(ruled, (FIRST, SECOND), inputs)

    @property
    def questions(self) -> dict[str, int]:
        """Model to how often it is asked about one pair, second attempts aside."""
        return dict.fromkeys(self.panel.models, 2 * self.panel.repeats)

    def check(self, columns: Mapping[str, Any]) -> str | None:
        """What the judge lacks for a case with these columns, in one sentence, or None."""
        return self._showing.problem(_visible(columns, _STAND_IN, _STAND_IN))

    async def judge(
        self, columns: Mapping[str, Any], candidate: str, baseline: str, ask: Ask
    ) -> Scored:
        """What the candidate's answer is worth beside the baseline's: 1 better, 0 worse, 0.5 a tie.

        Each vote is the mean of both orders, so an answer that wins in one order alone ties.  An
        order that brings no value leaves its vote without one.  Two equal answers tie, and one
        without content loses to one with it, without a call.
        """
        candidate, baseline = sendable(candidate), sendable(baseline)
        plain = self._plainly(candidate, baseline)
        if plain is not None:
            return plain
        try:
            orders = (
                (BASELINE_FIRST, self._showing.request(_visible(columns, baseline, candidate))),
                (CANDIDATE_FIRST, self._showing.request(_visible(columns, candidate, baseline))),
            )
        except InputError as error:
            return Unscorable(
                f"the judge cannot be shown it: {error.message}"[:MAX_REASON], self.digest
            )
        ballots = []
        for model in self.panel.models:
            for number in range(self.panel.repeats):
                said: dict[str, Word] = {}
                for order, question in orders:
                    of_model = msgspec.structs.replace(question, model=model)
                    shown = (candidate, baseline)
                    heard = await word(of_model, self._reader, shown, ask, number)
                    said[order] = _for_candidate(heard, order)
                ballots.append(_both(said, model))
        return combined(ballots, self.panel.combine, self.digest)

    def _plainly(self, candidate: str, baseline: str) -> Score | None:
        """What needs no judge."""
        new, old = has_content(candidate), has_content(baseline)
        if candidate == baseline:
            return Score(0.5, TIE, "both answers are the same", self.digest)
        if not new and not old:
            return Score(0.5, TIE, "there is nothing to judge in either", self.digest)
        if not old:
            return Score(1.0, BETTER, "there is nothing to judge in the baseline's", self.digest)
        if not new:
            return Score(0.0, WORSE, "there is nothing to judge in the candidate's", self.digest)
        return None


def mirrored(scored: Scored) -> Scored:
    """The baseline's side of what was said for the candidate."""
    if isinstance(scored, Unscorable):
        return scored
    votes = tuple(
        each if each.value is None else msgspec.structs.replace(each, value=1.0 - each.value)
        for each in scored.votes
    )
    label = _MIRRORED.get(scored.label, scored.label)
    return msgspec.structs.replace(scored, value=1.0 - scored.value, label=label, votes=votes)


def ruled_pairs(loaded: LoadedPrompt) -> Ruled:
    """The rubric of a judge of pairs; what its verdicts are worth is worth to the first answer.

    Raises:
        JudgeOptionError: it is asked for something else than which of two is better.
    """
    return Ruled(loaded, labels=_labels(loaded))


def compares(loaded: LoadedPrompt) -> bool:
    """Whether a judge prompt is asked which of two answers is better."""
    try:
        ruled_pairs(loaded)
    except JudgeOptionError:
        return False
    return True


def _labels(loaded: LoadedPrompt) -> dict[str, float | None] | None:
    """What the verdicts of this judge are worth to the first answer.

    Raises:
        JudgeOptionError: it is asked for something else than which of two is better.
    """
    rubric = loaded.prompt.judge
    if rubric is not None and (rubric.criteria or rubric.labels):
        raise JudgeOptionError(
            "a judge of pairs says which is better; what that is worth is fixed",
            hint="take labels and criteria out from under judge:",
        )
    schema: Any = loaded.prompt.output.schema if loaded.prompt.output else {}
    properties = schema.get("properties")
    verdict = properties.get("verdict") if isinstance(properties, dict) else None
    words = verdict.get("enum") if isinstance(verdict, dict) else None
    if not isinstance(words, list) or not {FIRST, SECOND} <= {*map(str, words)} <= set(WORTH):
        raise JudgeOptionError(
            "a judge of pairs needs a verdict that is first or second, and may be tie or"
            " cannot_tell",
            hint="output: {schema: {type: object, required: [explanation, verdict], "
            "additionalProperties: false, properties: {explanation: {type: string}, "
            "verdict: {enum: [first, second, tie, cannot_tell]}}}}",
        )
    return {str(each): WORTH[str(each)] for each in words}


def _visible(columns: Mapping[str, Any], first: str, second: str) -> dict[str, Any]:
    return {**columns, "case": dict(columns), FIRST: first, SECOND: second}


def _for_candidate(said: Word, order: str) -> Word:
    """A word on the first answer as one on the candidate's; the label stays as it was said."""
    if isinstance(said, Silence) or order == CANDIDATE_FIRST:
        return said
    assert said.value is not None
    return Verdict(1.0 - said.value, said.label, said.explanation)


def _both(said: Mapping[str, Word], model: str) -> Ballot:
    """The words of both orders as one; one order alone may be nothing but its place."""
    votes = tuple(vote(each, model, order) for order, each in said.items())
    silent = next((each for each in said.values() if isinstance(each, Silence)), None)
    if silent is not None:
        return Ballot(silent, votes)
    heard = [each for each in said.values() if isinstance(each, Verdict)]
    value = fmean(each.value for each in heard if each.value is not None)
    label = _LABELS.get(value) or (BETTER if value > 0.5 else WORSE)
    why = _told(value, heard)
    return Ballot(Verdict(value, label, why), votes)


def _told(value: float, heard: list[Verdict]) -> str:
    values = [each.value for each in heard]
    if value == 0.5 and values[0] != values[1]:
        return f"the two orders disagree: {heard[0].explanation} / {heard[1].explanation}"
    return heard[0].explanation
