"""Deleting the texts of prompts and the cases of datasets that no run needs any more.

A run needs the texts of its versions and its dataset as long as its answers are not meant either:
what is deleted by age goes with the youngest run that used it, what is out of git's reach with the
last version that is within.  Reports stay; they then show what they say themselves.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from promptops.store.inventory import Texts, texts_among
from promptops.store.transaction import transaction

ROWS_AT_ONCE = 500
"""Deleted in one transaction: whoever else writes waits no longer than that."""


@dataclass(frozen=True, slots=True)
class Meant:
    """Which runs' texts are meant. Where both are given, both must hold."""

    before: str | None = None
    """Of runs that were begun before this moment (UTC, ISO 8601)."""
    digests: frozenset[str] | None = None
    """Of versions other than these."""
    unreadable: frozenset[str] = frozenset()
    """Names of prompts of which nothing is meant."""

    def version(self, digest: str, prompt: str, created: str) -> bool:
        """Whether a version's text is meant, as far as one run goes."""
        return (self.before is None or created < self.before) and (
            self.digests is None or (digest not in self.digests and prompt not in self.unreadable)
        )


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an unfinished run needs."""

    run: str
    digests: tuple[str, ...] | None
    """None where that cannot be read any more: then it may be anything."""


class _Inputs(msgspec.Struct):
    dataset: str


class _Report(msgspec.Struct):
    meta: dict[str, Any] = {}


_INPUTS = msgspec.json.Decoder(_Inputs)
_REPORTS = msgspec.msgpack.Decoder(_Report)

_RUNS = "SELECT prompt, created, candidate_digest, baseline_digest, report FROM runs"
_TABLES = {"spared_prompts": "digest", "spared_datasets": "dataset"}
"""Temporary tables, which belong to the connection and end with it."""
_LOST = {
    "prompt_texts": "digest NOT IN (SELECT digest FROM temp.spared_prompts)",
    "case_texts": "dataset NOT IN (SELECT dataset FROM temp.spared_datasets)",
}
_KEYS = {"prompt_texts": "digest, id", "case_texts": "dataset, case_id"}


class TextPruning:
    """Deletes texts of a store, in small steps, so that others can write meanwhile."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def choose(self, meant: Meant, wanted: Sequence[Wanted]) -> Texts:
        """Look for what no run needs, and answer how much it is."""
        prompts, datasets = self._needed(meant, wanted)
        for table, column in _TABLES.items():
            self._connection.execute(
                f"CREATE TEMP TABLE IF NOT EXISTS {table} ({column} TEXT PRIMARY KEY)"
            )
            self._connection.execute(f"DELETE FROM temp.{table}")  # noqa: S608 - our own names
        self._spare("spared_prompts", self._every("prompt_texts") if prompts is None else prompts)
        self._spare("spared_datasets", self._every("case_texts") if datasets is None else datasets)
        return texts_among(self._connection, _LOST["prompt_texts"], _LOST["case_texts"])

    def prune(self, choose: Callable[[], object], begun: Callable[[], object]) -> Texts:
        """Delete what `choose` chooses, anew whenever `begun` says something else; how much."""
        deleted, before = Texts(), begun()
        choose()
        while True:
            some = Texts()
            with transaction(self._connection):
                now = begun()
                if now == before:
                    some = self._delete_some()
            if now != before:
                before = now
                choose()
            elif some == Texts():
                return deleted
            deleted += some

    def _delete_some(self) -> Texts:
        """Nothing is deleted where nothing is left."""
        prompts, cases = self._delete("prompt_texts"), []
        if not prompts:
            cases = self._delete("case_texts")
        return Texts(len(prompts), len(cases), sum(prompts) + sum(cases))

    def _delete(self, table: str) -> list[int]:
        """The bytes of each row that was deleted."""
        key, lost = _KEYS[table], _LOST[table]
        rows = self._connection.execute(
            f"DELETE FROM {table} WHERE ({key}) IN"  # noqa: S608 - our own names
            f" (SELECT {key} FROM {table} WHERE {lost} LIMIT {ROWS_AT_ONCE})"
            " RETURNING length(body)"
        ).fetchall()
        return [row[0] for row in rows]

    def _needed(
        self, meant: Meant, wanted: Sequence[Wanted]
    ) -> tuple[set[str] | None, set[str] | None]:
        """Digests and datasets that a run needs; None for all."""
        prompts: set[str | None] = set()
        datasets: set[str | None] = set()
        for prompt, created, candidate, baseline, report in self._connection.execute(_RUNS):
            needed = {
                digest
                for digest in (candidate, baseline)
                if digest and not meant.version(digest, prompt, created)
            }
            prompts |= needed
            if needed:
                datasets.add(_dataset_of(report))
        for each in wanted:
            prompts.update((None,) if each.digests is None else each.digests)
            datasets.add(self._dataset_wanted(each.run))
        return _known(prompts), _known(datasets)

    def _dataset_wanted(self, run: str) -> str | None:
        row = self._connection.execute("SELECT inputs FROM begun WHERE run = ?", (run,)).fetchone()
        try:
            return _INPUTS.decode(row[0]).dataset if row else ""
        except (msgspec.MsgspecError, TypeError, ValueError):
            return None

    def _every(self, table: str) -> Iterator[str]:
        column = _KEYS[table].partition(",")[0]
        rows = self._connection.execute(f"SELECT DISTINCT {column} FROM {table}").fetchall()  # noqa: S608
        return (row[0] for row in rows)

    def _spare(self, table: str, values: Iterable[str]) -> None:
        self._connection.executemany(
            f"INSERT OR IGNORE INTO temp.{table} VALUES (?)",  # noqa: S608 - our own names
            ((value,) for value in values),
        )


def _known(needed: set[str | None]) -> set[str] | None:
    """None where nobody knows which one it is, so that all of them stay."""
    known = {each for each in needed if each is not None}
    return known if len(known) == len(needed) else None


def _dataset_of(report: bytes) -> str | None:
    try:
        found = _REPORTS.decode(report).meta.get("dataset_fingerprint", "")
    except (msgspec.MsgspecError, TypeError, ValueError):  # `verify` tells of it
        return None
    return found if isinstance(found, str) else ""
