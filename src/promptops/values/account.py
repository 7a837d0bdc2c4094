"""On whose account a call is made: what spending is added up by."""

from __future__ import annotations

from typing import Literal

import msgspec

Purpose = Literal["sample", "judge", "embedding"]


class Account(msgspec.Struct, frozen=True):
    """Who asked for a response, and what for."""

    run: str
    suite: str
    purpose: Purpose
    prompt: str
    """The prompt that was rendered: the one under test, or a judge's; for an embedding, the name of
    the scorer that wanted it."""
    version: int
    """Its author's number; 0 where there is no prompt."""
    digest: str
    """Of its meaning; empty where there is no prompt."""
    model: str
