"""What a provider says of its limits, in the headers of its answers."""

from __future__ import annotations

import msgspec


class Quota(msgspec.Struct, frozen=True):
    """Requests and tokens that a provider allows. None: it did not say."""

    requests_limit: int | None = None
    """Requests a minute."""
    requests_remaining: int | None = None
    requests_reset_seconds: float | None = None
    """Seconds, from when the answer came, until the limit is whole again."""
    tokens_limit: int | None = None
    """Tokens a minute."""
    tokens_remaining: int | None = None
    tokens_reset_seconds: float | None = None
    """Seconds, from when the answer came, until the limit is whole again."""
