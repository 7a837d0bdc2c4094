"""Whose labels they are."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from promptops.errors import InputError
from promptops.history.person import user_name
from promptops.labels.files import name_problem

_VARIABLES = ("USER", "LOGNAME", "USERNAME")


@dataclass(frozen=True, slots=True)
class Reviewer:
    """A name, and where it is from."""

    name: str
    source: str


def reviewer_of(asked: str | None, root: Path, environ: Mapping[str, str]) -> Reviewer:
    """The reviewer that was named, else git's `user.name`, else the user of this machine.

    Raises:
        InputError: there is none, or it is no name for a file that others read.
    """
    if asked is not None:
        return _checked(asked, "--reviewer")
    name = user_name(root)
    if name is not None:
        return _checked(name, "git's user.name")
    for variable in _VARIABLES:
        if environ.get(variable, "").strip():
            return _checked(environ[variable], f"the variable {variable}")
    raise InputError(
        "nobody knows whose labels these are",
        hint="--reviewer NAME, or git config user.name NAME",
    )


def _checked(name: str, source: str) -> Reviewer:
    clean = unicodedata.normalize("NFC", " ".join(name.split()))
    if problem := name_problem(clean):
        raise InputError(f"the reviewer's name (from {source}) {problem}", hint="--reviewer NAME")
    return Reviewer(clean, source)
