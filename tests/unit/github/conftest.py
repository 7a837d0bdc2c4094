from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.functional.github_desk import Desk


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with Desk() as desk:
        yield desk
