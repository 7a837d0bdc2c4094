"""The line to a collector: an HTTP session that knows how it fares."""

from __future__ import annotations

from typing import Any

import requests

DOWN_AFTER = 2
"""Failures in a row: when one connection fails, which may only have been kept too long, the
exporter makes another one at once."""


class Line(requests.Session):
    """Of one exporter, and used by one thread at a time."""

    def __init__(self) -> None:
        super().__init__()
        self._failed = 0
        self.trouble = ""
        """What went wrong the last time, in a word; empty where nothing did."""

    @property
    def down(self) -> bool:
        """Nobody is there: waiting will not help soon."""
        return self._failed >= DOWN_AFTER

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """As any session does."""
        try:
            response = super().request(*args, **kwargs)
        except requests.RequestException as error:
            self._failed += 1
            self.trouble = type(error).__name__
            raise
        self._failed = 0
        self.trouble = "" if response.ok else f"HTTP {response.status_code}"
        return response
