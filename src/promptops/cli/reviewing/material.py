"""What a person is shown: out of the store, with nothing that tells which side it is of."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from promptops.cli.reviewing.choices import Metric
from promptops.engine.people.choosing_answers import (
    Chosen,
    Drawn,
    How,
    answer_digest,
    answered,
    choose_answers,
    choose_pairs,
    drawn,
    shuffled,
    swapped,
)
from promptops.engine.suite import Suite
from promptops.errors import InputError
from promptops.labels.files import AnyLabel, Labels
from promptops.scorers.templates import compile_template
from promptops.store.store import Store
from promptops.values.details import CaseDetails, Details, SampleDetails
from promptops.values.report import Report

_OF_THE_JUDGE = frozenset({"answer", "fence", "conversation", "case", "anchors", "criteria"})
_OF_A_JUDGE_OF_PAIRS = frozenset({"first", "second"})


@dataclass(frozen=True, slots=True)
class Shown:
    """One answer, by its content."""

    output: str
    """Its digest."""
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """What is on the screen at once: a case, and one answer or two."""

    case: str
    inputs: tuple[tuple[str, str], ...]
    """Name to text of what the prompt, and the judge, are given of the case."""
    expected: str | None
    answers: tuple[Shown, ...]
    """In the order in which they are shown."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Who is asked for what."""

    metric: Metric
    how: How
    wanted: int
    seed: int
    reviewer: str
    with_expected: bool = True


def run_of(store: Store, suite: str, asked: str | None) -> tuple[Report, Details]:
    """The run whose answers are shown: the newest of the suite unless one is named.

    Raises:
        InputError: there is none, it is of another suite, or nothing of it is kept.
    """
    hint = f"promptops eval {suite}  makes one"
    if asked is None or asked == "last":
        report = store.runs.last_of_suite(suite)
        if report is None:
            raise InputError(
                f"there is no run of {suite!r} whose answers could be shown", hint=hint
            )
        report = store.runs.whole(report.run) or report
    else:
        report = store.runs.report(asked)
        if report.suite != suite:
            raise InputError(f"run {report.run} is of the suite {report.suite!r}, not of {suite!r}")
    details = store.details.of(report.run)
    if details is None:
        raise InputError(f"the answers of run {report.run} are not kept any more", hint=hint)
    return report, details


def questions_of(
    suite: Suite, report: Report, details: Details, labels: Labels, asked: Asked
) -> list[Question]:
    """What the reviewer is shown, in their order; what they have labelled is left out.

    Raises:
        InputError: the run has nothing of the kind at all.
    """
    samples = drawn(details, asked.metric.name, _other_gates(suite, asked.metric.name))
    if not samples:
        raise InputError(
            f"no answer of run {report.run} is kept",
            hint=f"promptops eval {suite.name}  has them again",
        )
    chosen = _chosen(samples, report, labels, asked)
    order = shuffled(chosen, asked.seed, asked.reviewer)
    texts = _texts(details, chosen)
    return [_question(each, *texts[each.case], details, asked) for each in order]


def known_answers(details: Details) -> Iterator[tuple[str, dict[str, str]]]:
    """Each case of a run, with digest and text of every answer to it that is kept."""
    for case in details.cases():
        yield case.id, {answer_digest(each): answer_text(each) for each in answered(case)}


def answer_text(sample: SampleDetails) -> str:
    """All that an answer says, as one text."""
    parts = [sample.content] if sample.content else []
    if sample.refusal:
        parts.append(sample.refusal)
    parts += [json.dumps(each, ensure_ascii=False, indent=2) for each in sample.tool_calls]
    return "\n".join(parts)


def _chosen(samples: Sequence[Drawn], report: Report, labels: Labels, asked: Asked) -> list[Chosen]:
    metric, me = asked.metric.name, asked.reviewer
    changes = {case.id: case.change for case in report.cases}
    if not asked.metric.pairs:
        mine = {
            (each.case, each.output)
            for each in labels.answers
            if each.metric == metric and each.reviewer == me and _counts(each, asked.how)
        }
        return choose_answers(
            samples, asked.how, asked.wanted, seed=asked.seed, labelled=mine, changes=changes
        )
    if report.baseline is None:
        raise InputError(
            f"run {report.run} has one version only, and so no pairs",
            hint="leave --pairs out, or name a run that compared two: --run RUN",
        )
    pairs = set()
    for pair in labels.pairs:
        if pair.metric == metric and pair.reviewer == me and _counts(pair, asked.how):
            low, high = sorted((pair.first, pair.second))
            pairs.add((pair.case, low, high))
    return choose_pairs(
        samples, asked.how, asked.wanted, seed=asked.seed, labelled=pairs, changes=changes
    )


def _counts(label: AnyLabel, how: How) -> bool:
    """Whether what was labelled need not be shown again.

    A random draw that left out what somebody looked at for being odd would be no random draw.
    """
    return how != "uniform" or label.chosen == "uniform"


def _other_gates(suite: Suite, metric: str) -> list[str]:
    return [
        name
        for name, each in suite.file.scorers.items()
        if name != metric and each.get("role", "gate") == "gate"
    ]


def _texts(
    details: Details, chosen: Sequence[Chosen]
) -> dict[str, tuple[CaseDetails, dict[str, str]]]:
    """Case to its details and to the text of each of its answers; of the chosen cases alone."""
    wanted = {each.case for each in chosen}
    return {
        case.id: (case, {answer_digest(each): answer_text(each) for each in answered(case)})
        for case in details.cases()
        if case.id in wanted
    }


def _question(
    chosen: Chosen,
    case: CaseDetails,
    texts: Mapping[str, str],
    details: Details,
    asked: Asked,
) -> Question:
    outputs = chosen.outputs
    if swapped(chosen, asked.seed, asked.reviewer):
        outputs = outputs[::-1]
    answers = tuple(Shown(output, texts[output]) for output in outputs)
    expected = _expected(asked.metric, case.columns) if asked.with_expected else None
    return Question(case.id, _inputs(case, details, asked.metric), expected, answers)


def _inputs(case: CaseDetails, details: Details, metric: Metric) -> tuple[tuple[str, str], ...]:
    """What prompt and judge are given of the case; all of it where nobody says what."""
    names: list[str] = []
    for prompt in (details.candidate, details.baseline):
        names += list(prompt.inputs) if prompt else []
    if metric.judge is not None:
        filled = _OF_THE_JUDGE
        if metric.scorer.type == "pairwise":
            filled |= _OF_A_JUDGE_OF_PAIRS
        names += [each for each in metric.judge.prompt.inputs if each not in filled]
    shown = [name for name in dict.fromkeys(names) if name in case.columns]
    return tuple((name, as_shown(case.columns[name])) for name in shown or case.columns)


def _expected(metric: Metric, columns: Mapping[str, Any]) -> str | None:
    written = getattr(metric.scorer.options, "expected", None)
    if written is None:
        return None
    try:
        return as_shown(compile_template(written).evaluate(columns))
    except InputError:
        return None


def as_shown(value: Any) -> str:
    """A value of a case as text."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)
