"""The store of a project: what outlives the process."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from promptops.store.begun import Begun
from promptops.store.case_texts import CaseTexts
from promptops.store.claims import Claims
from promptops.store.comparisons import Comparisons
from promptops.store.database import FOLDER, DamagedError, StoreConnection
from promptops.store.details import DetailsOfRuns
from promptops.store.ledger import Ledger
from promptops.store.opening import mended_after, open_database
from promptops.store.price_entries import PriceEntries
from promptops.store.prompt_texts import PromptTexts
from promptops.store.reading import Onlooker, open_to_read
from promptops.store.responses import Responses
from promptops.store.runs import Runs


class Store:
    """Responses, runs and what they cost, below `<root>/.promptops`.

    Responses have connections of their own, so that their commits never wait inside a transaction
    that writes a run, and a look for one never waits for a commit.  Use as a context manager: what
    is found damaged within is mended at its end, and the error says so.

    Raises:
        StoreError: the folder or file cannot be used, or it was damaged and has just been mended.
    """

    def __init__(self, root: Path, *, reading: bool = False) -> None:
        """`reading`: nothing will be written, so the folder may be read-only, or not there."""
        self._root = root
        with ExitStack() as opened:
            if reading:
                log = paid = kept = open_to_read(root)
                opened.callback(log.close)
                self.claims: Claims = Onlooker(root / FOLDER)
            else:
                log, paid, kept = (_opened(root, opened) for _ in range(3))
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
        self.prompt_texts = PromptTexts(log)
        self.case_texts = CaseTexts(log)
        self.details = DetailsOfRuns(log, self.runs, self.prompt_texts, self.case_texts)

    def close(self) -> None:
        """Wait for what is being written, and close the file."""
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self.close()
        if isinstance(error, DamagedError):
            told = mended_after(self._root, error)
            if told is not error:
                raise told from None


def _opened(root: Path, held: ExitStack) -> StoreConnection:
    connection = open_database(root)
    held.callback(connection.close)
    return connection
