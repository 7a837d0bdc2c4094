"""What a run may spend, and whether that can be held."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from promptops.engine.calling.amounts import dollars, units
from promptops.engine.calling.worst_case import WorstCase
from promptops.errors import InputError, InputErrors

_PRICE = "state the price in the suite under `prices`, or limit budget.calls"
_LENGTH = "set max_tokens among the prompt's params, or limit budget.calls"
BUDGET = "the budget of"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may spend, judges and embeddings included. None: no limit."""

    usd: float | None = None
    calls: int | None = None
    tokens: int | None = None
    """Input and output together."""
    usd_name: str = BUDGET
    """What people call the limit in dollars."""


def check_bounded(limits: Limits, asked: Mapping[str, WorstCase]) -> None:
    """Hold that the limits can be kept with every model; `asked` has a worst case by model string.

    Raises:
        InputError: nothing bounds what a call to one of them may cost or use.
    """
    problems = [
        InputError(f"{model}: {problem}", hint=mend(worst))
        for model, worst in asked.items()
        if (problem := unbounded(limits, worst))
    ]
    if problems:
        raise problems[0] if len(problems) == 1 else InputErrors(problems)


def unbounded(limits: Limits, worst: WorstCase) -> str | None:
    """Why a limit cannot be kept, in words."""
    if limits.usd is not None and worst.usd is None:
        limit = f"{limits.usd_name} {dollars(units(limits.usd))}"
    elif limits.tokens is not None and worst.tokens is None:
        limit = f"the budget of {limits.tokens:,} tokens"
    else:
        return None
    return f"{limit} cannot be kept: {worst.unbounded or 'nothing bounds what a call uses'}"


def mend(worst: WorstCase) -> str:
    """What would help."""
    return _PRICE if "price" in worst.unbounded else _LENGTH
