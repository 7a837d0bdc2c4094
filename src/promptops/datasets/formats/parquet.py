"""Parquet, read in batches. Dates become ISO text and decimals their digits; bytes are refused."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from promptops.errors import InputError, Location

_BATCH_ROWS = 1000


def rows(place: Path, display: str) -> Iterator[tuple[int, Any]]:
    """Yield 0, as there are no lines, and each row."""
    try:
        with parquet.ParquetFile(place) as file:
            names = file.schema_arrow.names
            if len(set(names)) != len(names):
                raise InputError("two columns share a name", location=Location(display))
            for batch in file.iter_batches(batch_size=_BATCH_ROWS):
                for row in batch.to_pylist():
                    yield 0, {name: _plain(value, name, display) for name, value in row.items()}
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"not a parquet file: {reason}", location=Location(display)) from None


def _plain(value: Any, name: str, display: str) -> Any:
    """A value as JSON would have it."""
    if isinstance(value, (list, tuple)):
        return [_plain(each, name, display) for each in value]
    if isinstance(value, dict):
        return {key: _plain(each, name, display) for key, each in value.items()}
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return str(value)
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    raise InputError(
        f"column {name!r} holds {type(value).__name__}, which is neither text nor number",
        location=Location(display),
    )
