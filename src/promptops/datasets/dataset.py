"""A dataset: its cases by index, its ids, its fingerprint."""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import Self

from promptops.datasets.ids import ChosenIds
from promptops.datasets.spool import Spool
from promptops.errors import InputError, Location, did_you_mean
from promptops.values.case import Case

_MOST_IDS_TO_COMPARE = 5000


class Dataset:
    """Cases in file order, read one at a time; a context manager.

    `select` answers a view of some of them, which lives as long as the dataset it comes from.
    Not for several threads at once.
    """

    def __init__(
        self,
        spool: Spool,
        by_id: array[int],
        display: str,
        notes: list[str],
        chosen: array[int] | None = None,
    ) -> None:
        self._spool = spool
        self._by_id = by_id
        self._chosen = chosen
        self._fingerprint: str | None = None
        self.display = display
        """The name of the file, for messages."""
        self.notes = notes
        """What a person should know of how it was read."""

    def __len__(self) -> int:
        return len(self._spool) if self._chosen is None else len(self._chosen)

    def __iter__(self) -> Iterator[Case]:
        return (self.case(index) for index in range(len(self)))

    @property
    def ids(self) -> Sequence[str]:
        """The ids, in the order of the cases."""
        return self._spool.ids if self._chosen is None else ChosenIds(self._spool.ids, self._chosen)

    def case(self, index: int) -> Case:
        """The case at an index from 0.

        Raises:
            IndexError: there is none.
        """
        return self._spool.read(self._place(index))

    def tags_of(self, index: int) -> tuple[str, ...]:
        """The tags of a case, without reading it."""
        return self._spool.tag_sets[self._spool.tag_set_of[self._place(index)]]

    def is_critical(self, index: int) -> bool:
        """Whether a case gates by itself, without reading it."""
        return bool(self._spool.critical[self._place(index)])

    @property
    def tags(self) -> list[str]:
        """Every tag that some case has, sorted."""
        if self._chosen is None:
            sets: Iterable[tuple[str, ...]] = self._spool.tag_sets
        else:
            sets = {self.tags_of(index) for index in range(len(self))}
        return sorted({tag for tags in sets for tag in tags})

    def index_of(self, case_id: str) -> int:
        """The index of the case with an id.

        Raises:
            InputError: there is none; with the nearest id as a hint.
        """
        wanted = case_id.encode(errors="replace")
        found = bisect_left(self._by_id, wanted, key=self._raw_id)
        if found < len(self._by_id) and self._raw_id(self._by_id[found]) == wanted:
            return self._by_id[found]
        known = self.ids[:_MOST_IDS_TO_COMPARE]
        raise InputError(
            f"no case {case_id!r} in the dataset",
            location=Location(self.display),
            hint=did_you_mean(case_id, known),
        )

    @property
    def fingerprint(self) -> str:
        """SHA-256, as 64 hex digits, of the cases as a set.

        The order of rows, columns and tags, the layout and the file format do not enter.
        """
        if self._fingerprint is None:
            total = hashlib.sha256()
            for index in self._by_id:
                total.update(self._spool.digest(self._place(index)))
            self._fingerprint = total.hexdigest()
        return self._fingerprint

    def select(self, indices: Iterable[int]) -> Dataset:
        """A view of the cases at these indices, in this order, each at most once."""
        chosen = array("I", (self._place(index) for index in indices))
        if len(set(chosen)) != len(chosen):
            raise ValueError("an index is given twice")
        by_id = array(
            "I", sorted(range(len(chosen)), key=lambda at: self._spool.ids.raw(chosen[at]))
        )
        return _View(self._spool, by_id, self.display, self.notes, chosen)

    def close(self) -> None:
        """Let the temporary file go. Cases can no longer be read; may be called again."""
        self._spool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _raw_id(self, index: int) -> bytes:
        return self._spool.ids.raw(self._place(index))

    def _place(self, index: int) -> int:
        """Where in the spool the case at an index stands."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        return index if self._chosen is None else self._chosen[index]


class _View(Dataset):
    """Some of a dataset's cases. Closing it closes nothing: the dataset is another's."""

    def close(self) -> None:
        pass
