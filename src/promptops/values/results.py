"""The one object behind every report format."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from promptops.values.details import Details
from promptops.values.gate import GateReport
from promptops.values.report import Report


def nothing_kept(run: str) -> Details | None:
    """For reports of which nothing is known but what they say themselves."""
    del run
    return None


@dataclass(frozen=True, slots=True)
class Results:
    """Reports, what is behind each of them, and the gate that asked for them."""

    reports: Sequence[Report]
    gate: GateReport | None = None
    """None where no gate asked."""
    details: Callable[[str], Details | None] = nothing_kept
    """From the id of a run to what is behind its report; None where that is not kept."""
