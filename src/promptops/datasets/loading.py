"""A dataset file into a `Dataset`, strictly: each row is read once, checked and spooled."""

from __future__ import annotations

import stat
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from promptops.datasets.dataset import Dataset
from promptops.datasets.discovery import format_names, format_of
from promptops.datasets.reserved import NEAR_RESERVED, RowError, case_of
from promptops.datasets.spool import Spool, TooLargeError
from promptops.datasets.text import too_large
from promptops.documents.lfs import POINTER, LfsPointerError
from promptops.errors import InputError, InputErrors, Location, did_you_mean

__all__ = ["Dataset", "open_dataset"]

_MOST_ERRORS = 20


def open_dataset(place: Path, *, display: str) -> Dataset:
    """Read a whole dataset file; the format is that of its extension.

    `display` is the file's name in messages.  Close the dataset, or use it in a `with`.

    Raises:
        InputError: at the line of what is wrong: no such file, no row, a row that is no case, two
            rows with one id, a Git LFS pointer in place of the data.
        StoreError: the temporary folder is full.
    """
    format_ = format_of(display)
    _check_file(place, display)
    spool = Spool()
    try:
        rows = format_.rows(place, display)
        notes = _fill(spool, rows, display)
        return Dataset(spool, _sorted_by_id(spool, display), display, notes)
    except BaseException as error:
        spool.close()
        if isinstance(error, OSError):
            raise _unreadable(error, display) from None
        raise


def _check_file(place: Path, display: str) -> None:
    try:
        if not stat.S_ISREG(place.stat().st_mode):
            raise InputError("not a regular file", location=Location(display))
        with place.open("rb") as file:
            head = file.read(len(POINTER))
    except FileNotFoundError:
        raise _missing(place, display) from None
    except OSError as error:
        raise _unreadable(error, display) from None
    if head == POINTER:
        raise LfsPointerError(display)


def _missing(place: Path, display: str) -> InputError:
    endings = tuple(f".{name}" for name in format_names())
    try:
        near = [each.name for each in place.parent.iterdir() if each.name.endswith(endings)]
    except OSError:
        near = []
    return InputError(
        "no such dataset", location=Location(display), hint=did_you_mean(place.name, near)
    )


def _unreadable(error: OSError, display: str) -> InputError:
    return InputError(
        f"cannot read the file: {error.strerror or error}", location=Location(display)
    )


def _fill(spool: Spool, rows: Iterator[tuple[int, Any]], display: str) -> list[str]:
    """Spool every row; answers the notes."""
    derived = 0
    near: set[str] = set()
    for line, row in rows:
        try:
            case, is_derived = case_of(row, line)
            spool.append(case)
        except RowError as error:
            where, which = _where(display, line, len(spool))
            raise InputError(which + error.message, location=where, hint=error.hint) from None
        except TooLargeError:
            raise too_large(_where(display, line, len(spool))[0]) from None
        derived += is_derived
        near |= NEAR_RESERVED.keys() & row.keys()
    if not len(spool):
        raise InputError(
            "no cases in the dataset", location=Location(display), hint="add at least one row"
        )
    spool.finish()
    notes = [
        f"column {name!r} is an ordinary column; the reserved one is {NEAR_RESERVED[name]!r}"
        for name in sorted(near)
    ]
    if derived:
        notes.insert(
            0,
            f"{derived:,} of {len(spool):,} cases have no id of their own: theirs were derived from"
            " their content, and change when it does",
        )
    return notes


def _where(display: str, line: int, index: int) -> tuple[Location, str]:
    """The place of a row, and words for it where the format has no lines."""
    return Location(display, line), "" if line else f"row {index + 1:,}: "


def _sorted_by_id(spool: Spool, display: str) -> array[int]:
    """The indices of all cases in the order of their ids.

    Raises:
        InputError: two cases have one id; with the lines of both.
    """
    order = array("I", sorted(range(len(spool)), key=spool.ids.raw))
    errors: list[InputError] = []
    first = order[0]
    for index in order[1:]:
        if spool.ids.raw(index) != spool.ids.raw(first):
            first = index
        elif len(errors) < _MOST_ERRORS:
            errors.append(_duplicate(spool, first, index, display))
    if errors:
        errors.sort(key=lambda error: error.location.line if error.location else 0)
        raise errors[0] if len(errors) == 1 else InputErrors(errors)
    return order


def _duplicate(spool: Spool, first: int, second: int, display: str) -> InputError:
    where, which = _where(display, spool.lines[second], second)
    unit, place = ("line", spool.lines[first]) if spool.lines[first] else ("row", first + 1)
    one, two = spool.read(first), spool.read(second)
    if one.columns == two.columns:
        return InputError(
            f"{which}the same case as on {unit} {place} (id {two.id!r})",
            location=where,
            hint="remove one of them, or give each an id of its own",
        )
    return InputError(
        f"{which}duplicate id {two.id!r} (first on {unit} {place})",
        location=where,
        hint="give each case an id of its own",
    )
