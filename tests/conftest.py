from __future__ import annotations

import pytest

_LIMITED = ("faults", "benchmarks")


@pytest.fixture(autouse=True)
def _unmeasured(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a process is held to a limit of time or memory, its lines are not counted."""
    if any(part in _LIMITED for part in request.path.parts):
        for name in ("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG"):
            monkeypatch.delenv(name, raising=False)
