"""The SQLite file behind the store: its schema, its settings, and words for what can go wrong."""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from promptops.errors import StoreError
from promptops.store.migrations import MIGRATIONS, migrate, version_of

FOLDER = ".promptops"
FILE = "store.db"
SHOWN = f"{FOLDER}/{FILE}"
MARKER = "damaged"
"""A file beside the store that says: look at it before it is used again."""

BUSY_SECONDS = 30.0


class StoreConnection(sqlite3.Connection):
    """A connection that knows where its file is."""

    folder: Path | None = None
    """None where nothing may be written, so that nothing can be mended either."""
    closed: Callable[[], None] | None = None
    """Called once, after it is closed."""

    def close(self) -> None:
        """Close the file, and say so."""
        super().close()
        after, self.closed = self.closed, None
        if after is not None:
            after()


class DamagedError(StoreError):
    """The file is no database, or its pages contradict each other."""


def connect(file: Path, *, busy_seconds: float = BUSY_SECONDS) -> StoreConnection:
    """Open, or make, a store's file, and bring it up to this schema; only its owner can read it.

    Raises:
        DamagedError: it is no database, or malformed.
        StoreError: it cannot be opened, or a newer promptops wrote it.
    """
    _make(file)
    with translated(None):
        connection = sqlite3.connect(
            file,
            timeout=busy_seconds,
            isolation_level=None,
            check_same_thread=False,
            factory=StoreConnection,
        )
    connection.folder = file.parent
    try:
        with translated(None):
            _prepare(connection)
        _close_to_others(file)
    except BaseException:
        connection.close()
        raise
    return connection


def connect_to_read(file: Path, *, immutable: bool) -> StoreConnection:
    """Open a store's file as it is; nothing is written to it or beside it.

    Its log is read where its index lies beside it.  An `immutable` file has no log, and nobody
    writes to it.

    Raises:
        DamagedError: it is no database, or malformed.
        StoreError: it cannot be opened.
    """
    how = "immutable=1" if immutable else "mode=ro"
    with translated(None):
        connection = sqlite3.connect(
            f"{file.absolute().as_uri()}?{how}",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
            factory=StoreConnection,
        )
    try:
        with translated(connection):
            _distrust(connection)
            version_of(connection)  # reads its first page, and its log
    except BaseException:
        connection.close()
        raise
    return connection


def connect_to_nothing() -> StoreConnection:
    """A store without contents, which leaves nothing behind."""
    connection = sqlite3.connect(
        ":memory:", isolation_level=None, check_same_thread=False, factory=StoreConnection
    )
    migrate(connection)
    return connection


@contextmanager
def translated(connection: sqlite3.Connection | None) -> Iterator[None]:
    """Turn SQLite's errors into ours.

    Damage that is met on a `connection` is marked beside its file, so that the next opening mends.
    """
    try:
        yield
    except sqlite3.Error as error:
        raise store_error(error, connection) from None


def mark_damaged(folder: Path | None) -> None:
    """Leave the mark by which the next opening looks at the whole file and mends it."""
    if folder is not None:
        with suppress(OSError):  # it is an aid: damage shows itself again
            (folder / MARKER).touch(mode=0o600)


def store_error(error: sqlite3.Error, connection: sqlite3.Connection | None = None) -> StoreError:
    """An error of SQLite in words: what it is, and how to mend it; damage is marked."""
    code = primary_code(error)
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        mend = "run the command again: " + _MENDING
        if isinstance(connection, StoreConnection):
            mark_damaged(connection.folder)
            mend = mend if connection.folder else MEND_ELSEWHERE
        return DamagedError(f"the store {SHOWN} is damaged: {error}", hint=mend)
    what, mend = _WORDS.get(code, ("cannot be used", "`promptops cache verify` looks it over"))
    return StoreError(f"the store {SHOWN} {what}: {error}", hint=mend)


def primary_code(error: sqlite3.Error) -> int:
    """SQLite's result code without its extension; `SQLITE_ERROR` where there is none."""
    return int(getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)) & 0xFF


_MENDING = "the file is then set aside, and what can be read of it is carried over into a new one"
MEND_ELSEWHERE = f"run the command again where {FOLDER}/ may be written to: {_MENDING}"

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}

_WORDS = {
    sqlite3.SQLITE_FULL: (
        "cannot grow, because the disk is full",
        "what was written before is kept: free some space, then run the command again",
    ),
    sqlite3.SQLITE_READONLY: (
        "cannot be written to",
        f"make {FOLDER}/ and what is in it writable: nothing is paid for twice because of it",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "cannot be opened",
        f"{FOLDER}/ must be a folder that you may write to, and {FILE} a file in it",
    ),
    sqlite3.SQLITE_IOERR: (
        "could not be read or written by the system",
        "what was written before is kept; see whether the disk is full, failing or gone",
    ),
    sqlite3.SQLITE_BUSY: (
        f"was held by another process for more than {BUSY_SECONDS:.0f} seconds",
        "wait until the other promptops is done, or end it; then run the command again",
    ),
}


def _make(file: Path) -> None:
    """Make an empty file that only its owner can read, if there is none.

    A file that is there is not opened: closing any descriptor of it would drop the locks that
    SQLite holds on it for this whole process.
    """
    with translated_os(), suppress(FileExistsError):
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    _close_to_others(file)


@contextmanager
def translated_os() -> Iterator[None]:
    """Turn errors of the file system into ours."""
    try:
        yield
    except OSError as error:
        hint = "responses are kept there so that nothing is paid for twice; make it writable"
        if error.errno in _NO_ROOM:
            hint = _WORDS[sqlite3.SQLITE_FULL][1]
        raise StoreError(f"cannot write to {FOLDER}/: {error.strerror}", hint=hint) from None


def _close_to_others(file: Path) -> None:
    for each in (file, *beside(file)):
        close_to_others(each, 0o600)


def beside(file: Path) -> tuple[Path, Path]:
    """The write-ahead log of a database file, and its index in shared memory."""
    return file.with_name(f"{file.name}-wal"), file.with_name(f"{file.name}-shm")


def close_to_others(path: Path, mode: int) -> None:
    """Take away what anybody but its owner may do with a file or folder that is there."""
    if sys.platform == "win32":
        return
    with suppress(OSError):  # somebody else's, or just gone
        found = path.lstat().st_mode
        if not stat.S_ISLNK(found) and found & 0o077:
            path.chmod(mode)


def _prepare(connection: sqlite3.Connection) -> None:
    if not connection.execute("PRAGMA page_count").fetchone()[0]:
        # Free pages of a new file can be given back one by one, while others write.
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    journal = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    # A commit is on disk when it returns. Without a log, its folder's entry must be as well.
    connection.execute(f"PRAGMA synchronous = {'FULL' if journal == 'wal' else 'EXTRA'}")
    connection.execute("PRAGMA fullfsync = ON")  # on macOS an ordinary fsync stops at the drive
    connection.execute("PRAGMA checkpoint_fullfsync = ON")
    connection.execute("PRAGMA foreign_keys = ON")
    _distrust(connection)
    if version_of(connection) != len(MIGRATIONS):
        migrate(connection)


def _distrust(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
