"""A judge's verdict, read strictly: one JSON object, one verdict in it, and a value for it.

The verdict is a label out of an `enum`, a whole number on a scale, or a number from 0 to 1; the
output schema of the judge prompt says which.  It may be that the judge cannot tell: a label that is
worth null, or null itself where the schema allows it.  Whatever else comes back is malformed, and
never a value.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from promptops.documents.strict_json import strict_json
from promptops.errors import did_you_mean
from promptops.values.score import Vote

VERDICT = "verdict"
EXPLANATION = "explanation"
MAX_EXPLANATION = 2_000
CANNOT_TELL = "cannot_tell"


class JudgeOptionError(ValueError):
    """The judge prompt or what the suite says of it does not fit; `option` names the suite's
    key.
    """

    def __init__(self, message: str, *, option: str = "prompt", hint: str | None = None) -> None:
        super().__init__(message)
        self.option = option
        self.hint = hint


class MalformedVerdictError(ValueError):
    """What a judge said is no verdict; the message says why, in plain words."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A value in [0, 1], its label, and why."""

    value: float | None
    """None: the judge cannot tell."""
    label: str
    explanation: str
    votes: tuple[Vote, ...] = ()
    """What it was added up from, where it was."""


@dataclass(frozen=True, slots=True)
class Praise:
    """The verdict that earns most, as the judge itself would say it."""

    word: str
    whole: str
    """All that it would say: one JSON object."""


class Reader(Protocol):
    """Reads the verdicts of one judge."""

    countable: bool
    """Whether there are few enough different verdicts for a majority of them."""

    def praise(self, *, least: bool = False) -> Praise:
        """The verdict that earns most, or `least`."""
        ...

    def read(self, text: str) -> Verdict:
        """The verdict in what a judge said.

        Raises:
            MalformedVerdictError: there is none, or not exactly one.
        """
        ...


class VerdictReader:
    """Reads the verdicts of one judge: a label, a point on a scale, or a number.

    `labels` has what each label is worth, None where it says that the judge cannot tell; `scale` is
    the low and the high end.

    Raises:
        JudgeOptionError: the schema has no usable verdict, or labels and scale do not fit it.
    """

    def __init__(
        self,
        schema: Mapping[str, Any] | None,
        *,
        labels: Mapping[str, float | None] | None = None,
        scale: Sequence[int] | None = None,
    ) -> None:
        self._properties = properties_of(schema, VERDICT, _HINT)
        self.labels: Mapping[str, float | None] | None = None
        self.ends: tuple[int, int] | None = None
        """The ends of its scale."""
        verdict = self._properties[VERDICT]
        kinds = verdict.get("type")
        kinds = set(kinds) if isinstance(kinds, list) else {kinds}
        self.nullable = "null" in kinds
        """Whether null is a verdict: that it cannot tell."""
        if "enum" in verdict:
            _refuse(
                scale, "scale", "a scale is for whole numbers; this judge's verdicts are labels"
            )
            self.labels = _fitting(verdict["enum"], labels)
        else:
            self._number(verdict, kinds - {"null"}, labels, scale)
        self.countable = self.labels is not None or self.ends is not None

    def _number(
        self,
        verdict: Mapping[str, Any],
        kinds: set[Any],
        labels: Mapping[str, float | None] | None,
        scale: Sequence[int] | None,
    ) -> None:
        _refuse(labels, "labels", "labels need a verdict that is an enum; this judge's is a number")
        if kinds == {"integer"}:
            self.ends = _ends(verdict, scale)
        elif kinds == {"number"}:
            _refuse(
                scale, "scale", "a scale is for whole numbers; this judge's verdict is a number"
            )
        else:
            raise JudgeOptionError(
                "the judge's verdict must be an enum of labels, an integer or a number"
            )

    def read(self, text: str) -> Verdict:
        """The verdict in what a judge said.

        Raises:
            MalformedVerdictError: it is not exactly one JSON object with exactly one verdict that
            the
                schema knows.
        """
        said, explanation = read_object(text, self._properties, VERDICT)
        verdict = said[VERDICT]
        if verdict is None and self.nullable:
            return Verdict(None, CANNOT_TELL, explanation)
        return Verdict(self._value(verdict), str(verdict), explanation)

    def praise(self, *, least: bool = False) -> Praise:
        best: object
        if self.labels is not None:
            worth = {label: value for label, value in self.labels.items() if value is not None}
            best = (min if least else max)(worth, key=lambda label: worth[label])
        else:
            best = (self.ends or (0, 1))[not least]
        return Praise(str(best), whole_praise(VERDICT, best))

    def _value(self, verdict: Any) -> float | None:
        shown = repr(verdict)[:60]
        if self.labels is not None:
            if not isinstance(verdict, str) or verdict not in self.labels:
                raise MalformedVerdictError(f"the verdict {shown} is none of its labels")
            worth = self.labels[verdict]
            return None if worth is None else float(worth)
        kinds = int if self.ends else (int, float)
        if isinstance(verdict, bool) or not isinstance(verdict, kinds):
            number = "whole number" if self.ends else "number"
            raise MalformedVerdictError(f"the verdict {shown} is not a {number}")
        low, high = self.ends or (0, 1)
        if not low <= verdict <= high:
            raise MalformedVerdictError(f"the verdict {shown} is not from {low:g} to {high:g}")
        return float((verdict - low) / (high - low))


_HINT = (
    "output: {schema: {type: object, required: [explanation, verdict], "
    "additionalProperties: false, "
    "properties: {explanation: {type: string}, verdict: {enum: [good, bad]}}}}"
)


def whole_praise(key: str, best: object) -> str:
    """What a judge says that finds nothing wrong; `best` stands under `key`."""
    return json.dumps({EXPLANATION: "Nothing is wrong with it.", key: best})


def properties_of(schema: Mapping[str, Any] | None, key: str, hint: str) -> Mapping[str, Any]:
    """The properties of a judge's output schema: an explanation and what `key` names.

    Raises:
        JudgeOptionError: one of the two is not there.
    """
    properties = schema.get("properties") if schema else None
    if not isinstance(properties, dict) or not all(
        isinstance(properties.get(each), dict) for each in (key, EXPLANATION)
    ):
        raise JudgeOptionError(
            f"a judge prompt needs an output schema with the properties explanation and {key}",
            hint=hint,
        )
    return properties


def read_object(text: str, known: Mapping[str, Any], key: str) -> tuple[dict[str, Any], str]:
    """What a judge said as one JSON object that has `key`, and its explanation.

    Raises:
        MalformedVerdictError: it is anything else.
    """
    try:
        said = strict_json(text)
    except ValueError as error:
        raise MalformedVerdictError(str(error)) from None
    if not isinstance(said, dict):
        raise MalformedVerdictError("not a JSON object")
    if extra := sorted(set(said) - set(known)):
        raise MalformedVerdictError(f"an unknown key {extra[0][:80]!r}")
    for each in (key, EXPLANATION):
        if each not in said:
            raise MalformedVerdictError(f"no {each}")
    explanation = said[EXPLANATION]
    if not isinstance(explanation, str):
        raise MalformedVerdictError("the explanation is not text")
    return said, _encodable(explanation)[:MAX_EXPLANATION]


def _fitting(enum: Any, labels: Mapping[str, float | None] | None) -> Mapping[str, float | None]:
    known = [label for label in enum if isinstance(label, str)] if isinstance(enum, list) else []
    if not known or len(known) != len(enum):
        raise JudgeOptionError("the labels of a judge's verdict must be texts")
    example = ", ".join(f"{label}: {int(not place)}" for place, label in enumerate(known))
    if labels is None:
        raise JudgeOptionError(
            "nobody says what each of the judge's labels is worth",
            hint=f"for example  labels: {{{example}}}  in the suite, or under judge: in its prompt",
        )
    for label in labels:
        if label not in known:
            raise JudgeOptionError(
                f"the judge knows no label {label!r}",
                option="labels",
                hint=did_you_mean(label, known),
            )
    missing = [label for label in known if label not in labels]
    if missing:
        raise JudgeOptionError(
            f"the judge's label {missing[0]!r} has no value",
            option="labels",
            hint=f"for example  labels: {{{example}}}",
        )
    worths = {worth for worth in labels.values() if worth is not None}
    if not worths:
        raise JudgeOptionError("no label of the judge is worth anything", option="labels")
    if len(worths) == 1:
        raise JudgeOptionError(
            f"every label of the judge is worth {worths.pop():g}: it would tell no answers apart",
            option="labels",
            hint=f"for example  labels: {{{example}}}",
        )
    return labels


def _ends(verdict: Mapping[str, Any], scale: Sequence[int] | None) -> tuple[int, int]:
    written = (verdict.get("minimum"), verdict.get("maximum"))
    low, high = scale if scale is not None else written
    if not isinstance(low, int) or not isinstance(high, int) or low >= high:
        raise JudgeOptionError(
            "a verdict that is a whole number needs the ends of its scale",
            option="scale" if scale is not None else "prompt",
            hint="minimum and maximum in the judge's schema, or  scale: [1, 5]  in the suite",
        )
    for mine, theirs in zip((low, high), written, strict=True):
        if theirs is not None and mine != theirs:
            raise JudgeOptionError(
                f"the scale [{low}, {high}] is not the judge's own [{written[0]}, {written[1]}]",
                option="scale",
            )
    return low, high


def _refuse(given: object, option: str, message: str) -> None:
    if given is not None:
        raise JudgeOptionError(message, option=option)


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
