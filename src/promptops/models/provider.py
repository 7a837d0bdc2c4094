"""What a file under `providers/` must hold: `open_provider() -> Provider`."""

from __future__ import annotations

from typing import Any, Protocol


class ProviderError(Exception):
    """The provider cannot answer this request; `status` is what HTTP would have said."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status_code = status
        self.message = message


class Provider(Protocol):
    """Models that run inside this process. Made once per process; heavy things are made lazily."""

    models: tuple[str, ...]
    """Full model strings, prefix included."""
    parallel: int
    """How many calls it works at together; more wait outside their deadline."""

    def identity(self, model: str) -> str:
        """What exactly answers (its weights), for the key of stored responses. Never raises."""
        ...

    def check_model(self, model: str) -> None:
        """Raises InputError when there is no such model, or its extra is not installed."""
        ...

    def check_body(self, body: dict[str, Any]) -> None:
        """Raises InputError when a parameter is unknown to it."""
        ...

    def prepare(self, model: str) -> None:
        """Load it. Blocks; called from a thread. Raises InputError when it cannot be made ready."""
        ...

    async def complete(
        self, model: str, body: dict[str, Any], *, index: int, deadline_seconds: float
    ) -> dict[str, Any]:
        """Answer an OpenAI chat-completions body with one of the same format.

        Cancelling the call must stop the work soon.

        Raises:
            ProviderError: it cannot be answered.
        """
        ...

    def count_tokens(self, model: str, body: dict[str, Any]) -> int:
        """Exact length of the prompt in tokens."""
        ...

    def close(self) -> None:
        """Let go of everything; a later call may load it again."""
        ...
