"""The cases of a report as data for the page's script.

What the list needs comes first and is read at once. What is behind a case stands in compressed
blocks, each read when a case of it is opened or searched: a page of many cases stays quick.
"""

from __future__ import annotations

import base64
import gzip
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import msgspec

from promptops.reports import facts, words
from promptops.reports.case_words import People
from promptops.reports.changed_cases import compared
from promptops.reports.encoding import encode
from promptops.reports.html.document import data_part
from promptops.reports.judged_results import (
    AnyLabel,
    JudgedResults,
    Question,
    by_answer,
    digest_of,
    said_by,
)
from promptops.reports.spreadsheet import text_cell
from promptops.values.details import CaseDetails, Details, SampleDetails
from promptops.values.random_order import at_random
from promptops.values.report import CaseReport, Report
from promptops.values.score import Score, Unscorable

_BLOCK = 256_000
"""Bytes of JSON to a block; what one opened case has to unpack."""

_LEVEL = 6
_LONGEST_HINT = 120
_DRAWS = ("first", "second")
_SEED = 0
"""As `promptops review` draws unless told otherwise: page and terminal ask about the same."""
_OWN_FAILURES = frozenset({"refused", "truncated", "bad_schema"})

CRITICAL, OWN_FAILURE, UNSCORABLE, LOST, SEVERAL_STEPS, UNCOMPARED = (1, 2, 4, 8, 16, 32)
"""What a list can be narrowed to, as bits; `list.js` has the same."""


def case_data(number: int, report: Report, results: JudgedResults) -> Iterator[str]:
    """The blocks of one report, and last its index, which tells where each case is."""
    details, people = results.details(report.run), by_answer(results.labels(report))
    questions = list(results.questions(report)) if details else []
    index = _Index([None] * len(report.cases), questions)
    labels = _OWN_FAILURES | _labels(report)
    blocks = _Blocks(number)
    for at, case, behind in _paired(report, details):
        payload = _payload(case, behind)
        if questions or people:
            payload |= _for_labels(case, behind, people)
        if questions and behind:
            payload["draws"] = _drawn(behind)
        block = blocks.add(payload)
        index.cases[at] = _row(report, case, behind, labels, block)
        if blocks.full:
            yield blocks.flush()
    if not blocks.empty:
        yield blocks.flush()
    yield data_part(_packed(_encoded(_head(report, index))), data_index=f"{number}")


@dataclass(frozen=True, slots=True)
class _Index:
    cases: list[dict[str, Any] | None]
    questions: list[Question]


@dataclass(slots=True)
class _Blocks:
    """Cases that are collected until there are enough of them for a block."""

    report: int
    _number: int = 0
    _size: int = 0
    _waiting: list[bytes] = field(default_factory=list)

    @property
    def full(self) -> bool:
        return self._size >= _BLOCK

    @property
    def empty(self) -> bool:
        return not self._waiting

    def add(self, payload: dict[str, Any]) -> tuple[int, int]:
        """Takes a case in; answers with its block, and its place in it."""
        encoded = _encoded(payload)
        self._waiting.append(encoded)
        self._size += len(encoded)
        return self._number, len(self._waiting) - 1

    def flush(self) -> str:
        """The block as a part of the page; the next one begins empty."""
        packed = _packed(b"[" + b",".join(self._waiting) + b"]")
        made = data_part(packed, data_report=f"{self.report}", data_block=f"{self._number}")
        self._number += 1
        self._size = 0
        self._waiting = []
        return made


def _labels(report: Report) -> set[str]:
    return {
        label for arm in (report.baseline, report.candidate) if arm for label in arm.own_failures
    }


def _paired(
    report: Report, details: Details | None
) -> Iterator[tuple[int, CaseReport, CaseDetails | None]]:
    """Every case of the report once, each with what is behind it, if that is known."""
    places: dict[str, list[int]] = {}
    for at, case in enumerate(report.cases):
        places.setdefault(case.id, []).append(at)
    known: Iterable[CaseDetails] = details.cases() if details else ()
    for behind in known:
        waiting = places.get(behind.id)
        if waiting:
            at = waiting.pop(0)
            yield at, report.cases[at], behind
    for at in sorted(chain.from_iterable(places.values())):
        yield at, report.cases[at], None


def _payload(case: CaseReport, behind: CaseDetails | None) -> dict[str, Any]:
    made: dict[str, Any] = {"why": case.why, "scores": case.scores, "details": behind}
    if behind is None or not behind.samples:
        made["outputs"] = [case.baseline_output, case.candidate_output]
    return made


def _for_labels(case: CaseReport, behind: CaseDetails | None, people: People) -> dict[str, Any]:
    """What labels belong to: each sample's answer by its digest, and what people said of it."""
    samples = behind.samples if behind else ()
    digests = [digest_of(sample) for sample in samples]
    said = {
        output: [_label(each, output) for each in people[case.id, output]]
        for output in dict.fromkeys(filter(None, digests))
        if (case.id, output) in people
    }
    return {"cell": text_cell(case.id), "digests": digests, "said": said}


def _drawn(behind: CaseDetails) -> list[int]:
    """The samples' numbers in the order in which people are asked about them."""
    numbers = {each.index for each in behind.samples}
    return sorted(numbers, key=lambda number: at_random("draw", _SEED, behind.id, number))


def _label(label: AnyLabel, output: str) -> dict[str, Any]:
    return {
        "metric": label.metric,
        "reviewer": label.reviewer,
        "told": said_by(label, output),
        "comment": label.comment,
        "at": label.at[:10],
    }


def _row(
    report: Report,
    case: CaseReport,
    behind: CaseDetails | None,
    labels: frozenset[str],
    block: tuple[int, int],
) -> dict[str, Any]:
    bits = CRITICAL if case.critical else 0
    if report.baseline is not None and not compared(case):
        bits |= UNCOMPARED
    for sample in behind.samples if behind else ():
        bits |= _bits(sample, labels)
    return {
        "id": case.id,
        "change": case.change,
        "baseline": case.baseline,
        "candidate": case.candidate,
        "bits": bits,
        "tags": behind.tags if behind else (),
        "hint": _hint(case, behind),
        "block": block,
    }


def _bits(sample: SampleDetails, labels: frozenset[str]) -> int:
    bits = SEVERAL_STEPS if sample.steps else 0
    if sample.failure is not None:
        bits |= LOST
    for scored in sample.scores.values():
        if isinstance(scored, Unscorable):
            bits |= UNSCORABLE
        elif isinstance(scored, Score) and scored.label in labels:
            bits |= OWN_FAILURE
    return bits


def _hint(case: CaseReport, behind: CaseDetails | None) -> str:
    """A few words by which a reader knows the case again: what it asks, else what was said."""
    texts = (value for value in behind.columns.values() if isinstance(value, str)) if behind else ()
    told = next((text for text in texts if text.strip()), "") or case.candidate_output or ""
    return " ".join(told[: 4 * _LONGEST_HINT].split())[:_LONGEST_HINT]


def _head(report: Report, index: _Index) -> dict[str, Any]:
    rows = [row for row in index.cases if row is not None]
    drawn = sorted(range(len(rows)), key=lambda at: at_random("case", _SEED, rows[at]["id"]))
    columns = ("id", "change", "baseline", "candidate", "bits", "tags", "hint", "block")
    return {
        "run": report.run,
        "suite": report.suite,
        "compared": report.baseline is not None,
        "versions": _sides(report),
        "questions": index.questions,
        "drawn": drawn if index.questions else [],
        "metrics": [{"name": each.name, "role": each.role} for each in report.metrics],
        "cases": {name: [row[name] for row in rows] for name in columns},
    }


def _sides(report: Report) -> list[str]:
    """What each arm is called; of one version beside itself, which of its two draws it is."""
    arms = [arm for arm in (report.baseline, report.candidate) if arm]
    if facts.itself(report) and len(arms) > 1:
        return [f"v{arm.version}, {draw} draw" for arm, draw in zip(arms, _DRAWS, strict=True)]
    return [words.version(arm) for arm in arms]


def _encoded(value: object) -> bytes:
    try:
        return msgspec.json.encode(value)
    except (ValueError, OverflowError):  # a lone surrogate, or a number that JSON cannot hold
        return encode(value).encode()


def _packed(json: bytes) -> str:
    """Compressed, as a JSON string of letters that mean nothing to HTML."""
    packed = gzip.compress(json, compresslevel=_LEVEL, mtime=0)
    return f'"{base64.b64encode(packed).decode("ascii")}"'
