"""What the engine, the scorers and the commands ask of whatever answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from promptops.values.quota import Quota
from promptops.values.request import Request
from promptops.values.response import Outcome


class Model(Protocol):
    """One attempt per call: retries, limits and budgets are the engine's."""

    async def prepare(self, models: Iterable[str]) -> None:
        """Make ready what runs here (load weights, fetch them on first use).

        Raises:
            InputError: a model is unknown, or cannot be made ready.
        """
        ...

    async def respond(
        self, request: Request, *, index: int = 0, deadline_seconds: float = 120.0
    ) -> Outcome:
        """Ask once.

        `index` says which draw of the same request this is; models that run here seed their
        sampling from it where the request has no seed.  `deadline_seconds` bounds the whole call.

        Raises:
            InputError: the request can never be asked of this model; nothing was spent.
        """
        ...

    async def embed(self, model: str, text: str, *, deadline_seconds: float = 120.0) -> Outcome:
        """Ask once for the vector of a text: the response's content, as a JSON list of numbers.

        Raises:
            InputError: the model cannot embed.
        """
        ...

    def quota(self, model: str) -> Quota | None:
        """What the provider's headers last said of its limits; None where they said nothing."""
        ...

    def price_entry(self, price: str) -> dict[str, Any] | None:
        """The entry of a price list that a response's `price` is the digest of.

        None for one by which nothing was worked out here.
        """
        ...

    def count_tokens(self, request: Request) -> int:
        """Tokens of the rendered request: exact for models that run here, else litellm's count."""
        ...

    async def close(self) -> None:
        """Let go of connections, threads and loaded weights. Safe to call twice."""
        ...
