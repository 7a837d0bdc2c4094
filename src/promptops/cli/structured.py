"""What a command found, as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from promptops.cli.output import emit
from promptops.reports.encoding import encode


def emit_json(value: Any, output: Path | None = None) -> None:
    """Write a value as indented JSON, UTF-8, inert wherever it is shown."""
    emit(encode(value), output, machine=True)
