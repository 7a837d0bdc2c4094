"""From what a reviewer says to the label that is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from promptops.cli.reviewing.choices import Said
from promptops.cli.reviewing.material import Question
from promptops.labels.files import AnyLabel
from promptops.labels.writing import beginning, comment_of
from promptops.values.label import Chosen as ByRule
from promptops.values.label import Label, PairLabel


@dataclass(frozen=True, slots=True)
class Scribe:
    """Makes labels of what one reviewer says, without secrets in what they repeat."""

    metric: str
    reviewer: str
    redact: Callable[[str], str]
    chosen: ByRule = ""
    """How what is labelled was chosen; not known of a row that a sheet was given by hand."""

    def label(self, question: Question, said: Said, comment: str = "") -> AnyLabel:
        """What was said of a question, as it is kept."""
        at = datetime.now(UTC).isoformat(timespec="seconds")
        comment = comment_of(self.redact(comment))
        outputs = [each.output for each in question.answers]
        if len(outputs) == 1:
            return Label(
                self.metric,
                question.case,
                outputs[0],
                said.value,
                self.reviewer,
                at,
                said.label,
                comment,
                beginning(self.redact(question.answers[0].text)),
                self.chosen,
            )
        first, second = sorted(outputs)
        better = _better(said, swapped=outputs[0] != first)
        return PairLabel(
            self.metric,
            question.case,
            first,
            second,
            better,
            self.reviewer,
            at,
            comment,
            self.chosen,
        )


def _better(said: Said, *, swapped: bool) -> Literal["first", "second", "tie"] | None:
    """In the order of the digests, whatever order was shown."""
    if said.value is None:
        return None
    if said.label == "tie":
        return "tie"
    return "first" if (said.label == "first") != swapped else "second"
