"""What is said when a model is waited for no longer."""

from __future__ import annotations

from datetime import datetime

from promptops.errors import ModelDownError
from promptops.values.response import Failure

_KEPT = "what was paid for is kept: the same command goes on from here"


def nothing_came(
    model: str, down_seconds: float, since: datetime, last: Failure | None
) -> ModelDownError:
    """Patience ran out."""
    return ModelDownError(
        f"{model}: down since {since:%H:%M:%S %Z}; no call has succeeded for"
        f" {_span(down_seconds)}, and the last one failed with: {_said(last)}",
        hint=_KEPT,
    )


def asked_too_much(
    model: str, wait: float, left: float, since: datetime, last: Failure | None
) -> ModelDownError:
    """The provider wants to be left alone for `wait` seconds, and there are but `left`."""
    return ModelDownError(
        f"{model}: the provider asks to wait for {_span(wait)}, and this run waits no"
        f" longer than {_span(left)} more (failing since {since:%H:%M:%S %Z});"
        f" the last call failed with: {_said(last)}",
        hint=_KEPT,
    )


def _said(last: Failure | None) -> str:
    return last.message if last else ""


def _span(seconds: float) -> str:
    """A stretch of time for people: `40 s`, `5 min`, `24 h`."""
    for unit, name in ((3600.0, "h"), (60.0, "min")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:.0f} s"
