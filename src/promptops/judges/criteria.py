"""A verdict that is added up from yes/no questions, which are all asked in one call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from promptops.judges.verdicts import (
    CANNOT_TELL,
    EXPLANATION,
    JudgeOptionError,
    MalformedVerdictError,
    Praise,
    Verdict,
    properties_of,
    read_object,
    whole_praise,
)
from promptops.prompts.prompt import Criterion
from promptops.values.score import Vote

CRITERIA = "criteria"
_WORDS = ("yes", "no", CANNOT_TELL)
_HINT = "leave the output schema out: promptops makes the one that these criteria need"


class CriteriaReader:
    """Reads the answers of a judge to its questions.

    The value is the weighted share of the questions that were answered as they should be; those
    that the judge cannot tell are left out, and where it can tell none there is no value.

    Raises:
        JudgeOptionError: the schema asks for something else than these criteria.
    """

    countable = False

    def __init__(
        self, criteria: Mapping[str, Criterion], schema: Mapping[str, Any] | None = None
    ) -> None:
        self.criteria = criteria
        self.schema = criteria_schema(criteria) if schema is None else dict(schema)
        self._properties = properties_of(self.schema, CRITERIA, _HINT)
        self._words = {name: self._allowed(name) for name in criteria}

    def read(self, text: str) -> Verdict:
        """The verdict in what a judge said.

        Raises:
            MalformedVerdictError: it is not exactly one JSON object with one word on each question.
        """
        said, explanation = read_object(text, self._properties, CRITERIA)
        answers = said[CRITERIA]
        if not isinstance(answers, dict):
            raise MalformedVerdictError("the criteria are not an object")
        if extra := sorted(set(answers) - set(self.criteria)):
            raise MalformedVerdictError(f"an unknown criterion {extra[0][:80]!r}")
        votes = tuple(self._vote(name, answers) for name in self.criteria)
        told = [vote for vote in votes if vote.value is not None]
        if not told:
            return Verdict(None, CANNOT_TELL, explanation, votes)
        weights = [self.criteria[vote.by].weight for vote in told]
        met = sum(w for w, vote in zip(weights, told, strict=True) if vote.value)
        label = f"{sum(bool(vote.value) for vote in told)} of {len(told)}"
        return Verdict(met / sum(weights), label, explanation, votes)

    def praise(self, *, least: bool = False) -> Praise:
        """Each question answered as it should be; with `least`, the other way."""
        other = {"yes": "no", "no": "yes"}
        said = {
            name: other[each.expect] if least else str(each.expect)
            for name, each in self.criteria.items()
        }
        return Praise(" and ".join(sorted(set(said.values()))), whole_praise(CRITERIA, said))

    def _vote(self, name: str, answers: Mapping[str, Any]) -> Vote:
        if name not in answers:
            raise MalformedVerdictError(f"no word on the criterion {name!r}")
        word = answers[name]
        if not isinstance(word, str) or word not in self._words[name]:
            told = ", ".join(self._words[name])
            raise MalformedVerdictError(f"{name}: {repr(word)[:60]} is none of {told}")
        if word == CANNOT_TELL:
            return Vote(None, word, by=name)
        return Vote(float(word == self.criteria[name].expect), word, by=name)

    def _allowed(self, name: str) -> tuple[str, ...]:
        """What the schema lets the judge say to one question."""
        inner = self._properties[CRITERIA].get("properties")
        names = inner if isinstance(inner, dict) else {}
        if set(names) != set(self.criteria):
            lacking = min(set(self.criteria) ^ set(names))
            where = "the schema" if lacking in self.criteria else "judge.criteria"
            raise JudgeOptionError(f"{where} lacks the criterion {lacking!r}", hint=_HINT)
        words = names[name].get("enum") if isinstance(names[name], dict) else None
        if not isinstance(words, list) or not {"yes", "no"} <= {*map(str, words)} <= {*_WORDS}:
            raise JudgeOptionError(
                f"the criterion {name!r} must be an enum of yes, no and, if you like, cannot_tell",
                hint=_HINT,
            )
        return tuple(str(word) for word in words)


def criteria_schema(criteria: Mapping[str, Criterion]) -> dict[str, Any]:
    """The output schema of a judge of these criteria."""
    words = {name: {"type": "string", "enum": list(_WORDS)} for name in criteria}
    inner = {
        "type": "object",
        "properties": words,
        "required": list(criteria),
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {EXPLANATION: {"type": "string"}, CRITERIA: inner},
        "required": [EXPLANATION, CRITERIA],
        "additionalProperties": False,
    }
