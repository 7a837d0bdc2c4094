"""Looking a store over: the file itself, and every response, sample, report and text in it."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal

import msgspec

from promptops.store.case_texts import unpacked_case
from promptops.store.database import DamagedError, store_error, translated
from promptops.store.prompt_texts import unpacked_text
from promptops.store.runs import SampleRecord
from promptops.store.transaction import transaction
from promptops.store.writing import checksum
from promptops.values.report import CaseReport, Report
from promptops.values.response import Response

Part = Literal["file", "reference", "response", "sample", "run", "prompt", "case"]

MOST_OF_THE_FILE = 100
"""Findings about the file itself that are told one by one."""

_RESPONSES = msgspec.msgpack.Decoder(Response)
_RECORDS = msgspec.msgpack.Decoder(SampleRecord)
_REPORTS = msgspec.msgpack.Decoder(Report)
_CASES = msgspec.msgpack.Decoder(list[CaseReport])
_UNREADABLE = (msgspec.MsgspecError, zlib.error, TypeError, ValueError)


class Damage(msgspec.Struct, frozen=True):
    """One thing that is not as it was written."""

    part: Part
    key: tuple[str | int, ...]
    """Of the row: request key and sample of a response, id of a run, digest and id of a prompt's
    text, dataset and id of a case; empty for the file."""
    problem: str


class Findings(msgspec.Struct, frozen=True):
    """What came of looking a store over."""

    responses: int
    """Looked at."""
    unsummed: int
    """Those of them that were written before checksums were kept: they can be read, no more."""
    samples: int
    runs: int
    damage: list[Damage]
    prompts: int = 0
    """Texts of versions."""
    cases: int = 0
    """Of datasets."""

    def of(self, *parts: Part) -> list[Damage]:
        """The damage to some parts."""
        return [each for each in self.damage if each.part in parts]


class Verifying:
    """Looks a store over, and removes what is damaged in it. Nothing is changed unless asked."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def look(self) -> Findings:
        """Everything that is wrong.

        Raises:
            StoreError: the store cannot be read for another reason than damage.
        """
        damage = [*self._file(), *self._references()]
        counts = dict.fromkeys(("responses", "unsummed", "samples", "runs", "prompts", "cases"), 0)
        for examine in (self._responses, self._samples, self._runs, self._prompts, self._cases):
            try:
                damage += examine(counts)
            except sqlite3.DatabaseError as error:
                damage += _of_the_file(error)
        return Findings(**counts, damage=_unique(damage))

    def remove(self, damage: Iterable[Damage]) -> int:
        """Delete damaged rows: responses, which are then drawn again; samples and reports of runs;
        texts, which the next run that meets them writes again.

        Answers how many rows.  Damage to the file itself, or to what refers to what, stays.

        Raises:
            StoreError: the store cannot be written.
        """
        removed = 0
        with translated(self._connection), transaction(self._connection):
            for each in damage:
                # Somebody may have written it anew since it was looked at.
                if each.part in _ROWS and self._still(each):
                    _, delete = _ROWS[each.part]
                    removed += self._connection.execute(delete, each.key).rowcount
        return removed

    def _still(self, each: Damage) -> bool:
        select, _ = _ROWS[each.part]
        row = self._connection.execute(select, each.key).fetchone()
        return row is not None and _PROBLEMS[each.part](*row) is not None

    def _file(self) -> Iterator[Damage]:
        try:
            rows = self._connection.execute(f"PRAGMA integrity_check({MOST_OF_THE_FILE})")
            said = [str(row[0]) for row in rows]
        except sqlite3.DatabaseError as error:
            yield from _of_the_file(error)
            return
        if said != ["ok"]:
            yield from (Damage("file", (), line) for each in said for line in each.splitlines())

    def _references(self) -> Iterator[Damage]:
        """Rows that name an account which is not there."""
        try:
            rows = self._connection.execute("PRAGMA foreign_key_check").fetchall()
        except sqlite3.DatabaseError as error:
            yield from _of_the_file(error)
            return
        counts: dict[tuple[str, str], int] = {}
        for table, _, parent, _ in rows:
            counts[table, parent] = counts.get((table, parent), 0) + 1
        for (table, parent), count in counts.items():
            rows_ = "1 row names" if count == 1 else f"{count:,} rows name"
            yield Damage("reference", (table,), f"{rows_} something that is not in {parent}")

    def _responses(self, counts: dict[str, int]) -> Iterator[Damage]:
        for key, sample, body, sum_ in self._connection.execute(
            "SELECT request_key, sample, body, checksum FROM responses"
        ):
            counts["responses"] += 1
            counts["unsummed"] += sum_ is None
            if problem := _of_response(body, sum_):
                yield Damage("response", (key, sample), problem)

    def _samples(self, counts: dict[str, int]) -> Iterator[Damage]:
        for *key, body in self._connection.execute(
            "SELECT run, arm, case_id, sample, body FROM samples"
        ):
            counts["samples"] += 1
            if problem := _of_sample(body):
                yield Damage("sample", tuple(key), problem)

    def _runs(self, counts: dict[str, int]) -> Iterator[Damage]:
        for run, report, cases in self._connection.execute("SELECT id, report, cases FROM runs"):
            counts["runs"] += 1
            if problem := _of_run(report, cases):
                yield Damage("run", (run,), problem)

    def _prompts(self, counts: dict[str, int]) -> Iterator[Damage]:
        rows = self._connection.execute("SELECT digest, id, body FROM prompt_texts")
        for digest, id_, body in rows:
            counts["prompts"] += 1
            if problem := _of_prompt(digest, id_, body):
                yield Damage("prompt", (digest, id_), problem)

    def _cases(self, counts: dict[str, int]) -> Iterator[Damage]:
        rows = self._connection.execute("SELECT dataset, case_id, body FROM case_texts")
        for dataset, case_id, body in rows:
            counts["cases"] += 1
            if problem := _of_case(body):
                yield Damage("case", (dataset, case_id), problem)


def _of_response(body: Any, sum_: Any) -> str | None:
    if not isinstance(body, bytes):
        return "its body is not what was written"
    if sum_ is not None and sum_ != checksum(body):
        return "its checksum does not fit"
    return _undecoded(_RESPONSES.decode, body)


def _of_sample(body: Any) -> str | None:
    return _undecoded(_RECORDS.decode, body)


def _of_run(report: Any, cases: Any) -> str | None:
    problem = _undecoded(_REPORTS.decode, report)
    return problem or (None if cases is None else _undecoded(_cases, cases))


def _of_prompt(digest: str, id_: str, body: Any) -> str | None:
    return _undecoded(lambda each: unpacked_text(digest, id_, each), body)


def _of_case(body: Any) -> str | None:
    return _undecoded(unpacked_case, body)


_PROBLEMS: dict[Part, Callable[..., str | None]] = {
    "response": _of_response,
    "sample": _of_sample,
    "run": _of_run,
    "prompt": _of_prompt,
    "case": _of_case,
}
"""What is wrong with a row; None where nothing is."""

_ROWS: dict[Part, tuple[str, str]] = {
    "response": (
        "SELECT body, checksum FROM responses WHERE request_key = ? AND sample = ?",
        "DELETE FROM responses WHERE request_key = ? AND sample = ?",
    ),
    "sample": (
        "SELECT body FROM samples WHERE run = ? AND arm = ? AND case_id = ? AND sample = ?",
        "DELETE FROM samples WHERE run = ? AND arm = ? AND case_id = ? AND sample = ?",
    ),
    "run": ("SELECT report, cases FROM runs WHERE id = ?", "DELETE FROM runs WHERE id = ?"),
    "prompt": (
        "SELECT digest, id, body FROM prompt_texts WHERE digest = ? AND id = ?",
        "DELETE FROM prompt_texts WHERE digest = ? AND id = ?",
    ),
    "case": (
        "SELECT body FROM case_texts WHERE dataset = ? AND case_id = ?",
        "DELETE FROM case_texts WHERE dataset = ? AND case_id = ?",
    ),
}
"""How a row is looked at again, and how it is deleted."""


def _undecoded(decode: Callable[[bytes], object], body: Any) -> str | None:
    try:
        decode(body)
    except _UNREADABLE as error:
        return f"it cannot be read: {error}"
    return None


def _cases(packed: bytes) -> object:
    return _CASES.decode(zlib.decompress(packed))


def _of_the_file(error: sqlite3.DatabaseError) -> Iterator[Damage]:
    """What SQLite found by itself; anything else than damage is raised."""
    said = store_error(error, None)
    if not isinstance(said, DamagedError):
        raise said from None
    yield Damage("file", (), str(error))


def _unique(damage: Iterable[Damage]) -> list[Damage]:
    return list(dict.fromkeys(damage))
