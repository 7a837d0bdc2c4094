"""Runs: every sample with its scores, and the report that was made of them."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeVar

import msgspec

from promptops.errors import InputError, StoreError
from promptops.store.database import translated
from promptops.store.transaction import transaction
from promptops.values.report import CaseReport, Report
from promptops.values.sample import Arm, Source
from promptops.values.score import Scored


class SampleRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is kept of a sample beside its response, which is kept once under its request key."""

    source: Source
    scores: dict[str, Scored]
    failure: str | None = None
    """Why there is no response."""
    number: int | None = None
    """Which draw of its request it is, by which its response is kept; older rows do not say."""


class RunSummary(msgspec.Struct, frozen=True):
    """One line of `promptops runs`."""

    id: str
    created: str
    suite: str
    prompt: str
    model: str
    verdict: str
    report: Report
    """Without its cases."""


Row = tuple[Arm, str, int, str, SampleRecord]
"""Arm, case id, sample index, request key, record."""

ARMS: tuple[Arm, ...] = ("baseline", "candidate")

_JSON = msgspec.json.Encoder()
_ENCODER = msgspec.msgpack.Encoder()
_RECORDS = msgspec.msgpack.Decoder(SampleRecord)
_REPORTS = msgspec.msgpack.Decoder(Report)
_CASES = msgspec.msgpack.Decoder(list[CaseReport])

T = TypeVar("T")


class Runs:
    """The runs of a store."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def add_samples(self, run: str, rows: Sequence[Row]) -> None:
        """Write samples of a run; a sample that is there already is replaced."""
        encoded = [
            (run, arm, case, sample, key, _ENCODER.encode(record))
            for arm, case, sample, key, record in rows
        ]
        with translated(self._connection), transaction(self._connection):
            self._connection.executemany(
                "INSERT OR REPLACE INTO samples VALUES (?, ?, ?, ?, ?, ?)", encoded
            )

    def sample(self, run: str, arm: Arm, case_id: str, index: int) -> tuple[str, SampleRecord]:
        """Request key and record of one sample.

        Raises:
            KeyError: it is not there.
        """
        with translated(self._connection):
            row = self._connection.execute(
                "SELECT request_key, body FROM samples"
                " WHERE run = ? AND arm = ? AND case_id = ? AND sample = ?",
                (run, arm, case_id, index),
            ).fetchone()
        if row is None:
            raise KeyError((run, arm, case_id, index))
        return row[0], _read(_RECORDS, row[1], run)

    def samples(self, run: str) -> Iterator[Row]:
        """All samples of a run, in the order of arm, case and index."""
        with translated(self._connection):
            rows = self._connection.execute(
                "SELECT arm, case_id, sample, request_key, body FROM samples WHERE run = ?", (run,)
            )
            for arm, case, sample, key, body in rows:
                yield arm, case, sample, key, _read(_RECORDS, body, run)

    def samples_of(self, run: str, case_ids: Sequence[str]) -> dict[str, list[Row]]:
        """The samples of some cases of a run by case id, in the order of arm and index."""
        asked = _JSON.encode(case_ids).decode()
        found: dict[str, list[Row]] = {}
        for arm in ARMS:
            # The order of the tables is ours: by arm and case, each a step into the key.
            rows = self._ask(
                "SELECT case_id, sample, request_key, body FROM json_each(?1) AS asked"
                " CROSS JOIN samples ON run = ?2 AND arm = ?3 AND case_id = asked.value"
                " ORDER BY asked.key, sample",
                (asked, run, arm),
            )
            for case, sample, key, body in rows:
                record = _read(_RECORDS, body, run)
                found.setdefault(case, []).append((arm, case, sample, key, record))
        return found

    def finish(self, report: Report) -> None:
        """Write a run's report.

        Its cases have a column of their own: there may be many, and lists of runs need none.
        """
        with translated(self._connection), transaction(self._connection):
            self._connection.execute(
                "INSERT OR REPLACE INTO runs (id, created, suite, prompt, model, candidate_digest,"
                " baseline_digest, verdict, report, cases) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    report.run,
                    report.created,
                    report.suite,
                    report.prompt,
                    report.model,
                    report.candidate.digest,
                    report.baseline.digest if report.baseline else None,
                    report.verdict,
                    _ENCODER.encode(msgspec.structs.replace(report, cases=[])),
                    _packed(report.cases),
                ),
            )

    def report(self, run: str) -> Report:
        """The report of a run, found by its id, the start of its id, or `last`.

        Raises:
            InputError: no run, or more than one, is meant.
        """
        ids = [each[0] for each in self._ask("SELECT id FROM runs ORDER BY created DESC, id DESC")]
        meant = ids[:1] if run == "last" else [each for each in ids if each.startswith(run)]
        if not meant:
            hint = "promptops runs  lists them" if ids else "promptops eval makes the first run"
            raise InputError(f"there is no run {run!r}", hint=hint)
        if len(meant) > 1 and run not in meant:
            raise InputError(f"{run!r} is the start of {len(meant)} runs", hint="give more of it")
        chosen = run if run in meant else meant[0]
        report = self.whole(chosen)
        assert report is not None
        return report

    def whole(self, run: str) -> Report | None:
        """The report of a run by its whole id, with its cases."""
        rows = self._ask("SELECT report, cases FROM runs WHERE id = ?", (run,))
        if not rows:
            return None
        ((body, cases),) = rows
        report = _read(_REPORTS, body, run)
        if cases is None:  # written before cases had their own column
            return report
        return msgspec.structs.replace(report, cases=_read(_CASES, cases, run, packed=True))

    def find(self, run: str) -> Report | None:
        """The report of a run by its whole id, without its cases."""
        rows = self._ask("SELECT report FROM runs WHERE id = ?", (run,))
        return _read(_REPORTS, rows[0][0], run) if rows else None

    def last_of_suite(self, suite: str) -> Report | None:
        """The newest report of a suite, without its cases."""
        rows = self._ask(
            "SELECT report FROM runs WHERE suite = ? ORDER BY created DESC, id DESC LIMIT 1",
            (suite,),
        )
        return _read(_REPORTS, rows[0][0], suite) if rows else None

    def of_version(self, digest: str) -> Iterator[Report]:
        """Reports of the runs with this meaning on either arm, newest first, without the cases.

        By its digest, so a prompt that was renamed keeps its runs. Read one by one, as asked for.
        """
        with translated(self._connection):
            rows = self._connection.execute(
                "SELECT report FROM runs WHERE candidate_digest = ?1 OR baseline_digest = ?1"
                " ORDER BY created DESC, id DESC",
                (digest,),
            )
            for (body,) in rows:
                yield _read(_REPORTS, body, digest[:12])

    def names(self) -> list[str]:
        """Every prompt and every suite that has a run, sorted."""
        rows = self._ask("SELECT prompt FROM runs UNION SELECT suite FROM runs ORDER BY 1")
        return [row[0] for row in rows]

    def newest(self, *, name: str | None = None, limit: int = 20) -> list[RunSummary]:
        """The newest runs first, of one prompt or suite or of all; without the reports' cases."""
        rows = self._ask(
            "SELECT id, created, suite, prompt, model, verdict, report FROM runs"
            " WHERE ?1 IS NULL OR prompt = ?1 OR suite = ?1"
            " ORDER BY created DESC, id DESC LIMIT ?2",
            (name, limit),
        )
        return [
            RunSummary(id_, created, suite, prompt_, model, verdict, _read(_REPORTS, body, id_))
            for id_, created, suite, prompt_, model, verdict, body in rows
        ]

    def _ask(self, query: str, values: Iterable[Any] = ()) -> list[Any]:
        with translated(self._connection):
            return self._connection.execute(query, tuple(values)).fetchall()


def _read(
    decoder: msgspec.msgpack.Decoder[T], body: bytes, whose: str, *, packed: bool = False
) -> T:
    try:
        return decoder.decode(zlib.decompress(body) if packed else body)
    except (msgspec.MsgspecError, zlib.error, ValueError, TypeError) as error:
        raise StoreError(
            f"what is kept of a run is damaged ({whose}): {error}",
            hint="`promptops cache verify` lists all that is damaged",
        ) from None


def _packed(cases: Sequence[CaseReport]) -> bytes:
    """A list of cases as compressed msgpack, encoded one by one: never whole in memory."""
    packer = zlib.compressobj(1)
    head = b"\xdd" + len(cases).to_bytes(4, "big")  # an array with a length of 32 bits
    parts = [packer.compress(head)]
    parts += (packer.compress(_ENCODER.encode(case)) for case in cases)
    return b"".join([*parts, packer.flush()])
