"""A judge's own suite: cases that are answers, each with what people say of it.

`evals/judges/<name>.yaml` has the judge's prompt under test.  Its dataset has the judge's inputs as
columns, `answer` among them, and `label`: the right verdict in the judge's own words; or `value`,
its worth from 0 to 1.  `reviewer` says who labelled.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from promptops.datasets.loading import open_dataset
from promptops.engine.judge_uses import Use
from promptops.engine.labelled_answers import LabelledAnswer
from promptops.engine.preparing import Workplace
from promptops.engine.scoring import ProjectAccess
from promptops.engine.suite import locate_dataset
from promptops.errors import InputError, Location
from promptops.judges.rubric import Ruled
from promptops.judges.verdicts import EXPLANATION, VERDICT, MalformedVerdictError, Reader
from promptops.values.case import Case
from promptops.values.label import Label, output_digest
from promptops.values.request import Message, Request
from promptops.values.response import Response

LABEL, VALUE, ANSWER, REVIEWER = "label", "value", "answer", "reviewer"

NOBODY = "the dataset"
"""Who labelled, where it does not say."""


@dataclass(slots=True)
class Examples:
    """Labelled answers, in the order of their dataset."""

    answers: list[LabelledAnswer] = field(default_factory=list)
    labels: list[list[Label]] = field(default_factory=list)
    """Of each answer, one a reviewer."""


def own_examples(use: Use, place: Workplace, access: ProjectAccess) -> Examples:
    """The labelled answers of a judge's own suite.

    Raises:
        InputError: a case has no answer, or what people say of it is none of the judge's verdicts.
    """
    options = use.scorer.options
    reader = Ruled(
        access.load_prompt(use.suite.file.prompt),
        labels=getattr(options, "labels", None),
        scale=getattr(options, "scale", None),
    ).reader
    found = Examples()
    where = locate_dataset(use.suite, place.tree)
    with open_dataset(where, display=use.suite.dataset_path) as rows:
        for case in rows:
            line = Location(use.suite.dataset_path, case.line)
            value = _value(case, reader, line)
            answer = _answer(case, line)
            found.answers.append(answer)
            found.labels.append(
                [Label(use.metric, *answer.key, value, name, "") for name in _reviewers(case)]
            )
    return found


def question_of(case: Case) -> Request:
    """What an answer without a request of its own answers: the column `question`."""
    said = case.columns.get("question", "")
    return Request("", (Message("user", said if isinstance(said, str) else ""),))


def _answer(case: Case, line: Location) -> LabelledAnswer:
    text = case.columns.get(ANSWER)
    if not isinstance(text, str):
        raise InputError(
            f"case {case.id!r} has no {ANSWER!r} to judge",
            location=line,
            hint=f"a judge's own suite has the columns {ANSWER} and {LABEL}",
        )
    response = Response(text, finish_reason="stop")
    hidden = {LABEL, VALUE, REVIEWER}  # a judge is not shown what it should say
    columns = {name: each for name, each in case.columns.items() if name not in hidden}
    shown = msgspec.structs.replace(case, columns=columns)
    return LabelledAnswer((case.id, output_digest(response)), shown, question_of(case), response)


def _reviewers(case: Case) -> list[str]:
    named = case.columns.get(REVIEWER)
    names = named if isinstance(named, list) else [named]
    return [str(each) for each in names if each] or [NOBODY]


def _value(case: Case, reader: Reader, line: Location) -> float | None:
    given = case.columns.get(VALUE)
    if isinstance(given, (int, float)) and not isinstance(given, bool) and 0 <= given <= 1:
        return float(given)
    said = case.columns.get(LABEL)
    if said is None or given is not None:
        what = f"the value {given!r} is not from 0 to 1" if given is not None else f"no {LABEL!r}"
        raise InputError(
            f"case {case.id!r}: {what}",
            location=line,
            hint=f"write the right verdict as {LABEL}, or its worth from 0 to 1 as {VALUE}",
        )
    try:
        text = msgspec.json.encode({EXPLANATION: "", VERDICT: said}).decode()
        return reader.read(text).value
    except (MalformedVerdictError, ValueError) as error:
        raise InputError(f"case {case.id!r}: {error}", location=line) from None
