"""The store of a project: what outlives the process."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from promptops.store.begun import Begun
from promptops.store.claims import Claims
from promptops.store.comparisons import Comparisons
from promptops.store.database import FOLDER
from promptops.store.ledger import Ledger
from promptops.store.opening import open_database
from promptops.store.price_entries import PriceEntries
from promptops.store.responses import Responses
from promptops.store.runs import Runs


class Store:
    """Responses, runs and what they cost, below `<root>/.promptops`.

    Responses have connections of their own, so that their commits never wait inside a transaction
    that writes a run, and a look for one never waits for a commit.  Use as a context manager.

    Raises:
        StoreError: the folder or file cannot be used, or it was damaged and has just been mended.
    """

    def __init__(self, root: Path) -> None:
        with ExitStack() as opened:
            log = open_database(root)
            opened.callback(log.close)
            paid = open_database(root)
            opened.callback(paid.close)
            kept = open_database(root)
            opened.callback(kept.close)
            self.claims = Claims(root / FOLDER)
            opened.callback(self.claims.close)
            writer = ThreadPoolExecutor(1, thread_name_prefix="promptops-store")
            opened.callback(writer.shutdown)  # first of all: it waits for what is being written
            self._opened = opened.pop_all()
        self.responses = Responses(kept, paid, writer)
        self.runs = Runs(log)
        self.comparisons = Comparisons(log)
        self.ledger = Ledger(log)
        self.prices = PriceEntries(log)
        self.begun = Begun(log, self.claims)

    def close(self) -> None:
        """Wait for what is being written, and close the file."""
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
