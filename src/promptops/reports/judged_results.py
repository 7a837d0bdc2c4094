"""Results with what is known of their judges: people's labels, measured trust, what may be said.

A format that shows none of it takes them for `Results`; one that does finds nothing in plain ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from promptops.values.details import SampleDetails
from promptops.values.judging import Said
from promptops.values.label import Label, PairLabel, output_digest
from promptops.values.report import Report
from promptops.values.response import Response
from promptops.values.results import Results
from promptops.values.trust import TrustReport

AnyLabel = Label | PairLabel


class Choice(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that a person may say of an answer."""

    label: str
    cell: str
    """As a sheet of labels has it: nothing in it is a formula."""
    keys: tuple[str, ...] = ()
    about: str = ""
    """What earns it."""


class Question(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What people are asked for one metric.

    Of `choices`, `number` and `criteria` exactly one says how it is answered.
    """

    metric: str
    cell: str
    """The metric's name as a sheet of labels has it."""
    pairs: bool = False
    """Which of two answers is better."""
    asked: str = ""
    """In one line."""
    choices: tuple[Choice, ...] = ()
    number: str = ""
    """What may be typed: `a whole number from 1 to 5`."""
    ends: tuple[float, float] | None = None
    """Of that number."""
    whole: bool = False
    criteria: dict[str, str] = {}
    """Name to question, each answered yes or no, in this order."""
    inputs: tuple[str, ...] = ()
    """Columns of the case that are shown at once; all of them where none is named."""
    rubric: tuple[tuple[str, str], ...] = ()
    """What the judge is told to go by: title and text."""


def no_questions(report: Report) -> Sequence[Question]:
    """For results whose suite nobody knows."""
    del report
    return ()


def no_labels(report: Report) -> Sequence[AnyLabel]:
    """For results without labels."""
    del report
    return ()


def nothing_said(report: Report) -> Said | None:
    """For results of which it is to be read out of what is behind them."""
    del report
    return None


def no_trust(report: Report) -> Sequence[TrustReport]:
    """For results of whose judges nothing was measured."""
    del report
    return ()


@dataclass(frozen=True, slots=True)
class JudgedResults(Results):
    """Reports, what is behind each of them, and what is known of those who judged."""

    questions: Callable[[Report], Sequence[Question]] = no_questions
    """What a page may ask its reader about a report's answers; nothing where it may not."""
    labels: Callable[[Report], Sequence[AnyLabel]] = no_labels
    """What people said of answers of its suite."""
    trust: Callable[[Report], Sequence[TrustReport]] = no_trust
    """What was measured of the judges that it used, in its suite."""
    said: Callable[[Report], Said | None] = nothing_said
    """What its judges said, where that came with the report, and nothing is behind it."""


def judged(results: Results) -> JudgedResults:
    """The same results; with nothing known of judges where they are plain ones."""
    if isinstance(results, JudgedResults):
        return results
    return JudgedResults(results.reports, results.gate, results.details)


def digest_of(sample: SampleDetails) -> str | None:
    """`output_digest` of a sample's answer, to which labels belong; None where there is none."""
    if sample.failure is not None or sample.missing:
        return None
    answer = Response(sample.content, tool_calls=sample.tool_calls, refusal=sample.refusal)
    return output_digest(answer)


def by_answer(labels: Sequence[AnyLabel]) -> Mapping[tuple[str, str], list[AnyLabel]]:
    """Case and digest to what people said of that answer; a pair stands under both of its own."""
    found: dict[tuple[str, str], list[AnyLabel]] = {}
    for each in labels:
        outputs = (each.output,) if isinstance(each, Label) else (each.first, each.second)
        for output in outputs:
            found.setdefault((each.case, output), []).append(each)
    return found


def said_by(label: AnyLabel, output: str) -> str:
    """What one person said of an answer, in a word or two: `faithful`, `better than the other`."""
    if isinstance(label, Label):
        if label.value is None:
            return "cannot tell"
        return label.label or f"{label.value:.2f}"
    if label.better is None:
        return "cannot tell which is better"
    if label.better == "tie":
        return "as good as the other"
    won = (label.first if label.better == "first" else label.second) == output
    return "better than the other" if won else "worse than the other"
