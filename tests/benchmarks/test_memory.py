"""Memory stays flat in the number of cases."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.benchmarks.measuring import Bench, Took, command, table
from tests.benchmarks.shouting import keep_all, shouting
from tests.loopback import KEY

pytestmark = pytest.mark.slow

FEW, MANY = 1_000, 100_000
MOST_GROWTH_MB = 150
MOST_SECONDS = 90
NOBODY = {"OPENAI_API_BASE": "http://127.0.0.1:9/v1", "OPENAI_API_KEY": KEY}
"""Nothing listens there: every response has to come out of the store."""


def evaluations(bench: Bench, root: Path, cases: int) -> dict[str, Took]:
    """One evaluation for each format, over as many cases."""
    shouting(root, cases=cases, samples=1)
    keep_all(root, cases, NOBODY)
    taken = {}
    for format_ in ("terminal", "json"):
        asked = command("eval", "-q", "-f", format_)
        taken[f"{cases:,} cases, {format_}"] = bench.once(*asked, at=root, environ=NOBODY)
    return taken


def test_memory_is_flat_in_the_number_of_cases(bench: Bench, tmp_path: Path) -> None:
    few = evaluations(bench, tmp_path / "few", FEW)
    many = evaluations(bench, tmp_path / "many", MANY)
    print(table("Memory", few | many, next(iter(few))))
    for less, more in zip(few.values(), many.values(), strict=True):
        assert more.peak - less.peak < MOST_GROWTH_MB
        assert more.processor < MOST_SECONDS
    place = tmp_path / "many" / "report.json"
    shown = command("report", "last", "-f", "json", "-o", str(place))
    bench.once(*shown, at=tmp_path / "many")
    (report,) = json.loads(place.read_text())
    assert (report["verdict"], report["calls"]["cached"]) == ("inconclusive", 2 * MANY)
    assert sum(case["change"] == "fixed" for case in report["cases"]) == MANY * 3 // 10
