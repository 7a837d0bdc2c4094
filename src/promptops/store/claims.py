"""Claims on drawing, across processes, that die with whoever holds them.

One file, one byte-range lock per claim at an offset that is the claim's hash.  Nothing is written
to the file; locks may lie beyond its end.  A file system without locks grants everything: then two
processes may pay for the same draw, and the first response stays.
"""

from __future__ import annotations

import errno
import hashlib
import os
import sys
import time
from pathlib import Path
from threading import Lock

from promptops.store.database import close_to_others, translated_os

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

FILE = "claims"

# The C runtime of Windows moves in a file by 32 bits in places.
SPAN = 2**30 if sys.platform == "win32" else 2**62
USE = SPAN
"""The byte after all claims: whoever has the store open shares it, whoever mends has it alone."""

_REFUSED = {errno.EACCES, errno.EAGAIN, errno.EDEADLK}
_PROBES = 5
_PROBE_SECONDS = 0.02


class LockFile:
    """The byte-range locks that this process has on one file.

    The system keeps locks by process and file, and drops them all when any descriptor of the file
    is closed.  So there is one descriptor, shared and counted, and who holds what within this
    process is kept here.
    """

    def __init__(self, path: Path) -> None:
        with translated_os():
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        close_to_others(path, 0o600)
        self.users = 0
        self._held: set[int] = set()
        self._shares: dict[int, int] = {}
        self._lock = Lock()

    def take(self, offset: int) -> bool:
        """Have a byte alone, if nobody else has or shares it."""
        with self._lock:
            if offset in self._held or self._shares.get(offset):
                return False
            if not self._try(offset, shared=False):
                return False
            self._held.add(offset)
            return True

    def share(self, offset: int) -> bool:
        """Have a byte together with others who share it, if nobody has it alone."""
        with self._lock:
            if offset in self._held:
                return False
            count = self._shares.get(offset, 0)
            if not count and not self._try(offset, shared=True):
                return False
            self._shares[offset] = count + 1
            return True

    def release(self, offset: int) -> None:
        """Give back a byte that was taken, or one share of it."""
        with self._lock:
            left = self._shares.get(offset, 1) - 1
            if left:
                self._shares[offset] = left
                return
            self._shares.pop(offset, None)
            self._held.discard(offset)
            self._free(offset)

    def taken(self, offset: int) -> bool:
        """Whether anybody has a byte alone; looking may refuse it to others for a moment."""
        with self._lock:
            if offset in self._held:
                return True
            if self._shares.get(offset):
                return False
            if not self._try(offset, shared=True):
                return True
            self._free(offset)
            return False

    def close(self) -> None:
        """Close the file; all locks are gone."""
        os.close(self._descriptor)

    def _try(self, offset: int, *, shared: bool) -> bool:
        try:
            self._lock_byte(offset, shared=shared)
        except OSError as error:
            return error.errno not in _REFUSED
        return True

    if sys.platform == "win32":

        def _lock_byte(self, offset: int, *, shared: bool) -> None:
            if shared and offset == USE:
                return  # there is no sharing here, and files in use cannot be renamed anyway
            os.lseek(self._descriptor, offset, os.SEEK_SET)
            msvcrt.locking(self._descriptor, msvcrt.LK_NBLCK, 1)

        def _free(self, offset: int) -> None:
            try:
                os.lseek(self._descriptor, offset, os.SEEK_SET)
                msvcrt.locking(self._descriptor, msvcrt.LK_UNLCK, 1)
            except OSError:
                return

    else:

        def _lock_byte(self, offset: int, *, shared: bool) -> None:
            kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
            fcntl.lockf(self._descriptor, kind | fcntl.LOCK_NB, 1, offset)

        def _free(self, offset: int) -> None:
            try:
                fcntl.lockf(self._descriptor, fcntl.LOCK_UN, 1, offset)
            except OSError:
                return


_OPEN: dict[tuple[int, str], LockFile] = {}
_OPENING = Lock()


def open_locks(path: Path) -> LockFile:
    """The lock file of this process for a path; give it back with `close_locks`.

    A forked child has none of its parent's locks, so it has lock files of its own.

    Raises:
        StoreError: it cannot be opened.
    """
    place = (os.getpid(), os.path.realpath(path))
    with _OPENING:
        locks = _OPEN.get(place)
        if locks is None:
            locks = _OPEN[place] = LockFile(path)
        locks.users += 1
        return locks


def close_locks(locks: LockFile) -> None:
    """Give back a lock file; its last user closes it."""
    with _OPENING:
        locks.users -= 1
        if locks.users == 0:
            for place in [each for each, open_ in _OPEN.items() if open_ is locks]:
                del _OPEN[place]
            locks.close()


class Claims:
    """The claims of a store."""

    def __init__(self, folder: Path) -> None:
        self._locks = open_locks(folder / FILE)
        self._mine: set[int] = set()

    def take(self, key: str, sample: int) -> bool:
        """Claim the drawing of a slot; False while somebody else has it."""
        return self._take(_slot(key, sample))

    def release(self, key: str, sample: int) -> None:
        """Give a slot back; one that is not held is left alone."""
        self._release(_slot(key, sample))

    def take_name(self, name: str) -> bool:
        """Claim a name; False while somebody else has it."""
        offset = _named(name)
        for _ in range(_PROBES - 1):
            if self._take(offset):
                return True
            time.sleep(_PROBE_SECONDS)  # it may only have been looked at
        return self._take(offset)

    def release_name(self, name: str) -> None:
        """Give a name back; one that is not held is left alone."""
        self._release(_named(name))

    def alive(self, name: str) -> bool:
        """Whether somebody, here or elsewhere, has claimed a name and lives."""
        return self._locks.taken(_named(name))

    def close(self) -> None:
        """Give everything back."""
        for offset in list(self._mine):
            self._release(offset)
        close_locks(self._locks)

    def _take(self, offset: int) -> bool:
        taken = self._locks.take(offset)
        if taken:
            self._mine.add(offset)
        return taken

    def _release(self, offset: int) -> None:
        if offset in self._mine:
            self._mine.discard(offset)
            self._locks.release(offset)


def _slot(key: str, sample: int) -> int:
    return _offset(f"slot {sample} {key}")


def _named(name: str) -> int:
    return _offset(f"name {name}")


def _offset(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest()) % SPAN
