"""Opening the store of a project to read it: nothing is made, and nothing need be writable."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from promptops.errors import StoreError
from promptops.store.claims import FILE as CLAIMS
from promptops.store.claims import Claims, LockFile
from promptops.store.database import (
    FILE,
    FOLDER,
    MARKER,
    MEND_ELSEWHERE,
    SHOWN,
    DamagedError,
    StoreConnection,
    beside,
    connect,
    connect_to_nothing,
    connect_to_read,
)
from promptops.store.migrations import MIGRATIONS, hold_known, version_of
from promptops.store.opening import mended_at_the_end, open_database


def open_to_read(root: Path) -> StoreConnection:
    """Open the store below `root` to read it; one without contents where there is none.

    A store that may be written to is opened like any other: it is brought up to this schema, and
    mended where it is damaged.  One that may not (a mounted cache) is read as it is.

    Raises:
        StoreError: it cannot be read, a newer promptops wrote it, or it is damaged.
    """
    folder = root / FOLDER
    if not (folder / FILE).exists() and not (folder / MARKER).exists():
        return connect_to_nothing()
    return open_database(root) if is_writable(folder) else _open_as_it_is(folder)


@contextmanager
def opened_to_read(root: Path) -> Iterator[StoreConnection]:
    """The same, closed at the end; what was found damaged meanwhile is mended then.

    Raises:
        StoreError: as `open_to_read`, and in place of what told of damage.
    """
    with mended_at_the_end(root):
        connection = open_to_read(root)
        try:
            yield connection
        finally:
            connection.close()


def is_writable(folder: Path) -> bool:
    """Whether a store's folder, and the files of the store in it, may be written to."""
    file = folder / FILE
    there = [each for each in (folder, folder / CLAIMS, file, *beside(file)) if each.exists()]
    return all(map(_may_write, there))


def _may_write(path: Path) -> bool:
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


class Onlooker(Claims):
    """Sees who has claimed what, and claims nothing; also where nothing may be written."""

    def __init__(self, folder: Path) -> None:
        """`folder` may have no file of claims: then nobody has claimed anything."""
        place = folder / CLAIMS
        self._sees = place.exists()
        if self._sees and _may_write(place):
            super().__init__(folder)
            return
        self._sees = self._sees and sys.platform != "win32"  # which locks nothing that is read
        if self._sees:
            self._locks = _ReadLocks(place)
            self._mine = set()

    def alive(self, name: str) -> bool:
        return self._sees and super().alive(name)

    def close(self) -> None:
        if self._sees:
            super().close()


class _ReadLocks(LockFile):
    """Of a file that this process may not write to: then it has no lock on it that could go."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDONLY)
        self.users = 1
        self._held: set[int] = set()
        self._shares: dict[int, int] = {}
        self._lock = Lock()


def _open_as_it_is(folder: Path) -> StoreConnection:
    """SQLite reads a log if its index lies beside it; else it could not make one.

    "Write-Ahead Logging", sqlite.org/wal.html, section 5 (read-only databases).
    """
    if (folder / MARKER).exists():
        raise DamagedError(f"the store {SHOWN} was found damaged", hint=MEND_ELSEWHERE)
    file = folder / FILE
    log, index = beside(file)
    held = log.exists() and index.exists()
    if held or not (log.exists() and log.stat().st_size):
        connection = connect_to_read(file, immutable=not held)
        try:
            version = version_of(connection)
            hold_known(version)
        except BaseException:
            connection.close()
            raise
        if version == len(MIGRATIONS):
            return connection
        connection.close()
    return _open_a_copy(file)


def _open_a_copy(file: Path) -> StoreConnection:
    """A store that must be written to before it can be read: its log taken in, its schema raised.

    The copy goes when it is closed.
    """
    place = Path(tempfile.mkdtemp(prefix="promptops-"))
    try:
        for each in (file, beside(file)[0]):
            if each.exists():
                shutil.copyfile(each, place / each.name)
        connection = connect(place / file.name)
    except OSError as error:
        shutil.rmtree(place, ignore_errors=True)
        raise StoreError(
            f"the store {SHOWN} cannot be read: {error.strerror}",
            hint=f"it is copied to be read, because {FOLDER}/ may not be written to",
        ) from None
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise
    connection.folder = None
    connection.closed = lambda: shutil.rmtree(place, ignore_errors=True)
    return connection
