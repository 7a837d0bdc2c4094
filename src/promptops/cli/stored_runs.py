"""Reports out of the store. Imported only where there is one."""

from __future__ import annotations

from pathlib import Path

from promptops.cli.output import note
from promptops.errors import StoreError
from promptops.store.store import Store
from promptops.values.report import Report

MOST_RUNS = 500


def read(root: Path, prompt: str) -> list[Report]:
    """Reports of the newest runs of a prompt, newest first.

    A store that cannot be read is told of, and is no reason to show nothing.
    """
    try:
        with Store(root) as store:
            return [each.report for each in store.runs.newest(prompt=prompt, limit=MOST_RUNS)]
    except StoreError as error:
        note(f"scores of earlier runs are left out: {error}")
        return []
