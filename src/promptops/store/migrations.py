"""The schema of the store's file, version by version."""

from __future__ import annotations

import sqlite3
from contextlib import suppress

from promptops.errors import StoreError

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
    """
    CREATE TABLE accounts (
        id INTEGER PRIMARY KEY,
        run TEXT NOT NULL,
        suite TEXT NOT NULL,
        purpose TEXT NOT NULL,
        prompt TEXT NOT NULL,
        version INTEGER NOT NULL,
        digest TEXT NOT NULL,
        model TEXT NOT NULL,
        UNIQUE (run, suite, purpose, prompt, version, digest, model)
    );
    ALTER TABLE responses ADD COLUMN checksum BLOB;
    ALTER TABLE responses ADD COLUMN account INTEGER REFERENCES accounts (id);
    CREATE TABLE ledger (
        id BLOB PRIMARY KEY NOT NULL,
        at TEXT NOT NULL,
        account INTEGER NOT NULL REFERENCES accounts (id),
        request_key TEXT NOT NULL,
        sample INTEGER NOT NULL,
        outcome TEXT NOT NULL CHECK (outcome IN ('answered', 'lost')),
        input_tokens INTEGER,
        output_tokens INTEGER,
        cached_input_tokens INTEGER,
        cost_usd REAL,
        at_risk_usd REAL,
        price TEXT
    ) WITHOUT ROWID;
    CREATE INDEX ledger_by_account ON ledger (account);
    CREATE INDEX ledger_by_at ON ledger (at);
    CREATE TABLE prices (
        digest TEXT PRIMARY KEY,
        model TEXT NOT NULL,
        entry TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE begun (
        run TEXT PRIMARY KEY,
        created TEXT NOT NULL,
        suite TEXT NOT NULL,
        inputs TEXT NOT NULL,
        choices TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('running', 'stopped', 'finished'))
    ) WITHOUT ROWID;
    CREATE INDEX begun_by_suite ON begun (suite, created);
    """,
    # All statements together must leave room on the file's first page: see `damaged.py`.
    """
    CREATE TABLE prompt_texts (
        digest TEXT, id TEXT, body BLOB NOT NULL, PRIMARY KEY (digest, id)
    ) WITHOUT ROWID;
    CREATE TABLE case_texts (
        dataset TEXT, case_id TEXT, position INTEGER NOT NULL, body BLOB NOT NULL,
        PRIMARY KEY (dataset, case_id)
    ) WITHOUT ROWID;
    """,
)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a file up to this schema, in one transaction.

    Raises:
        StoreError: a newer promptops wrote it.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = version_of(connection)
        hold_known(version)
        for script in MIGRATIONS[version:]:
            for statement in filter(None, map(str.strip, script.split(";"))):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")
    except BaseException:
        rolled_back(connection)
        raise


def rolled_back(connection: sqlite3.Connection) -> None:
    """Give up the open transaction, if there is one; SQLite may have done so by itself."""
    if connection.in_transaction:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")


def hold_known(version: int) -> None:
    """Hold that this program knows a version of the schema.

    Raises:
        StoreError: it is a newer one.
    """
    if version > len(MIGRATIONS):
        raise StoreError(
            "the store was written by a newer promptops",
            hint="pip install --upgrade promptops",
        )


def version_of(connection: sqlite3.Connection) -> int:
    """The version of the schema that a file has; 0 for an empty one."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
