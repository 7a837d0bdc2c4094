"""Responses to a file and from one: `promptops cache export` and `import`."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from promptops.cli.cache_asked import Asked, has_store
from promptops.cli.output import surface
from promptops.cli.project import Project
from promptops.errors import ExitCode, InputError, NoVerdictError, did_you_mean
from promptops.models.redaction import Redactor
from promptops.reports import stored_checks
from promptops.store.archive import export_to, prompts_in
from promptops.store.archive_reading import Imported, import_from
from promptops.store.database import StoreConnection
from promptops.store.opening import opened_database
from promptops.store.reading import opened_to_read

_GZIP = b"\x1f\x8b"
"""How a compressed file begins (RFC 1952, section 2.3.1)."""


def export(project: Project, asked: Asked) -> ExitCode:
    """Write responses to a file, whole or not at all.

    Raises:
        InputError: there is nothing to write, no such prompt, or the file cannot be made.
        StoreError: the store cannot be read.
        NoVerdictError: writing failed halfway (a full disk).
    """
    assert asked.file is not None
    if not has_store(project):
        raise InputError("nothing is kept yet", hint="promptops eval keeps whatever it draws")
    with opened_to_read(project.root) as connection:
        _check_prompts(asked.prompts, prompts_in(connection))
        with _written(asked.file) as file:
            done = export_to(file, connection, asked.prompts, Redactor(os.environ).exactly)
    bytes_ = asked.file.stat().st_size
    shown = str(asked.file)
    asked.show(
        lambda: stored_checks.render_exported(done, shown, bytes_, surface(asked.output)),
        lambda: stored_checks.exported_json(done, bytes_),
    )
    return ExitCode.NO_VERDICT if done.damaged else ExitCode.OK


def import_(project: Project, asked: Asked) -> ExitCode:
    """Take in the responses of a file, all of them or none.

    Raises:
        InputError: the file cannot be read, or is not a sound export.
        StoreError: the store cannot be written.
    """
    assert asked.file is not None
    shown = str(asked.file)
    try:
        file = asked.file.open("rb")
    except OSError as error:
        raise InputError(f"cannot read {shown}: {error.strerror}") from None
    with file:
        _check_export(file, shown)
        with opened_database(project.root) as connection:
            done = _taken_in(file, shown, connection)
    asked.show(
        lambda: stored_checks.render_imported(done, shown, surface(asked.output)),
        lambda: stored_checks.imported_json(done),
    )
    return ExitCode.OK


def _check_export(file: BinaryIO, shown: str) -> None:
    """Hold that a file can be an export at all, before a store is made to take it in.

    Raises:
        InputError: it is none, or cannot be read.
    """
    try:
        start = file.read(len(_GZIP))
        file.seek(0)
    except OSError as error:
        raise InputError(f"cannot read {shown}: {error.strerror}") from None
    if start and start != _GZIP:
        raise InputError(
            f"{shown} is no export of promptops; nothing was imported",
            hint="`promptops cache export FILE` makes such a file",
        )


def _taken_in(file: BinaryIO, shown: str, connection: StoreConnection) -> Imported:
    try:
        return import_from(file, shown, connection, Redactor(os.environ).exactly)
    except OSError as error:
        raise InputError(f"cannot read {shown}: {error.strerror}") from None


def _check_prompts(asked: Sequence[str], known: Sequence[str]) -> None:
    for name in asked:
        if name not in known:
            raise InputError(f"no response of {name!r} is kept", hint=did_you_mean(name, known))


@contextmanager
def _written(path: Path) -> Iterator[BinaryIO]:
    """A file that is there when all of it is written, and that only its owner can read."""
    place = Path(os.path.realpath(path))
    try:
        if place.is_dir():
            raise InputError(f"{path} is a folder", hint="name a file in it")
        handle, name = tempfile.mkstemp(prefix=f".{place.name}.", dir=place.parent)
    except OSError as error:
        raise InputError(f"cannot write {path}: {error.strerror}") from None
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(place)
    except OSError as error:
        raise NoVerdictError(f"cannot write {path}: {error.strerror}") from None
    finally:
        temporary.unlink(missing_ok=True)
