"""The SQLite file behind the store: opening, schema versions, and what can go wrong with a file."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from promptops.errors import StoreError

FOLDER = ".promptops"
FILE = "store.db"

# One entry per schema version, applied in order; never edited once released.
MIGRATIONS = (
    """
    CREATE TABLE responses (
        request_key TEXT NOT NULL,
        sample INTEGER NOT NULL,
        model TEXT NOT NULL,
        created TEXT NOT NULL,
        body BLOB NOT NULL,
        PRIMARY KEY (request_key, sample)
    ) WITHOUT ROWID;
    CREATE TABLE runs (
        id TEXT PRIMARY KEY,
        created TEXT NOT NULL,
        suite TEXT NOT NULL,
        prompt TEXT NOT NULL,
        model TEXT NOT NULL,
        candidate_digest TEXT NOT NULL,
        baseline_digest TEXT,
        verdict TEXT NOT NULL,
        report BLOB NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX runs_by_prompt ON runs (prompt, created);
    CREATE TABLE samples (
        run TEXT NOT NULL,
        arm TEXT NOT NULL,
        case_id TEXT NOT NULL,
        sample INTEGER NOT NULL,
        request_key TEXT NOT NULL,
        body BLOB NOT NULL,
        PRIMARY KEY (run, arm, case_id, sample)
    ) WITHOUT ROWID;
    """,
    "ALTER TABLE runs ADD COLUMN cases BLOB;",
    """
    CREATE INDEX runs_by_candidate ON runs (candidate_digest, created);
    CREATE INDEX runs_by_baseline ON runs (baseline_digest, created);
    """,
    """
    CREATE TABLE comparisons (
        key TEXT PRIMARY KEY,
        samples INTEGER NOT NULL,
        seed INTEGER NOT NULL,
        created TEXT NOT NULL,
        reached INTEGER NOT NULL
    ) WITHOUT ROWID;
    """,
)


def open_database(root: Path) -> sqlite3.Connection:
    """Open, or make, the store below `root`; only its owner can read it.

    Raises:
        StoreError: the folder or file cannot be used, or a newer promptops wrote it.
    """
    folder = root / FOLDER
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
        file = folder / FILE
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise StoreError(
            f"cannot write to {FOLDER}/: {error.strerror}",
            hint="responses are kept there so that nothing is paid for twice; make it writable",
        ) from None
    with translated():
        connection = sqlite3.connect(
            file, timeout=30, isolation_level=None, check_same_thread=False
        )
        try:
            _prepare(connection)
        except BaseException:
            connection.close()
            raise
    return connection


@contextmanager
def translated() -> Iterator[None]:
    """Turn SQLite's errors into ours."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise StoreError(
            f"the store {FOLDER}/{FILE} cannot be used: {error}",
            hint=f"if it is damaged, move {FOLDER}/{FILE} away; a new one is made",
        ) from None


def _prepare(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    if _version(connection) == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    version = _version(connection)
    if version > len(MIGRATIONS):
        raise StoreError(
            f"the store {FOLDER}/{FILE} was written by a newer promptops",
            hint="pip install --upgrade promptops",
        )
    for script in MIGRATIONS[version:]:
        for statement in filter(None, map(str.strip, script.split(";"))):
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
    connection.execute("COMMIT")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
