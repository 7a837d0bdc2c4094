"""Opening the store of a project, and mending it first where it is damaged."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from promptops.errors import StoreError
from promptops.store.claims import FILE as CLAIMS
from promptops.store.claims import USE, close_locks, open_locks
from promptops.store.database import (
    FILE,
    FOLDER,
    MARKER,
    DamagedError,
    StoreConnection,
    beside,
    close_to_others,
    connect,
    mark_damaged,
    translated_os,
)
from promptops.store.recovery import mend

WAIT_SECONDS = 30.0
"""For another process that mends."""
_LOOK_SECONDS = 0.05


def open_database(root: Path) -> StoreConnection:
    """Open, or make, the store below `root`; only its owner can read it.

    Raises:
        StoreError: the folder or file cannot be used, a newer promptops wrote it, or it was damaged
            and has just been mended.
    """
    folder = root / FOLDER
    _make(folder)
    try:
        return _open(folder)
    except DamagedError as error:
        mark_damaged(folder)
        mended = mend(folder)
        if mended is not None:
            raise mended.told(error.message) from None
    return _open(folder)  # somebody else mended it, or it was sound after all


@contextmanager
def opened_database(root: Path) -> Iterator[StoreConnection]:
    """The same, closed at the end; what was found damaged meanwhile is mended then.

    Raises:
        StoreError: as `open_database`, and in place of what told of damage.
    """
    with mended_at_the_end(root):
        connection = open_database(root)
        try:
            yield connection
        finally:
            connection.close()


@contextmanager
def mended_at_the_end(root: Path) -> Iterator[None]:
    """Mend what is found damaged within, once nothing of ours holds the file any more.

    So a person sees one command fail, and the next one works.

    Raises:
        StoreError: in place of a DamagedError; it says what became of the file.
    """
    try:
        yield
    except DamagedError as error:
        told = mended_after(root, error)
        if told is error:
            raise
        raise told from None


def mended_after(root: Path, error: DamagedError) -> StoreError:
    """Mend what an error told of; answers what to say of it.

    That is the error itself where it could not be mended now: the next opening does it.
    """
    try:
        mended = mend(root / FOLDER)
    except StoreError:
        return error
    return error if mended is None else mended.told(error.message)


def _make(folder: Path) -> None:
    with translated_os():
        folder.mkdir(mode=0o700, exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
    close_to_others(folder, 0o700)


def _open(folder: Path) -> StoreConnection:
    end = _use(folder)
    try:
        _hold_sound(folder)
        connection = connect(folder / FILE)
    except BaseException:
        end()
        raise
    connection.closed = end
    return connection


def _use(folder: Path) -> Callable[[], None]:
    """Say that the store is in use, until what is returned is called."""
    locks = open_locks(folder / CLAIMS)

    def end() -> None:
        locks.release(USE)
        close_locks(locks)

    until = time.monotonic() + WAIT_SECONDS
    while not locks.share(USE):
        if time.monotonic() > until:
            close_locks(locks)
            raise StoreError(
                "another promptops is mending the store",
                hint="run the command again when it is done",
            )
        time.sleep(_LOOK_SECONDS)
    return end


def _hold_sound(folder: Path) -> None:
    """Hold what SQLite would not see, or would make worse.

    It takes an empty file for a new one, and deletes a log that lies beside it.
    """
    file = folder / FILE
    if (folder / MARKER).exists():
        raise DamagedError(f"the store {FOLDER}/{FILE} was found damaged")
    log = _size(beside(file)[0])  # first: a new file is never empty once it has a log
    if log and not _size(file):
        raise DamagedError(f"the store {FOLDER}/{FILE} has lost its contents")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
