"""What a command that asks models lets a person say of the asking."""

from __future__ import annotations

import math
from typing import Annotated

import typer

from promptops.errors import InputError

MaxCostOption = Annotated[
    float | None,
    typer.Option(
        "--max-cost",
        metavar="USD",
        help="Stop before this command has spent more, over all its suites.",
        show_default=False,
    ),
]
ConcurrencyOption = Annotated[
    int,
    typer.Option("--concurrency", min=1, max=1024, help="Calls under way at once, at most."),
]
TimeoutOption = Annotated[
    float | None,
    typer.Option(
        "--timeout",
        metavar="SECONDS",
        help="How long one call may take; the suite's limit, or 120.",
        show_default=False,
    ),
]
PatienceOption = Annotated[
    float | None,
    typer.Option(
        "--patience",
        metavar="SECONDS",
        help="How long a model that answers nothing is waited for; the suite's limit, or 300.",
        show_default=False,
    ),
]
AllowCodeOption = Annotated[
    bool, typer.Option("--allow-code", help="Let the project's own Python scorers run.")
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")]


def check_amounts(**amounts: float | None) -> None:
    """Hold that what was given of these options is an amount; each is named as its option.

    Raises:
        InputError: one is zero, negative, infinite or no number.
    """
    for name, amount in amounts.items():
        if amount is not None and not (0 < amount < math.inf):
            raise InputError(f"--{name.replace('_', '-')} must be more than 0")
