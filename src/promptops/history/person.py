"""Who sits at the keyboard, as git knows them."""

from __future__ import annotations

from pathlib import Path

from promptops.errors import HistoryError
from promptops.history import processes


def user_name(folder: Path) -> str | None:
    """What git has for `user.name` as it holds in a folder; None where there is none, or no git."""
    try:
        status, out = processes.run(folder, "config", "--get", "user.name", allowed=(0, 1))
    except HistoryError:
        return None
    name = out.decode("utf-8", "replace").strip()
    return name if status == 0 and name else None
