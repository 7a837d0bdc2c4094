"""A judge's own suite: cases that are answers, each with what people say of it.

`evals/judges/<name>.yaml` has the judge's prompt under test.  Its dataset has the judge's inputs as
columns, `answer` among them, and `label`: the right verdict in the judge's own words; or `value`,
its worth from 0 to 1.  For a judge of pairs two answers stand under `first` and `second`, and a
value is what the first is worth.  `reviewer` says who labelled.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from promptops.datasets.loading import open_dataset
from promptops.engine.judging.asking_anew import reader_of
from promptops.engine.judging.uses import Use
from promptops.engine.people.labelled_answers import (
    NOT_SENT,
    LabelledAnswer,
    asked_today,
    question_of,
)
from promptops.engine.preparing import Workplace
from promptops.engine.scoring import ProjectAccess
from promptops.engine.suite import locate_dataset
from promptops.errors import InputError, Location
from promptops.judges.pairs import FIRST, SECOND
from promptops.judges.verdicts import EXPLANATION, VERDICT, MalformedVerdictError, Reader
from promptops.trust.judged import pair_key
from promptops.values.case import Case
from promptops.values.label import Label, output_digest
from promptops.values.request import Request
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
    reader = reader_of(use.scorer, access.load_prompt(use.suite.file.prompt))
    found = Examples()
    where = locate_dataset(use.suite, place.tree)
    with open_dataset(where, display=use.suite.dataset_path) as rows:
        for case in rows:
            line = Location(use.suite.dataset_path, case.line)
            value = _value(case, reader, line)
            answer = _pair(case, line) if use.of_pairs else _answer(case, line)
            if answer.mirrored and value is not None:
                value = 1 - value
            found.answers.append(answer)
            found.labels.append(
                [Label(use.metric, *answer.key, value, name, "") for name in _reviewers(case)]
            )
    return found


def first_case(use: Use, place: Workplace) -> tuple[Case, Request] | None:
    """What canaries are answers to, whoever asks: the first case of a suite, and what is asked.

    None where the dataset is empty.
    """
    where = locate_dataset(use.suite, place.tree)
    with open_dataset(where, display=use.suite.dataset_path) as rows:
        if not len(rows):
            return None
        case = rows.case(0)
    if use.own:
        return _shown(case), question_of(case)
    return case, asked_today(use, case, place)


def _answer(case: Case, line: Location) -> LabelledAnswer:
    response = _response(case, ANSWER, line, f"the columns {ANSWER} and {LABEL}")
    key = (case.id, output_digest(response))
    return LabelledAnswer(key, _shown(case), question_of(case), response)


def _pair(case: Case, line: Location) -> LabelledAnswer:
    """The first as a candidate's answer, beside the second; labels are as those of all pairs."""
    columns = f"the columns {FIRST}, {SECOND} and {LABEL}"
    first, second = (_response(case, each, line, columns) for each in (FIRST, SECOND))
    lower, higher = output_digest(second), output_digest(first)
    if lower == higher:
        raise InputError(
            f"case {case.id!r} compares an answer with itself",
            location=line,
            hint="two answers that are the same tie, and no judge is asked",
        )
    return LabelledAnswer(
        (case.id, pair_key(lower, higher)),
        _shown(case),
        NOT_SENT,
        first,
        rival=second,
        mirrored=lower < higher,
    )


def _response(case: Case, column: str, line: Location, columns: str) -> Response:
    text = case.columns.get(column)
    if not isinstance(text, str):
        raise InputError(
            f"case {case.id!r} has no {column!r} to judge",
            location=line,
            hint=f"a judge's own suite has {columns}",
        )
    return Response(text, finish_reason="stop")


def _shown(case: Case) -> Case:
    """The case without what the judge should say, which it is not shown."""
    hidden = {LABEL, VALUE, REVIEWER}
    columns = {name: each for name, each in case.columns.items() if name not in hidden}
    return msgspec.structs.replace(case, columns=columns)


def _reviewers(case: Case) -> list[str]:
    named = case.columns.get(REVIEWER)
    names = named if isinstance(named, list) else [named]
    return [str(each) for each in names if each] or [NOBODY]


def _value(case: Case, reader: Reader, line: Location) -> float | None:
    given = case.columns.get(VALUE)
    if isinstance(given, (int, float)) and not isinstance(given, bool) and 0 <= given <= 1:
        return float(given)
    said = case.columns.get(LABEL)
    if (said is None and not _may_be_null(case, reader)) or given is not None:
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
        known = getattr(reader, "labels", None)
        hint = f"the judge's verdicts: {', '.join(known)}" if known else None
        raise InputError(f"case {case.id!r}: {error}", location=line, hint=hint) from None


def _may_be_null(case: Case, reader: Reader) -> bool:
    """Whether a label of null is meant so: it is what this judge says where it cannot tell."""
    return LABEL in case.columns and getattr(reader, "nullable", False)
