from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.measuring import Bench, can_measure


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Measures whole processes."""
    if not can_measure():
        pytest.skip("processor time and memory of children are read from POSIX's getrusage")
    bytecode: Path = tmp_path_factory.mktemp("bytecode")
    return Bench(bytecode)
