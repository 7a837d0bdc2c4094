"""What an answer of GitHub's means: done, later again, or refused, and how to mend that."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec

from promptops.errors import InputError, NoVerdictError, PromptopsError

_SHOWN = 200
_DOWN = {500, 502, 503, 504}
_LIMITED_SECONDS = 60.0
"""What GitHub wants to be left alone for where it limits and does not say how long."""
_GONE = {404, 410}


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer, read to its end."""

    status: int
    headers: httpx.Headers
    data: bytes

    @property
    def message(self) -> str:
        """GitHub's own words on what went wrong; "" where it has none, or sent a page."""
        try:
            value: Any = msgspec.json.decode(self.data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return ""
        said = value.get("message") if isinstance(value, dict) else None
        return " ".join(said.split())[:_SHOWN] if isinstance(said, str) else ""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why the same request may succeed later."""

    words: str
    undone: bool = False
    """Nothing was done, for sure; else nobody knows."""
    seconds: float | None = None
    """How long GitHub asks to wait; None where it does not say."""


def trouble_of(reply: Reply, now: float | None = None) -> Trouble | None:
    """What may pass by itself; None where the answer is final.

    `now` is in seconds since 1970, as `x-ratelimit-reset` is.
    """
    if reply.status in _DOWN:
        return Trouble(f"GitHub answers {reply.status}", seconds=_retry_after(reply))
    if reply.status not in {403, 429}:
        return None
    wait = _retry_after(reply)
    if wait is None and reply.headers.get("x-ratelimit-remaining") == "0":
        wait = _until(reply, time.time() if now is None else now)
    said = reply.message.lower()
    if reply.status == 429 or wait is not None or "rate limit" in said or "abuse" in said:
        words = "GitHub limits how often it may be asked"
        return Trouble(words, undone=True, seconds=_LIMITED_SECONDS if wait is None else wait)
    return None


def refusal(reply: Reply, method: str, path: str) -> PromptopsError:
    """The error for an answer that is final and no success."""
    asked = f"{method} {path}"
    said = f": {reply.message}" if reply.message else ""
    if reply.status == 401:
        return InputError(
            f"GitHub does not accept the token{said}", hint="set GITHUB_TOKEN in the step's env"
        )
    if reply.status == 403:
        return InputError(f"{asked} is not allowed{said}", hint=_permission(reply))
    if reply.status in _GONE:
        return InputError(
            f"{asked}: there is no such thing, or the token may not see it{said}",
            hint=_permission(reply),
        )
    if 300 <= reply.status < 400:
        return InputError(
            f"{asked}: GitHub answers from elsewhere ({reply.status})",
            hint="was the repository renamed? GITHUB_REPOSITORY and GITHUB_API_URL say where it is",
        )
    if 400 <= reply.status < 500:
        return InputError(f"{asked}: GitHub answers {reply.status}{said}")
    return NoVerdictError(f"{asked}: GitHub answers {reply.status}{said}")


def _permission(reply: Reply) -> str:
    """What the workflow has to grant. GitHub names it in a header."""
    named = reply.headers.get("x-accepted-github-permissions", "")
    ways = [_granted(way) for way in named.split(";") if way.strip()]
    if not ways:
        return "the job needs  permissions: {actions: read, pull-requests: write}"
    return "the job needs  permissions: " + "  or  ".join(ways)


def _granted(way: str) -> str:
    pairs = (pair.strip().split("=", 1) for pair in way[:_SHOWN].split(","))
    granted = [f"{pair[0].replace('_', '-')}: {pair[1]}" for pair in pairs if len(pair) == 2]
    return "{" + ", ".join(granted) + "}"


def _retry_after(reply: Reply) -> float | None:
    text = reply.headers.get("retry-after", "").strip()
    return float(text) if text.isascii() and text.isdecimal() and len(text) < 9 else None


def _until(reply: Reply, now: float) -> float | None:
    text = reply.headers.get("x-ratelimit-reset", "").strip()
    if not (text.isascii() and text.isdecimal() and len(text) < 13):
        return None
    return max(0.0, float(text) - now) + 1.0
