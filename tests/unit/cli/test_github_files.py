"""What a step of a workflow says of a gate in one word."""

from __future__ import annotations

import pytest

from promptops.cli.github_files import overall
from promptops.values.gate import GateReport, SuiteGate, SuiteStatus
from promptops.values.report import Verdict

One = tuple[SuiteStatus, Verdict | None, int]


def gate(code: int, *suites: One) -> GateReport:
    made = [
        SuiteGate(f"s{at}", "p", status, [], verdict=verdict, exit_code=each)
        for at, (status, verdict, each) in enumerate(suites)
    ]
    return GateReport(code == 0, code, [], "", "", None, dirty=False, suites=made)


@pytest.mark.parametrize(
    ("code", "suites", "expected"),
    [
        (0, [], "untouched"),
        (0, [("untouched", None, 0)], "untouched"),
        (0, [("untouched", None, 0), ("described", "inconclusive", 0)], "described"),
        (0, [("compared", "improved", 0), ("compared", "passed", 0)], "passed"),
        (0, [("compared", "inconclusive", 0), ("compared", "passed", 0)], "inconclusive"),
        (1, [("compared", "invalid", 3), ("compared", "regressed", 1)], "regressed"),
        (3, [("described", "invalid", 3), ("compared", "passed", 0)], "invalid"),
        (2, [], "invalid"),
        (130, [("compared", None, 3)], "invalid"),
        (130, [("compared", "passed", 0), ("described", None, 3)], "invalid"),
        (143, [("compared", "passed", 0)], "invalid"),
    ],
)
def test_the_gravest_is_the_verdict_of_all(code: int, suites: list[One], expected: str) -> None:
    assert overall(gate(code, *suites)) == expected
