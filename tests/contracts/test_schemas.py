"""The JSON Schemas in this repository are those that the program prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptops.cli.main import main

SCHEMAS = Path(__file__).resolve().parents[2] / "schemas"


@pytest.mark.parametrize("kind", ["prompt", "suite", "dataset"])
def test_a_schema_is_what_the_program_prints(kind, capfd):
    assert main(["schema", kind]) == 0
    assert capfd.readouterr().out == (SCHEMAS / f"{kind}.json").read_text(encoding="utf-8"), (
        f"promptops schema {kind} --output schemas/{kind}.json"
    )
