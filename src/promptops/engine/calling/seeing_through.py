"""Seeing through what has been begun."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def see_through(
    task: asyncio.Future[T], on_interrupt: Callable[[], None] | None = None
) -> tuple[T, bool]:
    """The result of `task`, and whether whoever waits here was cancelled meanwhile.

    A first cancellation is told to `on_interrupt` and waited out: what was sent is paid for.  A
    second one ends the task.

    Raises:
        asyncio.CancelledError: it was cancelled twice, or the task itself was.
    """
    try:
        return await asyncio.shield(task), False
    except asyncio.CancelledError:
        if task.cancelled():
            raise
    if on_interrupt is not None:
        on_interrupt()
    try:
        return await asyncio.shield(task), True
    except asyncio.CancelledError:
        task.cancel()
        raise
