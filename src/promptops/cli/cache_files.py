"""Responses to a file and from one: `promptops cache export` and `import`."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from promptops.cli.cache_asked import Asked, has_store, opened
from promptops.cli.output import surface
from promptops.cli.project import Project
from promptops.errors import ExitCode, InputError, NoVerdictError, did_you_mean
from promptops.models.redaction import Redactor
from promptops.reports import stored_checks
from promptops.store.archive import export_to, prompts_in
from promptops.store.archive_reading import import_from


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
    with opened(project) as connection:
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
    with file, opened(project) as connection:
        try:
            done = import_from(file, shown, connection, Redactor(os.environ).exactly)
        except OSError as error:
            raise InputError(f"cannot read {shown}: {error.strerror}") from None
    asked.show(
        lambda: stored_checks.render_imported(done, shown, surface(asked.output)),
        lambda: stored_checks.imported_json(done),
    )
    return ExitCode.OK


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
