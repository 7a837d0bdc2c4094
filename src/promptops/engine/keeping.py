"""The store as drawing sees it."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Any

from promptops.store.store import Store
from promptops.values.account import Account
from promptops.values.request import canonical_json
from promptops.values.response import Response


class Keeping:
    """Responses, the claims on drawing them, and what they were priced by."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.find = store.responses.find

    def drawn_by(self, key: str, sample: int) -> str | None:
        return self._store.responses.drawn_by(key, sample)

    async def keep(self, key: str, sample: int, response: Response, account: Account) -> None:
        await self._store.responses.keep(key, sample, response, account)

    def lose(
        self, key: str, sample: int, account: Account, at_risk_usd: float | None
    ) -> Awaitable[None]:
        return self._store.responses.lose(key, sample, account, at_risk_usd)

    def keep_price(self, digest: str, model: str, entry: Mapping[str, Any]) -> None:
        self._store.prices.keep(digest, model, canonical_json(entry).decode())

    def take(self, key: str, sample: int) -> bool:
        return self._store.claims.take(key, sample)

    def release(self, key: str, sample: int) -> None:
        self._store.claims.release(key, sample)
