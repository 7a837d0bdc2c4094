"""How long ago: `30d`, `12h`, or a date, as a moment in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from promptops.errors import InputError

_AGE = re.compile(r"(\d{1,6})([hdwy])\Z", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?)?Z?\Z", re.ASCII)
_HOURS = {"h": 1, "d": 24, "w": 7 * 24, "y": 365 * 24}


def moment(option: str, text: str, now: datetime) -> str:
    """The moment that an option names, as the store writes it (`2026-05-01T00:00:00+00:00`).

    Raises:
        InputError: it is neither an age nor a date, or lies before the year 1 or ahead of `now`.
    """
    try:
        found = _found(text, now)
    except (ValueError, OverflowError):
        raise InputError(
            f"{option} {text}: neither an age nor a date",
            hint="such as 12h, 30d, 8w, 1y, or 2026-05-01 (UTC)",
        ) from None
    if found > now:
        raise InputError(f"{option} {text}: that is yet to come")
    return found.astimezone(UTC).isoformat(timespec="seconds")


def _found(text: str, now: datetime) -> datetime:
    age = _AGE.match(text)
    if age:
        return now - timedelta(hours=int(age[1]) * _HOURS[age[2]])
    if not _DATE.match(text):
        raise ValueError(text)
    return datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=UTC)
