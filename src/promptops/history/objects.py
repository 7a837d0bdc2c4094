"""Objects of a repository, read through one `git cat-file --batch` process."""

from __future__ import annotations

import subprocess
import weakref
from pathlib import Path
from typing import IO, NamedTuple

from promptops.errors import HistoryError
from promptops.history import processes

MAX_OBJECT_BYTES = 64 * 1024 * 1024
_STOP_SECONDS = 5.0


class Object(NamedTuple):
    """What git stores under a name."""

    hash: str
    kind: str
    """blob, tree, commit or tag."""
    data: bytes


class ObjectReader:
    """Reads objects by name. The process starts with the first read and ends with `close`."""

    def __init__(self, top: Path) -> None:
        self._top = top
        self._process: subprocess.Popen[bytes] | None = None
        self._finalizer: weakref.finalize[[subprocess.Popen[bytes]], ObjectReader] | None = None

    def read(self, name: str) -> Object | None:
        """The object that `name` (a hash, `hash:path`, `HEAD^{commit}`) names, or None.

        Raises:
            HistoryError: the process ended, or the object is too large.
        """
        if "\n" in name or "\0" in name:
            return None
        asked = name.encode("utf-8", "surrogateescape")
        source, target = self._pipes()
        try:
            target.write(asked + b"\n")
            target.flush()
            header = source.readline()
        except OSError:
            header = b""
        if not header.endswith(b"\n"):
            raise self._ended(name)
        # Else "<name> missing", where only the name may hold blanks.
        fields = header[:-1].split(b" ")
        if len(fields) != 3 or not fields[2].isdigit() or header == asked + b" missing\n":
            return None
        return self._content(source, fields, name)

    def _content(self, source: IO[bytes], fields: list[bytes], name: str) -> Object:
        size = int(fields[2])
        if size > MAX_OBJECT_BYTES:
            self.close()  # the rest of the answer is in the pipe
            raise HistoryError(
                f"object {fields[0].decode()[:12]} is larger than "
                f"{MAX_OBJECT_BYTES // 1024 // 1024} MB"
            )
        data = source.read(size + 1)
        if len(data) != size + 1:
            raise self._ended(name)
        return Object(fields[0].decode(), fields[1].decode(), data[:-1])

    def _ended(self, name: str) -> HistoryError:
        self.close()
        try:  # once more alone: then git's complaint can be read
            processes.run(self._top, "cat-file", "-t", name)
        except HistoryError as error:
            return error
        return HistoryError(
            "git stopped answering while objects were read",
            hint="git fsck shows whether the repository is damaged",
        )

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        if self._process is None:
            command = [processes.executable(), *processes.OPTIONS, "cat-file", "--batch"]
            self._process = subprocess.Popen(  # noqa: S603 - a list, an absolute program, hardened
                command,
                cwd=self._top,
                env=processes.environment(self._top),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
            self._finalizer = weakref.finalize(self, _stop, self._process)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        return self._process.stdout, self._process.stdin

    def close(self) -> None:
        """End the process. Reading again starts another."""
        if self._finalizer is not None:
            self._finalizer()
        self._process = self._finalizer = None


def _stop(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            try:
                pipe.close()
            except OSError:  # what could not be flushed to a process that is gone
                continue
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
