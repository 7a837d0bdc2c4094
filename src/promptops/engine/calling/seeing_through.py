"""Seeing through what has been begun."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def see_through(
    work: Coroutine[Any, Any, T], on_interrupt: Callable[[], None] | None = None
) -> tuple[T, bool]:
    """The result of `work`, and whether it was cancelled meanwhile.

    A first cancellation is noted, told to `on_interrupt` and waited out: what was sent is paid for,
    and what is being written is wanted.  A second one ends the work.

    Raises:
        asyncio.CancelledError: it was cancelled twice, or the work itself was.
    """
    task = asyncio.ensure_future(work)
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
