"""The cases of all reports as one table of cells, each of them inert in a spreadsheet."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from promptops.reports import facts, words
from promptops.reports.case_words import said_in_case
from promptops.reports.changed_cases import compared
from promptops.reports.judged_results import by_answer, judged
from promptops.reports.spreadsheet import number_cell, text_cell
from promptops.values.details import CaseDetails, SampleDetails
from promptops.values.report import CaseReport, Report
from promptops.values.results import Results
from promptops.values.sample import Arm
from promptops.values.score import Score

Pair = tuple[float | None, float | None]

_LEADING = (
    *("run", "suite", "prompt", "model", "verdict", "baseline_version", "candidate_version"),
    *("case", "change", "critical", "tags", "baseline", "candidate", "delta"),
)
_TRAILING = ("baseline_output", "candidate_output", "why")
_MOST_DATA_COLUMNS = 40
"""Columns of datasets; a spreadsheet holds 16,384 of all kinds."""

_NO_DETAILS = CaseDetails(id="")


@dataclass(frozen=True, slots=True)
class _Row:
    leading: list[str]
    scores: dict[str, Pair]
    trailing: list[str]
    supplied: str
    """By whom its answers were supplied; "" where they were drawn."""
    data: dict[str, str]
    """Column of the dataset to its cell."""
    said: dict[str, str]
    """Column about votes, labels and corrections to its cell; only those that say something."""


def case_table(results: Results) -> Iterator[list[str]]:
    """The names of the columns, then one row of cells per case.

    Columns are the same for all rows: those of every case, two for every scorer of any report,
    those about votes, labels and corrected differences where there are any, and those of the
    datasets.  Scores and answers of cases that did not change, tags and the dataset's
    columns are known where `results.details` knows the run; elsewhere their cells are empty.
    """
    scorers = dict.fromkeys(each.name for report in results.reports for each in report.metrics)
    rows = [row for report in results.reports for row in _rows(report, results)]
    data = list(dict.fromkeys(name for row in rows for name in row.data))[:_MOST_DATA_COLUMNS]
    supplied = any(row.supplied for row in rows)
    said = sorted({name for row in rows for name in row.said})
    yield [
        *_LEADING,
        *(text_cell(f"{name} {arm}") for name in scorers for arm in ("baseline", "candidate")),
        *_TRAILING,
        *map(text_cell, said),
        *(["supplied"] if supplied else []),
        *(text_cell(f"dataset {name}") for name in data),
    ]
    for row in rows:
        pairs = (row.scores.get(name, (None, None)) for name in scorers)
        yield [
            *row.leading,
            *(number_cell(value) for pair in pairs for value in pair),
            *row.trailing,
            *(row.said.get(name, "") for name in said),
            *([row.supplied] if supplied else []),
            *(row.data.get(name, "") for name in data),
        ]


def _rows(report: Report, results: Results) -> Iterator[_Row]:
    details = results.details(report.run)
    behind = details.cases() if details else iter(())
    same_for_all, supplied = _of_report(report), text_cell(_supplied(report, results))
    ahead: dict[str, CaseDetails] = {}
    people = by_answer(judged(results).labels(report))
    judged_by = _judged_by(report)
    for case in report.cases:
        # Both stand in the same order; what is missing on one side must not shift the other.
        while case.id not in ahead and (known := next(behind, None)):
            ahead[known.id] = known
        known_ = ahead.pop(case.id, _NO_DETAILS)
        said = said_in_case(known_, report, people) | judged_by
        yield _row(same_for_all, case, known_, (supplied, said))


def _supplied(report: Report, results: Results) -> str:
    """The gate speaks for all its reports where none of them speaks for itself."""
    if results.gate is None or any(facts.supplied(each) for each in results.reports):
        return facts.supplied(report)
    return results.gate.supplied


def _of_report(report: Report) -> list[str]:
    arms = (report.baseline, report.candidate)
    versions = [words.version(arm) if arm else "" for arm in arms]
    told = (report.run, report.suite, report.prompt, report.model, report.verdict, *versions)
    return [text_cell(each) for each in told]


def _judged_by(report: Report) -> dict[str, str]:
    """Differences that people's labels put right, and how far a judge is trusted.

    They are the same for all cases of a report.
    """
    found: dict[str, str] = {}
    for each in report.metrics:
        put_right = facts.corrected(each)
        if put_right:
            found[f"{each.name} raw delta"] = number_cell(each.delta)
            found[f"{each.name} corrected delta"] = number_cell(put_right[0])
        if each.labels:
            found[f"{each.name} labelled pairs"] = number_cell(each.labels)
        if each.judge and each.note:
            found[f"{each.name} note"] = text_cell(each.note)
    return found


def _row(
    same_for_all: list[str],
    case: CaseReport,
    known: CaseDetails,
    told: tuple[str, dict[str, str]],
) -> _Row:
    delta = None
    if case.baseline is not None and case.candidate is not None:
        delta = case.candidate - case.baseline
    leading = [
        *same_for_all,
        text_cell(case.id),
        case.change if compared(case) else "not compared",
        "yes" if case.critical or known.critical else "",
        text_cell(", ".join(known.tags)),
        *(number_cell(value) for value in (case.baseline, case.candidate, delta)),
    ]
    outputs = (
        _answer(known, "baseline") if case.baseline_output is None else case.baseline_output,
        _answer(known, "candidate") if case.candidate_output is None else case.candidate_output,
    )
    trailing = [text_cell(text) for text in (*outputs, case.why)]
    data = {name: _data_cell(value) for name, value in known.columns.items()}
    supplied, said = told
    return _Row(leading, _means(known) | case.scores, trailing, supplied, data, said)


def _answer(known: CaseDetails, arm: Arm) -> str:
    """The first answer of an arm; nothing where none came or is kept."""
    sample = min(
        (each for each in known.samples if each.arm == arm),
        key=lambda each: each.index,
        default=None,
    )
    return (sample.content or sample.refusal or "") if sample else ""


def _means(known: CaseDetails) -> dict[str, Pair]:
    """Scorer to its mean on both arms, over the samples that it could score."""
    names = dict.fromkeys(name for sample in known.samples for name in sample.scores)
    arms: tuple[Arm, Arm] = ("baseline", "candidate")
    return {
        name: (_mean(known.samples, arms[0], name), _mean(known.samples, arms[1], name))
        for name in names
    }


def _mean(samples: list[SampleDetails], arm: Arm, name: str) -> float | None:
    scores = [each.scores.get(name) for each in samples if each.arm == arm]
    values = [each.value for each in scores if isinstance(each, Score)]
    return sum(values) / len(values) if values else None


def _data_cell(value: Any) -> str:
    """A value of the dataset: texts and numbers as they are, all else as JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return text_cell(value)
    return text_cell(json.dumps(value, ensure_ascii=False, default=str))
