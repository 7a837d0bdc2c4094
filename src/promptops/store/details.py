"""What is behind the reports of runs, read out of the store as it is asked for.

Scores are in the rows of a run's samples, answers in the responses, which many runs may share; what
a prompt or a case said is kept once for all runs that met it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any

import msgspec

from promptops.store.case_texts import CaseText, CaseTexts
from promptops.store.database import translated
from promptops.store.prompt_texts import PromptTexts
from promptops.store.responses import Draw, decoded_response
from promptops.store.runs import Row, Runs
from promptops.values.details import CaseDetails, Details, PromptText, SampleDetails
from promptops.values.report import ArmReport, CaseReport, Report
from promptops.values.response import Response

CASES_AT_ONCE = 200
"""Read together; no more of them are in memory."""

TEXTS = "texts"
"""In a report's `meta`: arm to the id of its prompt's text."""
ENDED = "ended"
"""In a report's `meta`: when the run had its last answer (UTC, ISO 8601)."""


UNREADABLE = (msgspec.MsgspecError, TypeError, ValueError)

_RESPONSES = """
    SELECT sample, body, checksum, created FROM responses
        WHERE request_key = ? AND sample BETWEEN ? AND ?
"""


class DetailsOfRuns:
    """What is behind the runs of a store."""

    def __init__(
        self, connection: sqlite3.Connection, runs: Runs, prompts: PromptTexts, cases: CaseTexts
    ) -> None:
        self._connection = connection
        self._runs = runs
        self._prompts = prompts
        self._cases = cases

    def of(self, run: str) -> Details | None:
        """What is behind the report of a run, by its whole id; None where nothing is kept of it.

        Of a run that an older promptops made, or whose texts or answers were pruned, there is less.

        Raises:
            StoreError: the store, or the run's report, cannot be read.
        """
        report = self._runs.find(run)
        if report is None:
            return None
        found = _RunDetails(self._connection, self._runs, self._cases, report)
        found.baseline = self._text("baseline", report.baseline, report)
        found.candidate = self._text("candidate", report.candidate, report)
        if found.baseline or found.candidate or found.has_samples:
            return found
        return None

    def _text(self, arm: str, told: ArmReport | None, report: Report) -> PromptText | None:
        if told is None:
            return None
        ids = report.meta.get(TEXTS)
        id_ = ids.get(arm) if isinstance(ids, Mapping) else None
        return self._prompts.find(told.digest, id_ if isinstance(id_, str) else None)


class _RunDetails:
    """Implements `promptops.values.details.Details`."""

    def __init__(
        self, connection: sqlite3.Connection, runs: Runs, cases: CaseTexts, report: Report
    ) -> None:
        self._connection = connection
        self._runs = runs
        self._cases = cases
        self._report = report
        self.baseline: PromptText | None = None
        self.candidate: PromptText | None = None

    @property
    def has_samples(self) -> bool:
        """Whether any sample of the run is kept."""
        with translated(self._connection):
            row = self._connection.execute(
                "SELECT 1 FROM samples WHERE run = ? LIMIT 1", (self._report.run,)
            ).fetchone()
        return row is not None

    def cases(self) -> Iterator[CaseDetails]:
        whole = self._runs.whole(self._report.run)
        answers = _Answers(self._connection, self._report.meta)
        told = iter(whole.cases if whole else ())
        while batch := list(islice(told, CASES_AT_ONCE)):
            yield from self._batch(batch, answers)

    def _batch(self, batch: Sequence[CaseReport], answers: _Answers) -> Iterator[CaseDetails]:
        ids = [each.id for each in batch]
        dataset = self._report.meta.get("dataset_fingerprint")
        texts = self._cases.find(dataset, ids) if isinstance(dataset, str) else {}
        rows = self._runs.samples_of(self._report.run, ids)
        for each in batch:
            text = texts.get(each.id) or CaseText(critical=each.critical)
            yield CaseDetails(
                each.id,
                text.columns,
                text.tags,
                text.group,
                text.critical,
                answers.details(rows.get(each.id, ())),
            )


class _Answers:
    """From the rows of samples to their details, through one run."""

    def __init__(self, connection: sqlite3.Connection, meta: Mapping[str, Any]) -> None:
        self._connection = connection
        self._ended = meta.get(ENDED)
        self._itself = bool(meta.get("itself"))
        self._met: set[tuple[str, str]] = set()
        """By an older run: arm and request key of its cases so far."""

    def details(self, rows: Sequence[Row]) -> list[SampleDetails]:
        """All samples of one case, by arm and index."""
        first = self._is_first(rows) if any(row[4].number is None for row in rows) else True
        draws = [_draw(row, first=first) for row in rows]
        found = self._responses(filter(None, draws))
        return [
            _details(row, found.get(draw) if draw else None)
            for row, draw in zip(rows, draws, strict=True)
        ]

    def _is_first(self, rows: Sequence[Row]) -> bool:
        """Whether the index of an older run's samples is surely the number of their responses.

        It is not where a case before this one sent the same request, nor where a version was
        compared with itself.
        """
        keys = {(arm, key) for arm, _, _, key, _ in rows}
        first = self._met.isdisjoint(keys)
        self._met |= keys
        return first and not self._itself

    def _responses(self, draws: Iterable[Draw]) -> dict[Draw, Response]:
        """Those that are kept; one that is damaged, or drawn anew since the run ended, is not.

        Draws of one request mostly follow each other: they are read together.
        """
        asked: dict[str, set[int]] = {}
        for key, number in draws:
            asked.setdefault(key, set()).add(number)
        found: dict[Draw, Response] = {}
        with translated(self._connection):
            for key, numbers in asked.items():
                rows = self._connection.execute(_RESPONSES, (key, min(numbers), max(numbers)))
                for number, body, kept, created in rows:
                    if number in numbers and not self._is_later(created):
                        with suppress(*UNREADABLE):
                            found[key, number] = decoded_response(body, kept)
        return found

    def _is_later(self, created: str) -> bool:
        """Whether a response was drawn when the run had ended, so that it is not the run's own."""
        return isinstance(self._ended, str) and created > self._ended


def _draw(row: Row, *, first: bool) -> Draw | None:
    """Which draw a sample is; None where there is no response, or nobody knows its number."""
    _, _, index, key, record = row
    number = index if first and record.number is None else record.number
    return None if number is None or record.failure is not None else (key, number)


def _details(row: Row, response: Response | None) -> SampleDetails:
    arm, _, index, _, record = row
    if record.failure is not None:
        return SampleDetails(arm, index, record.source, failure=record.failure)
    if response is None:
        return SampleDetails(arm, index, record.source, missing=True, scores=record.scores)
    return SampleDetails(
        arm=arm,
        index=index,
        source=record.source,
        content=response.content,
        tool_calls=response.tool_calls,
        finish_reason=response.finish_reason,
        refusal=response.refusal,
        flags=response.flags,
        scores=record.scores,
        response_model=response.response_model,
        usage=response.usage,
        cost_usd=response.cost_usd,
        latency_seconds=response.latency_seconds,
        steps=list(response.steps),
    )
