"""What a judge prompt says of itself: how its verdicts are read, and what it is told to go by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from promptops.judges.criteria import CRITERIA, CriteriaReader
from promptops.judges.verdicts import (
    EXPLANATION,
    VERDICT,
    JudgeOptionError,
    Reader,
    VerdictReader,
)
from promptops.prompts.loading import LoadedPrompt
from promptops.prompts.prompt import Rubric

ANCHORS = "anchors"


class Ruled:
    """A judge prompt whose rubric was read: how to read its verdicts, and what to fill in.

    Raises:
        JudgeOptionError: it is no judge, or its rubric does not hold together.
    """

    def __init__(
        self,
        loaded: LoadedPrompt,
        *,
        labels: Mapping[str, float | None] | None = None,
        scale: Sequence[int] | None = None,
    ) -> None:
        prompt, rubric = loaded.prompt, loaded.prompt.judge or Rubric()
        check_without_tools(loaded)
        self.loaded = loaded
        self.made_schema: dict[str, Any] | None = None
        """The output schema, where the prompt leaves it to its rubric."""
        self.guidance: dict[str, str] = {}
        """Variable to what is filled in for it."""
        written = prompt.output.schema if prompt.output else None
        self.reader: Reader
        if rubric.criteria:
            self.reader = self._criteria(rubric, written, labels, scale)
        else:
            self.reader = self._verdicts(rubric, written, labels, scale)

    def _criteria(
        self,
        rubric: Rubric,
        written: Mapping[str, Any] | None,
        labels: Mapping[str, float | None] | None,
        scale: Sequence[int] | None,
    ) -> Reader:
        for option, given in (("labels", labels), ("scale", scale)):
            if given is not None:
                raise JudgeOptionError(
                    f"this judge answers yes/no questions, and has no {option}", option=option
                )
        if rubric.labels or rubric.anchors:
            raise JudgeOptionError("a judge has criteria, or labels and anchors; not both")
        reader = CriteriaReader(rubric.criteria, written)
        if written is None:
            self.made_schema = reader.schema
        asked = {name: each.question for name, each in rubric.criteria.items()}
        self.guidance[CRITERIA] = _listed(asked)
        return reader

    def _verdicts(
        self,
        rubric: Rubric,
        written: Mapping[str, Any] | None,
        labels: Mapping[str, float | None] | None,
        scale: Sequence[int] | None,
    ) -> Reader:
        if written is None and rubric.labels:
            written = self.made_schema = label_schema(list(rubric.labels))
        reader = VerdictReader(
            written, labels=labels if labels is not None else rubric.labels or None, scale=scale
        )
        if rubric.anchors:
            points = _anchored(rubric.anchors, reader)
            self.guidance[ANCHORS] = _listed({each: rubric.anchors[each] for each in points})
        return reader


def check_without_tools(loaded: LoadedPrompt) -> None:
    """Hold that a judge has nothing but words.

    Raises:
        JudgeOptionError: it has tools, which the text that it judges could have it use.
    """
    params = loaded.prompt.params
    if loaded.prompt.tools or isinstance(params.web_search_options, dict):
        raise JudgeOptionError(
            f"{loaded.name} has tools, which the text under judgement could have it use",
            hint="take them out: a judge reads, and says its verdict",
        )


def label_schema(labels: Sequence[str]) -> dict[str, Any]:
    """The output schema of a judge of these labels."""
    return {
        "type": "object",
        "properties": {
            EXPLANATION: {"type": "string"},
            VERDICT: {"type": "string", "enum": list(labels)},
        },
        "required": [EXPLANATION, VERDICT],
        "additionalProperties": False,
    }


def _anchored(anchors: Mapping[str, str], reader: VerdictReader) -> list[str]:
    """The anchored verdicts in their order; the ends of a scale, and every label, must be there."""
    if reader.ends is not None:
        low, high = reader.ends
        known = [str(point) for point in range(low, high + 1)]
        needed = [known[0], known[-1]]
    elif reader.labels is not None:
        known = list(reader.labels)
        needed = [label for label, worth in reader.labels.items() if worth is not None]
    else:
        raise JudgeOptionError("anchors are for a scale or for labels; this verdict is a number")
    for name in anchors:
        if name not in known:
            raise JudgeOptionError(
                f"judge.anchors: {name!r} is no verdict of this judge",
                hint=f"its verdicts: {', '.join(known[:20])}",
            )
    lacking = [name for name in needed if name not in anchors]
    if lacking:
        raise JudgeOptionError(
            f"judge.anchors: nothing says what earns {lacking[0]!r}",
            hint="both ends of a scale and every label need one",
        )
    return [name for name in known if name in anchors]


def _listed(told: Mapping[str, str]) -> str:
    """`- name: text`, one a line; further lines of a text are indented under it."""
    return "\n".join(
        f"- {name}: " + "\n  ".join(text.strip().splitlines()) for name, text in told.items()
    )
