"""The store of a project: what outlives the process."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

from promptops.store.comparisons import Comparisons
from promptops.store.database import open_database
from promptops.store.responses import Responses
from promptops.store.runs import Runs


class Store:
    """Responses and runs below `<root>/.promptops`.

    Responses have a connection of their own, so that their commits never wait inside a transaction
    that writes a run.  Use as a context manager.

    Raises:
        StoreError: the folder or file cannot be used.
    """

    def __init__(self, root: Path) -> None:
        self._paid = open_database(root)
        self._log = open_database(root)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="promptops-store")
        self.responses = Responses(self._paid, self._writer)
        self.runs = Runs(self._log)
        self.comparisons = Comparisons(self._log)

    def close(self) -> None:
        """Wait for what is being written, and close the file."""
        self._writer.shutdown(wait=True)
        self._paid.close()
        self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
