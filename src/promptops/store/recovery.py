"""Mending a damaged store: the file is set aside, and what can be read of it is carried over."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from promptops.errors import StoreError
from promptops.store.claims import FILE as CLAIMS
from promptops.store.claims import USE, close_locks, open_locks
from promptops.store.damaged import readable, readable_as_it_is
from promptops.store.database import (
    FILE,
    FOLDER,
    MARKER,
    beside,
    connect,
    translated,
    translated_os,
)
from promptops.store.losses import Lost, lost
from promptops.store.migrations import hold_known, version_of
from promptops.store.salvage import carry_over

PART = f"{FILE}.mending"
COPY = f"{FILE}.reading"
WHOLE = f"{FILE}.mended"
"""The new file once all is in it. Found later: what is left to do is to put it in its place."""

WAIT_SECONDS = 5.0
"""For others to let go of the store."""
_LOOK_SECONDS = 0.05


class Mended(msgspec.Struct, frozen=True):
    """What became of a damaged store."""

    aside: str
    """The name of the damaged file, beside the new one."""
    responses: int
    """Carried over."""
    runs: int
    lost: tuple[Lost, ...] | None = ()
    """What could not be carried over; None where nobody knows."""

    def told(self, what: str) -> StoreError:
        """The error that says so: nothing was done yet of what was asked for."""
        return StoreError(
            f"{what}; {self.outcome()}",
            hint=f"run the command again; the damaged file is {FOLDER}/{self.aside}",
        )

    def outcome(self) -> str:
        """What was carried over, and what was not, in words."""
        if not self.responses and not self.runs:
            return "nothing of it could be read, so a new one was begun"
        saved = f"{_many(self.responses, 'response')} and {_many(self.runs, 'run')}"
        said = [f"{saved} were carried over into a new one"]
        if self.lost is None:
            return f"{said[0]}; whether that is all of it is not known"
        known = [
            f"{each.rows:,} of {each.of:,} {_WORDS[each.table]}" for each in self.lost if each.of
        ]
        some = [_WORDS[each.table] for each in self.lost if not each.of]
        if known:
            said.append(f"{_listed(known)} could not be read")
        if some:
            said.append(f"some {_listed(some)} may be missing")
        return "; ".join(said)


_WORDS = {
    "accounts": "accounts of what was spent",
    "responses": "responses",
    "runs": "runs",
    "samples": "samples of runs",
    "comparisons": "plans of looks",
    "ledger": "lines of the ledger",
    "prices": "prices",
    "begun": "begun runs",
    "prompt_texts": "texts of prompts",
    "case_texts": "cases of datasets",
}
"""Tables, as a person calls what is in them."""


def _many(count: int, word: str) -> str:
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def _listed(words: Sequence[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def mend(folder: Path) -> Mended | None:
    """Mend the store in `folder` that is marked as damaged; None where it needs no mending.

    Whoever else has it open would go on writing to the file that is set aside, so nobody may.

    Raises:
        StoreError: another process uses it, or the new file cannot be written; then all is as it
            was.
    """
    with _alone(folder), translated(None), translated_os():
        if not (folder / MARKER).exists():
            return None
        file, whole = folder / FILE, folder / WHOLE
        if not whole.exists():
            if not file.exists() or _sound(file):
                (folder / MARKER).unlink()
                return None
            _rebuild(folder)
        responses, runs = _counts(whole)
        missing = _lost(folder)
        aside = _set_aside(file)
        whole.rename(file)
        _remove(folder / PART)
        _sync(folder)
        (folder / MARKER).unlink()
        return Mended(aside, responses, runs, missing)


def _rebuild(folder: Path) -> None:
    """Write a new file with what can be read of the old one."""
    part, copy = folder / PART, folder / COPY
    _remove(part)
    try:
        with closing(connect(part)) as target, readable(folder / FILE, copy) as source:
            if source is not None:
                hold_known(version_of(source))
            # All of it in the one file: what is half done is thrown away, and room may be short.
            target.execute("PRAGMA journal_mode = MEMORY")
            carry_over(folder / FILE, source, target)
    except BaseException:
        _remove(part)
        raise
    finally:
        _remove(copy)
    part.rename(folder / WHOLE)


def _lost(folder: Path) -> tuple[Lost, ...] | None:
    """What the damaged file had, and the new one has not."""
    file = folder / FILE
    if not file.exists():  # it was set aside by a process that was then killed
        return None
    with closing(connect(folder / WHOLE)) as target, readable_as_it_is(file) as source:
        return None if source is None else tuple(lost(source, target))


def _counts(file: Path) -> tuple[int, int]:
    """How many responses and runs a file has."""
    with closing(connect(file)) as connection:
        counts = [
            connection.execute(f"SELECT count(*) FROM {each}").fetchone()[0]  # noqa: S608
            for each in ("responses", "runs")
        ]
    return counts[0], counts[1]


def _sound(file: Path) -> bool:
    """Whether SQLite finds nothing wrong with a file after all."""
    if not file.stat().st_size:
        return False
    try:
        connection = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)
    except sqlite3.Error:
        return False
    try:
        return bool(connection.execute("PRAGMA integrity_check(1)").fetchone()[0] == "ok")
    except sqlite3.DatabaseError:
        return False
    finally:
        connection.close()


def _set_aside(file: Path) -> str:
    """Give the damaged file another name, its log with it, as SQLite would look for it."""
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    name, at = f"{FILE}.damaged-{now}", 1
    while file.with_name(name).exists():
        at += 1
        name = f"{FILE}.damaged-{now}-{at}"
    aside = file.with_name(name)
    log, index = beside(file)
    index.unlink(missing_ok=True)  # it is made anew from the log
    with suppress(FileNotFoundError):
        if log.stat().st_size:
            log.rename(beside(aside)[0])
        else:
            log.unlink()
    with suppress(FileNotFoundError):
        file.rename(aside)
    return name


def _sync(folder: Path) -> None:
    """Have the folder's entries on disk, where a folder can be opened."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _remove(file: Path) -> None:
    for each in (file, *beside(file)):
        each.unlink(missing_ok=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Have the store for this process and purpose alone."""
    locks = open_locks(folder / CLAIMS)
    try:
        until = time.monotonic() + WAIT_SECONDS
        while not locks.take(USE):
            if time.monotonic() > until:
                raise StoreError(
                    f"the store {FOLDER}/{FILE} is damaged, and another promptops is using it",
                    hint="wait until that has ended, or end it; then run the command again",
                )
            time.sleep(_LOOK_SECONDS)
        try:
            yield
        finally:
            locks.release(USE)
    finally:
        close_locks(locks)
