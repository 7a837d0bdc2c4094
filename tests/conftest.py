from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _unmeasured_children(monkeypatch: pytest.MonkeyPatch) -> None:
    """Coverage is taken of the tests' own process: a child is held to limits of its own, of time,
    of memory and of what it imports.
    """
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
