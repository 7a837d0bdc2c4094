"""A case: one row of a golden dataset."""

from __future__ import annotations

from typing import Any

import msgspec


class Case(msgspec.Struct, frozen=True):
    """One row: a stable id, its columns, and how it is to be counted.

    `columns` holds every column but the reserved ones (`id`, `tags`, `group`, `critical`).  A
    prompt sees only the columns that its `inputs` declare; scorers see them all.
    """

    id: str
    columns: dict[str, Any]
    tags: tuple[str, ...] = ()
    group: str | None = None
    """Cases that share a group are not independent (the same document, say)."""
    critical: bool = False
    """Gates by itself, whatever the average says."""
    line: int = 0
    """Where the row starts in its file, from 1; 0 where the format has no lines."""
