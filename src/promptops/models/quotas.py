"""What the headers of an answer say of a provider's limits.

OpenAI and those that follow it send `x-ratelimit-*`, with resets as durations ("6m0s", "20ms");
Anthropic sends `anthropic-ratelimit-*`, with resets as times (RFC 3339).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from promptops.values.quota import Quota

_PASSED_ON = "llm_provider-"
"""What litellm writes before a header's own name."""
_DURATION = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?(?:ms|us|µs|ns|[dhms])\s*)+")
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|us|µs|ns|[dhms])")
_SECONDS = {
    "d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9,
}  # fmt: skip
_LARGEST = 10**12
_LONGEST_SECONDS = 32 * 86400.0
"""A larger bare number is a time, and nothing says of which clock."""
_LONGEST = 40
"""Characters of a value that is read."""
_BY_THE_DAY = frozenset({"groq"})
"""Providers whose limit of requests is one of a day."""

# The names of a field, the surest first.
_ANTHROPIC = "anthropic-ratelimit"
_FIELDS = {
    "requests_limit": (
        "x-ratelimit-limit-requests",
        "x-ratelimit-limit-req-minute",
        f"{_ANTHROPIC}-requests-limit",
    ),
    "requests_remaining": (
        "x-ratelimit-remaining-requests",
        "x-ratelimit-remaining-req-minute",
        f"{_ANTHROPIC}-requests-remaining",
    ),
    "requests_reset_seconds": (
        "x-ratelimit-reset-requests",
        f"{_ANTHROPIC}-requests-reset",
    ),
    "tokens_limit": (
        "x-ratelimit-limit-tokens",
        "x-ratelimit-limit-tokens-minute",
        f"{_ANTHROPIC}-tokens-limit",
        f"{_ANTHROPIC}-input-tokens-limit",
    ),
    "tokens_remaining": (
        "x-ratelimit-remaining-tokens",
        "x-ratelimit-remaining-tokens-minute",
        f"{_ANTHROPIC}-tokens-remaining",
        f"{_ANTHROPIC}-input-tokens-remaining",
    ),
    "tokens_reset_seconds": (
        "x-ratelimit-reset-tokens",
        f"{_ANTHROPIC}-tokens-reset",
        f"{_ANTHROPIC}-input-tokens-reset",
    ),
}


def read_quota(
    headers: Mapping[str, Any], provider: str = "", now: datetime | None = None
) -> Quota | None:
    """The limits that headers state, names in lower case; None where they state none.

    Headers may be as they came or as litellm passes them on.  What makes no sense is left out.
    """
    if not any("ratelimit" in name for name in headers):
        return None
    found: dict[str, Any] = {}
    for field, names in _FIELDS.items():
        text = next((text for name in names if (text := _header(headers, name))), "")
        read = _seconds(text, now) if field.endswith("seconds") else _count(text)
        if read is not None:
            found[field] = read
    if provider in _BY_THE_DAY:
        found.pop("requests_limit", None)
    return Quota(**found) if found else None


def duration(text: str) -> float | None:
    """Seconds in a text such as `6m0s`, `20ms` or `1.5`; None where it is none."""
    bare = text.strip()[:_LONGEST].lower()
    if _DURATION.fullmatch(bare):
        return sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(bare))
    try:
        seconds = float(bare)
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and 0 <= seconds < _LONGEST_SECONDS else None


def _header(headers: Mapping[str, Any], name: str) -> str:
    value = headers.get(name)
    if value is None:
        value = headers.get(_PASSED_ON + name)
    return "" if value is None else str(value)[:_LONGEST].strip()


def _count(text: str) -> int | None:
    if not (text.isascii() and text.isdigit()):
        return None
    number = int(text)
    return number if number < _LARGEST else None


def _seconds(text: str, now: datetime | None) -> float | None:
    if not text:
        return None
    seconds = duration(text)
    if seconds is not None:
        return seconds
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0.0, (when - (now or datetime.now(UTC))).total_seconds())
