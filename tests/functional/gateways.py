"""A gateway on a loop of its own, before a loopback server."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar

from promptops.models.model import Model
from promptops.models.opening import open_model
from promptops.values.price import StatedPrice
from tests.loopback import Loopback, Script

T = TypeVar("T")


def run(
    script: Script,
    use: Callable[[Model, Loopback], Coroutine[Any, Any, T]],
    *,
    environ: Callable[[Loopback], dict[str, str]] | None = None,
    prices: Mapping[str, StatedPrice] | None = None,
) -> T:
    """What `use` comes to; the gateway is closed as a command would close it."""

    async def inner(server: Loopback) -> T:
        model = open_model(prices=prices)
        try:
            return await use(model, server)
        finally:
            await model.close()

    with Loopback(script) as server:
        kept = dict(os.environ)
        os.environ.update(environ(server) if environ else server.environ)
        try:
            return asyncio.run(inner(server))
        finally:
            os.environ.clear()
            os.environ.update(kept)
