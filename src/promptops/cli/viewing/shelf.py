"""Pages that were made, as many as fit; each is made once, however many ask for it at a time."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

MOST_BYTES = 96_000_000
_MAKERS = 2


@dataclass(frozen=True, slots=True)
class Made:
    """A page, or a file to keep."""

    body: bytes
    content_type: str
    name: str = ""
    """Of the file; "" for a page."""
    status: int = 200


class Shelf:
    """Makes pages on threads of its own: a large one keeps nobody waiting for a small one."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._held: OrderedDict[Hashable, Made] = OrderedDict()
        self._size = 0
        self._under_way: dict[Hashable, asyncio.Future[Made]] = {}
        self._makers = ThreadPoolExecutor(_MAKERS, thread_name_prefix="promptops-view")

    async def get(self, key: Hashable | None, make: Callable[[], Made]) -> Made:
        """The page of a key, made by `make` where it is not held; without a key it never is."""
        loop = asyncio.get_running_loop()
        if key is None:
            return await loop.run_in_executor(self._makers, make)
        held = self._held.get(key)
        if held is not None:
            self._held.move_to_end(key)
            return held
        task = self._under_way.get(key)
        if task is None:
            task = loop.run_in_executor(self._makers, make)
            self._under_way[key] = task
            task.add_done_callback(lambda done: self._done(key, done))
        return await asyncio.shield(task)  # one who goes away takes it from nobody else

    def close(self) -> None:
        """Begin nothing new."""
        self._makers.shutdown(wait=False, cancel_futures=True)

    def _done(self, key: Hashable, task: asyncio.Future[Made]) -> None:
        self._under_way.pop(key, None)
        if task.cancelled() or task.exception() is not None:
            return
        made = task.result()
        if made.status != 200 or len(made.body) > self._most:
            return
        self._held[key] = made
        self._size += len(made.body)
        while self._size > self._most:
            _, gone = self._held.popitem(last=False)
            self._size -= len(gone.body)
