"""What differs between the dataset of a suite and the one that it had before."""

from __future__ import annotations

import hashlib
import re
import tempfile
from contextlib import ExitStack
from pathlib import Path, PurePosixPath

import msgspec

from promptops.datasets.loading import Dataset, open_dataset
from promptops.documents.lfs import POINTER
from promptops.errors import HistoryError, InputError
from promptops.history.past import Past
from promptops.values.case import Case
from promptops.values.gate import PartChange

MOST_CASES = 200_000
"""Of each side that are compared one by one."""
_OID = re.compile(rb"^oid sha256:([0-9a-f]{64})$", re.MULTILINE)


def dataset_change(path: str, place: Path, old_path: str, past: Past) -> PartChange | None:
    """How the cases of a file on disk differ from those of a file of that time; None: not at all.

    Both paths go from the root of the project.  The order of rows, their layout and the format of
    the file make no difference.

    Raises:
        InputError: the dataset on disk is wrong.
    """
    if past.same(old_path, place):
        return None
    try:
        data = past.data(old_path)
    except HistoryError as error:
        return PartChange("dataset", f"the bytes changed; not compared: {error.message}", path)
    if data is None:
        return PartChange("dataset", "the dataset is new", path)
    if data.startswith(POINTER):
        return _beside_pointer(data, path, place)
    told = _compared(path, place, old_path, data)
    return PartChange("dataset", told, path) if told else None


def _compared(path: str, place: Path, old_path: str, data: bytes) -> str:
    """How the cases differ, in words; "" where they do not."""
    with ExitStack() as held:
        new = held.enter_context(open_dataset(place, display=path))
        folder = held.enter_context(tempfile.TemporaryDirectory(prefix="promptops-"))
        copy = Path(folder) / f"before{PurePosixPath(old_path).suffix}"
        copy.write_bytes(data)
        try:
            old = held.enter_context(open_dataset(copy, display=old_path))
        except InputError as error:
            return f"the dataset changed; the one before cannot be read: {error.message}"
        return "" if old.fingerprint == new.fingerprint else _counted(old, new)


def _beside_pointer(data: bytes, path: str, place: Path) -> PartChange | None:
    """What Git LFS keeps is known by its hash alone."""
    found = _OID.search(data)
    with place.open("rb") as file:
        here = hashlib.file_digest(file, "sha256").hexdigest()
    if found and found[1].decode() == here:
        return None
    return PartChange("dataset", "the dataset changed (before, it lies in Git LFS)", path)


def _counted(old: Dataset, new: Dataset) -> str:
    """`3 cases added, 1 changed, 1 removed`."""
    if max(len(old), len(new)) > MOST_CASES:
        return f"the dataset changed: {len(old):,} → {len(new):,} cases"
    before = {name: at for at, name in enumerate(old.ids)}
    kept = [(before[name], at) for at, name in enumerate(new.ids) if name in before]
    changed = sum(_meant(old.case(one)) != _meant(new.case(other)) for one, other in kept)
    counts = {
        "added": len(new) - len(kept),
        "changed": changed,
        "removed": len(old) - len(kept),
    }
    told = [f"{count:,} {what}" for what, count in counts.items() if count]
    first = next(iter(count for count in counts.values() if count), 0)
    return ", ".join(told).replace(" ", " case " if first == 1 else " cases ", 1)


def _meant(case: Case) -> Case:
    """Without its place in the file, and its tags in any order."""
    return msgspec.structs.replace(case, line=0, tags=tuple(sorted(case.tags)))
