"""A judge's verdict, read strictly: one JSON object, one verdict in it, and a value for it.

The verdict is a label out of an `enum`, a whole number on a scale, or a number from 0 to 1; the
output schema of the judge prompt says which.  Whatever else comes back is malformed, and never a
value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from promptops.documents.strict_json import strict_json
from promptops.errors import did_you_mean

VERDICT = "verdict"
EXPLANATION = "explanation"
MAX_EXPLANATION = 2_000


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

    value: float
    label: str
    explanation: str


class VerdictReader:
    """Reads the verdicts of one judge.

    Raises:
        JudgeOptionError: the schema has no usable verdict, or labels and scale do not fit it.
    """

    def __init__(
        self,
        schema: Mapping[str, Any] | None,
        *,
        labels: Mapping[str, float] | None = None,
        scale: Sequence[int] | None = None,
    ) -> None:
        self._properties = _properties(schema)
        self._labels: Mapping[str, float] | None = None
        self._ends: tuple[float, float] = (0.0, 1.0)
        self._whole = False
        verdict = self._properties[VERDICT]
        if "enum" in verdict:
            _refuse(
                scale, "scale", "a scale is for whole numbers; this judge's verdicts are labels"
            )
            self._labels = _fitting(verdict["enum"], labels)
            return
        _refuse(labels, "labels", "labels need a verdict that is an enum; this judge's is a number")
        self._whole = verdict.get("type") == "integer"
        if self._whole:
            self._ends = _ends(verdict, scale)
        elif verdict.get("type") == "number":
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
        try:
            said = strict_json(text)
        except ValueError as error:
            raise MalformedVerdictError(str(error)) from None
        if not isinstance(said, dict):
            raise MalformedVerdictError("not a JSON object")
        if extra := sorted(set(said) - set(self._properties)):
            raise MalformedVerdictError(f"an unknown key {extra[0][:80]!r}")
        for key in (VERDICT, EXPLANATION):
            if key not in said:
                raise MalformedVerdictError(f"no {key}")
        explanation = said[EXPLANATION]
        if not isinstance(explanation, str):
            raise MalformedVerdictError("the explanation is not text")
        value = self._value(said[VERDICT])
        return Verdict(value, str(said[VERDICT]), _encodable(explanation)[:MAX_EXPLANATION])

    def _value(self, verdict: Any) -> float:
        shown = repr(verdict)[:60]
        if self._labels is not None:
            if not isinstance(verdict, str) or verdict not in self._labels:
                raise MalformedVerdictError(f"the verdict {shown} is none of its labels")
            return float(self._labels[verdict])
        kinds = int if self._whole else (int, float)
        if isinstance(verdict, bool) or not isinstance(verdict, kinds):
            number = "whole number" if self._whole else "number"
            raise MalformedVerdictError(f"the verdict {shown} is not a {number}")
        low, high = self._ends
        if not low <= verdict <= high:
            raise MalformedVerdictError(f"the verdict {shown} is not from {low:g} to {high:g}")
        return float((verdict - low) / (high - low))


def _properties(schema: Mapping[str, Any] | None) -> Mapping[str, Any]:
    hint = (
        "output: {schema: {type: object, required: [explanation, verdict], "
        "additionalProperties: false, "
        "properties: {explanation: {type: string}, verdict: {enum: [good, bad]}}}}"
    )
    properties = schema.get("properties") if schema else None
    if not isinstance(properties, dict) or not all(
        isinstance(properties.get(key), dict) for key in (VERDICT, EXPLANATION)
    ):
        raise JudgeOptionError(
            "a judge prompt needs an output schema with the properties explanation and verdict",
            hint=hint,
        )
    return properties


def _fitting(enum: Any, labels: Mapping[str, float] | None) -> Mapping[str, float]:
    known = [label for label in enum if isinstance(label, str)] if isinstance(enum, list) else []
    if not known or len(known) != len(enum):
        raise JudgeOptionError("the labels of a judge's verdict must be texts")
    example = ", ".join(f"{label}: {int(not place)}" for place, label in enumerate(known))
    if labels is None:
        raise JudgeOptionError(
            "the suite must say what each of the judge's labels is worth",
            hint=f"for example  labels: {{{example}}}",
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
    return labels


def _ends(verdict: Mapping[str, Any], scale: Sequence[int] | None) -> tuple[float, float]:
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
    return float(low), float(high)


def _refuse(given: object, option: str, message: str) -> None:
    if given is not None:
        raise JudgeOptionError(message, option=option)


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
