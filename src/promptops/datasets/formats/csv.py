"""Comma-separated values."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from promptops.datasets.delimited import delimited_rows


def rows(place: Path, display: str) -> Iterator[tuple[int, Any]]:
    """Yield the line where each record starts, and the record."""
    return delimited_rows(place, display, ",")
